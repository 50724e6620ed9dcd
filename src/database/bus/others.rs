//! What a server knows about the other listeners. It hears of one through the bus, and the sweep sees in the
//! database whether there still is one.

use std::sync::atomic::{AtomicU64, Ordering};

/// Whether another server listens for hints. Every write asks, so this is one number: 1 if another server
/// listens, plus twice the number of times that one was heard.
#[derive(Debug, Default)]
pub struct Others(AtomicU64);

/// The moment at which the sweep began to look.
#[derive(Debug, Clone, Copy)]
pub struct Look(u64);

const LISTEN: u64 = 1;
const HEARD: u64 = 2;

impl Others {
    pub fn listen(&self) -> bool {
        self.0.load(Ordering::Acquire) & LISTEN != 0
    }

    /// Another server was heard, so it listens.
    pub fn hear(&self) {
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |known| Some((known | LISTEN) + HEARD));
    }

    pub fn look(&self) -> Look {
        Look(self.0.load(Ordering::Acquire))
    }

    /// Takes what was seen. That nobody listens counts only if nobody was heard since the look began.
    pub fn see(&self, Look(before): Look, listen: bool) {
        if listen {
            self.0.fetch_or(LISTEN, Ordering::AcqRel);
        } else {
            let _ = self.0.compare_exchange(before, before & !LISTEN, Ordering::AcqRel, Ordering::Acquire);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_listens_until_one_is_seen_or_heard() {
        let others = Others::default();
        assert!(!others.listen());
        others.see(others.look(), true);
        assert!(others.listen());
        others.see(others.look(), false);
        assert!(!others.listen());
        others.hear();
        assert!(others.listen());
        others.see(others.look(), false);
        assert!(!others.listen());
    }

    #[test]
    fn who_was_heard_after_the_look_began_listens() {
        let others = Others::default();
        for _ in 0..2 {
            let look = others.look();
            others.hear();
            others.see(look, false);
            assert!(others.listen());
        }
    }
}
