//! Writes the log. The line of a request waits, so that one system call writes many of them; a thread
//! writes what waits every 50 milliseconds, or earlier if much waits. Any other line is written at once,
//! after those that wait, so the lines keep their order.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

/// How long a line waits at most.
const WAIT: Duration = Duration::from_millis(50);
/// How many bytes are written without waiting longer.
const MANY: usize = 64 * 1024;
/// How many bytes may wait. They only become so many when nobody reads standard error.
const MOST: usize = 1024 * 1024;

#[derive(Default)]
pub struct Output {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    /// Held while writing, so that the lines keep their order. An empty buffer to exchange for the full one.
    writing: Mutex<Vec<u8>>,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
    stopped: bool,
}

impl Output {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line to those that wait. If too much waits already, the line is dropped and counted: a
    /// log that nobody reads must not stop the server.
    pub fn queue(&self, line: &[u8]) {
        let mut waiting = self.waiting.lock();
        let before = waiting.lines.len();
        let after = before + line.len();
        if after > MOST {
            waiting.dropped += 1;
            return;
        }
        waiting.lines.extend_from_slice(line);
        let stopped = waiting.stopped;
        drop(waiting);
        if stopped {
            let _ = self.write(b"");
        } else if before == 0 || (before < MANY && after >= MANY) {
            self.changed.notify_one();
        }
    }

    /// Writes what waits, and then this line.
    pub fn write(&self, line: &[u8]) -> io::Result<()> {
        self.write_to(&mut io::stderr().lock(), line)
    }

    fn write_to(&self, to: &mut impl Write, line: &[u8]) -> io::Result<()> {
        let mut lines = self.writing.lock();
        std::mem::swap(&mut self.waiting.lock().lines, &mut lines);
        lines.extend_from_slice(line);
        let written = to.write_all(&lines);
        lines.clear();
        lines.shrink_to(MANY);
        written
    }

    /// Writes what waits, again and again until [`Self::stop`].
    pub fn run(&self) {
        let mut waiting = self.waiting.lock();
        while !waiting.stopped {
            if waiting.lines.is_empty() {
                self.changed.wait(&mut waiting);
                continue;
            }
            let until = Instant::now() + WAIT;
            while waiting.lines.len() < MANY && !waiting.stopped {
                if self.changed.wait_until(&mut waiting, until).timed_out() {
                    break;
                }
            }
            let dropped = std::mem::take(&mut waiting.dropped);
            MutexGuard::unlocked(&mut waiting, || {
                // Nobody can be told that standard error does not work.
                let _ = self.write(b"");
                if dropped > 0 {
                    tracing::warn!(dropped, "lines of requests are missing here, because the log was not read");
                }
            });
        }
    }

    /// Writes what waits. From now on, no line waits.
    pub fn stop(&self) {
        self.waiting.lock().stopped = true;
        self.changed.notify_one();
        let _ = self.write(b"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_order() {
        let output = Output::new();
        output.queue(b"1\n");
        output.queue(b"2\n");
        let mut written = Vec::new();
        output.write_to(&mut written, b"3\n").expect("it is written");
        output.queue(b"4\n");
        output.write_to(&mut written, b"").expect("it is written");
        assert_eq!(written, b"1\n2\n3\n4\n");
    }

    #[test]
    fn lines_that_do_not_fit_are_dropped_and_counted() {
        let output = Output::new();
        let line = [b'x'; 1000];
        for _ in 0..2000 {
            output.queue(&line);
        }
        let waiting = output.waiting.lock();
        assert!(waiting.lines.len() <= MOST);
        assert_eq!(waiting.lines.len() as u64 / 1000 + waiting.dropped, 2000);
    }
}
