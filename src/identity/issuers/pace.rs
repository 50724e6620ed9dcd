//! Limits how often unknown keys cause a fetch. A few fetches may follow each other at once, because an
//! issuer may change its keys twice in a row. Then the rate is bounded, because anybody can send tokens
//! that name keys which do not exist.

use std::time::Duration;

use tokio::time::Instant;

/// A token bucket: it holds up to `size` tokens and gets a new one in each interval.
pub struct Bucket {
    interval: Duration,
    /// When the bucket is full again, if nobody takes a token.
    full_at: Instant,
    size: u32,
}

impl Bucket {
    pub fn new(interval: Duration, size: u32) -> Self {
        Self { interval, full_at: Instant::now(), size }
    }

    /// When the next token is available, possibly in the past.
    pub fn available_at(&self) -> Instant {
        let refill = self.interval * self.size.saturating_sub(1);
        self.full_at.checked_sub(refill).unwrap_or(self.full_at)
    }

    /// Takes a token, even one that is not available yet.
    pub fn take(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_tokens_at_once_and_then_one_in_each_interval() {
        let mut bucket = Bucket::new(Duration::from_secs(10), 3);
        let start = bucket.full_at;
        for _ in 0..3 {
            assert!(bucket.available_at() <= start);
            bucket.take(start);
        }
        assert_eq!(bucket.available_at(), start + Duration::from_secs(10));
        bucket.take(start + Duration::from_secs(10));
        assert_eq!(bucket.available_at(), start + Duration::from_secs(20));
        // After a pause the bucket is full again, and holds no more than at first.
        let later = start + Duration::from_hours(1);
        for _ in 0..3 {
            assert!(bucket.available_at() <= later);
            bucket.take(later);
        }
        assert_eq!(bucket.available_at(), later + Duration::from_secs(10));
    }
}
