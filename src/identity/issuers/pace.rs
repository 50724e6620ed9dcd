//! How often unknown keys may cause a fetch: a few times at once, because an issuer may change its keys
//! twice in a row, and then at a bounded rate, because anybody can send tokens that name keys which
//! do not exist.

use std::time::Duration;

use tokio::time::Instant;

/// A token bucket.
pub struct Bucket {
    every: Duration,
    /// When the bucket is full again.
    full_at: Instant,
    size: u32,
}

impl Bucket {
    pub fn new(every: Duration, size: u32) -> Self {
        Self { every, full_at: Instant::now(), size }
    }

    /// When the next token is available, possibly in the past.
    pub fn next(&self) -> Instant {
        let rest = self.every * self.size.saturating_sub(1);
        self.full_at.checked_sub(rest).unwrap_or(self.full_at)
    }

    /// Takes a token, even one that is not available yet.
    pub fn take(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.every;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_at_once_and_then_one_at_a_time() {
        let mut bucket = Bucket::new(Duration::from_secs(10), 3);
        let start = bucket.full_at;
        for _ in 0..3 {
            assert!(bucket.next() <= start);
            bucket.take(start);
        }
        assert_eq!(bucket.next(), start + Duration::from_secs(10));
        bucket.take(start + Duration::from_secs(10));
        assert_eq!(bucket.next(), start + Duration::from_secs(20));
        // After a rest there are as many as at first, and no more.
        let later = start + Duration::from_hours(1);
        for _ in 0..3 {
            assert!(bucket.next() <= later);
            bucket.take(later);
        }
        assert_eq!(bucket.next(), later + Duration::from_secs(10));
    }
}
