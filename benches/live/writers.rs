//! The writing side: keep-alive connections that toggle a task's completion, either at fixed times
//! or one write right after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::clock::now;
use crate::users::Users;
use crate::{Failure, Result};

/// Enough connections for any rate: each is busy only during one write.
const CONNECTIONS: usize = 64;
/// Few enough connections that unpaced writes do not queue in front of the server.
const FLAT_OUT: usize = 16;

/// A write with its response. Times are in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Write {
    pub user: u32,
    pub seq: i64,
    /// The time at which it was due, before any queue in front of a slow server.
    pub due: i64,
    pub answered: i64,
}

pub struct Writers {
    users: Arc<Users>,
    connections: Vec<Arc<Mutex<Connection>>>,
}

/// The users whose tasks are written in turn.
#[derive(Debug, Clone, Copy)]
pub struct Among {
    pub first: u32,
    pub count: u32,
}

impl Among {
    fn nth(self, index: u32) -> u32 {
        self.first + index % self.count
    }
}

impl Writers {
    pub async fn connect(base: &str, users: &Arc<Users>) -> Result<Self> {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(Arc::new(Mutex::new(Connection::open(base).await?)));
        }
        Ok(Self { users: users.clone(), connections })
    }

    /// `rate` writes per second, each with its own due time: the latency of a delayed write counts
    /// from its due time.
    pub async fn paced(&self, among: Among, rate: u32, seconds: u32) -> Result<Vec<Write>> {
        let total = rate * seconds;
        let begin = now() + 20_000;
        let due = move |index: u32| begin + i64::from(index) * 1_000_000 / i64::from(rate);
        let turns = Arc::new(Semaphore::new(0));
        let pace = turns.clone();
        // A thread sleeps more precisely than the runtime's timer, which counts milliseconds.
        let pacer = thread::spawn(move || {
            for index in 0..total {
                let wait = due(index) - now();
                thread::sleep(Duration::from_micros(wait.try_into().unwrap_or_default()));
                pace.add_permits(1);
            }
            pace.close();
        });
        let next = Arc::new(AtomicU32::new(0));
        let mut work = JoinSet::new();
        for connection in &self.connections {
            let (connection, users) = (connection.clone(), self.users.clone());
            let (turns, next) = (turns.clone(), next.clone());
            work.spawn(async move {
                let mut connection = connection.lock().await;
                let mut written = Vec::new();
                loop {
                    // A closed semaphore gives no more permits, but the remaining ones must be
                    // taken.
                    if let Ok(turn) = turns.acquire().await {
                        turn.forget();
                    }
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= total {
                        return Ok::<_, Failure>(written);
                    }
                    written.push(connection.turn_over(&users, among.nth(index), due(index)).await?);
                }
            });
        }
        let written = all(work).await;
        pacer.join().map_err(|_| "the pacer failed")?;
        written
    }

    /// As many writes as possible in this time.
    pub async fn flat_out(&self, among: Among, seconds: u32) -> Result<Vec<Write>> {
        let end = now() + i64::from(seconds) * 1_000_000;
        let next = Arc::new(AtomicU32::new(0));
        let mut work = JoinSet::new();
        for connection in self.connections.iter().take(FLAT_OUT) {
            let (connection, users, next) = (connection.clone(), self.users.clone(), next.clone());
            work.spawn(async move {
                let mut connection = connection.lock().await;
                let mut written = Vec::new();
                while now() < end {
                    let user = among.nth(next.fetch_add(1, Ordering::Relaxed));
                    written.push(connection.turn_over(&users, user, now()).await?);
                }
                Ok::<_, Failure>(written)
            });
        }
        all(work).await
    }
}

async fn all(mut work: JoinSet<Result<Vec<Write>>>) -> Result<Vec<Write>> {
    let mut written = Vec::new();
    while let Some(done) = work.join_next().await {
        written.extend(done??);
    }
    Ok(written)
}

/// A minimal HTTP client, because it shares the processor with the server.
struct Connection {
    stream: TcpStream,
    authority: String,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(base: &str) -> Result<Self> {
        let authority = base.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&authority).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, authority, answer: Vec::with_capacity(4096) })
    }

    async fn turn_over(&mut self, users: &Users, user: u32, due: i64) -> Result<Write> {
        let request = format!(
            "PATCH /api/{user}/tasks/{task}/complete HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n",
            task = Users::task(user),
            host = self.authority,
            token = users.token(user),
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed a connection".into());
            }
            if let Some(version) = version(&self.answer)? {
                return Ok(Write { user, seq: version, due, answered: now() });
            }
        }
    }
}

/// The task's version from the entity tag, once the response is complete.
fn version(answer: &[u8]) -> Result<Option<i64>> {
    let answer = str::from_utf8(answer)?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return Ok(None) };
    let field = |name: &str| {
        let line =
            head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)));
        line.map(|(_, value)| value.trim_matches('"')).ok_or_else(|| format!("a response without {name}: {answer}"))
    };
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(format!("a write was rejected: {answer}").into());
    }
    if body.len() < field("content-length")?.parse::<usize>()? {
        return Ok(None);
    }
    Ok(Some(field("etag")?.parse()?))
}
