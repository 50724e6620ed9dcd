//! Delays between attempts at a password. The server counts each attempt before it checks the password: once
//! for the client subnet with the e-mail, and once for the client subnet alone. After some free attempts, each
//! failure lengthens the delay. No account is ever locked: an attacker delays only their own subnet. The
//! counts are in the database, for all servers. A server also caches which keys must wait, so that a flood
//! of rejected attempts does not reach the database.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::config::client_subnet;
use crate::database::Pool;
use crate::model::Problem;

/// Identifies a count. It is a hash, so that the database stores neither addresses nor e-mails.
pub type Key = [u8; 32];

/// After how many attempts a client must wait, and how long. The delay doubles with each attempt.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    free_attempts: u32,
    first_delay: Duration,
    longest_delay: Duration,
}

/// For one e-mail from one client subnet.
const PAIR: Policy =
    Policy { free_attempts: 5, first_delay: Duration::from_secs(1), longest_delay: Duration::from_mins(15) };
/// For all e-mails from one client subnet, which many people may share. Successes do not count.
const ADDRESS: Policy =
    Policy { free_attempts: 50, first_delay: Duration::from_secs(1), longest_delay: Duration::from_mins(5) };
/// For sign-ups from one client subnet, successful or not.
const SIGN_UP: Policy =
    Policy { free_attempts: 30, first_delay: Duration::from_secs(2), longest_delay: Duration::from_mins(10) };

/// After this time without an attempt, a count starts again.
pub const RESET_AFTER: Duration = Duration::from_hours(1);
/// The most keys in the cache.
const CACHED_MAX: usize = 10_000;

impl Policy {
    /// How long a client must wait after this number of attempts.
    pub fn delay(self, attempts: u32) -> Duration {
        let Some(exponent) = attempts.checked_sub(self.free_attempts) else { return Duration::ZERO };
        let factor = 2_u32.checked_pow(exponent).unwrap_or(u32::MAX);
        self.first_delay.saturating_mul(factor).min(self.longest_delay)
    }

    /// The delays in seconds after 1, 2, 3, … attempts, up to the longest, for the SQL statement.
    fn delays(self) -> Vec<f64> {
        let mut delays: Vec<Duration> = Vec::new();
        for attempts in 1.. {
            delays.push(self.delay(attempts));
            if delays.last() == Some(&self.longest_delay) {
                break;
            }
        }
        delays.iter().map(Duration::as_secs_f64).collect()
    }
}

/// Counts attempts, and rejects those that come too early.
#[derive(Default)]
pub struct Throttle {
    /// Until when each key must wait.
    waiting: Mutex<HashMap<Key, DateTime<Utc>>>,
}

/// The keys that an attempt was counted under. [`Throttle::undo`] takes them if the attempt succeeds.
#[must_use]
pub struct Counted {
    pair: Key,
    address: Key,
}

impl Throttle {
    /// Counts an attempt at the password of an account. An error if the client must wait.
    pub async fn attempt(&self, pool: &Pool, email: &str, address: IpAddr) -> Result<Counted, Problem> {
        let address = client_subnet(address).to_string();
        let counted = Counted { pair: key("pair", &[&address, email]), address: key("address", &[&address]) };
        // First, so that an attempt that is rejected for its subnet does not count for the e-mail.
        self.check_cached(&counted.address, Utc::now())?;
        self.count(pool, counted.pair, PAIR).await?;
        self.count(pool, counted.address, ADDRESS).await?;
        Ok(counted)
    }

    /// Counts an attempt to sign up. An error if the client must wait.
    pub async fn sign_up(&self, pool: &Pool, address: IpAddr) -> Result<(), Problem> {
        self.count(pool, key("sign-up", &[&client_subnet(address).to_string()]), SIGN_UP).await
    }

    /// Undoes the count of an attempt with the right password.
    pub async fn undo(&self, pool: &Pool, counted: &Counted) -> sqlx::Result<()> {
        sqlx::query!("DELETE FROM attempts WHERE key = $1", &counted.pair[..]).execute(pool).await?;
        sqlx::query!("UPDATE attempts SET count = count - 1 WHERE key = $1 AND count > 1", &counted.address[..])
            .execute(pool)
            .await?;
        let mut waiting = self.waiting.lock();
        waiting.remove(&counted.pair);
        waiting.remove(&counted.address);
        Ok(())
    }

    /// Counts an attempt under a key. An error if the key must wait.
    async fn count(&self, pool: &Pool, key: Key, policy: Policy) -> Result<(), Problem> {
        let now = Utc::now();
        self.check_cached(&key, now)?;
        let reset_before = now - RESET_AFTER;
        // One statement both checks the delay and counts, so that of concurrent attempts each sees the count of
        // the one before, even if the clocks of servers differ. It adds seconds to a time without an interval: a
        // distributed database accepts only immutable functions in DO UPDATE, and months and days depend on the zone.
        let counted = sqlx::query!(
            r#"INSERT INTO attempts AS a (key, count, last_at, blocked_until)
               VALUES ($1, 1, $2, to_timestamp(extract(epoch FROM $2::timestamptz - to_timestamp(0)) + ($4::float8[])[1]))
               ON CONFLICT (key) DO UPDATE SET
                   count = CASE WHEN a.last_at < $3 THEN 1 ELSE a.count + 1 END,
                   last_at = GREATEST(a.last_at, $2),
                   blocked_until = to_timestamp(extract(epoch FROM GREATEST(a.last_at, $2) - to_timestamp(0)) + ($4::float8[])[
                       LEAST(CASE WHEN a.last_at < $3 THEN 1 ELSE a.count + 1 END, cardinality($4::float8[]))])
               WHERE a.blocked_until <= GREATEST(a.last_at, $2)
               RETURNING blocked_until, blocked_until > last_at AS "waits!""#,
            &key[..],
            now,
            reset_before,
            &policy.delays()[..],
        )
        .fetch_optional(pool)
        .await?;
        if let Some(counted) = counted {
            if counted.waits {
                self.cache(key, counted.blocked_until, now);
            }
            return Ok(());
        }
        let until = sqlx::query_scalar!("SELECT blocked_until FROM attempts WHERE key = $1", &key[..]);
        let until = until.fetch_optional(pool).await?.unwrap_or(now);
        self.cache(key, until, now);
        Err(too_many_attempts(now, until))
    }

    /// An error if the cache shows that the key must wait.
    fn check_cached(&self, key: &Key, now: DateTime<Utc>) -> Result<(), Problem> {
        let until = self.waiting.lock().get(key).copied();
        until.filter(|until| *until > now).map_or(Ok(()), |until| Err(too_many_attempts(now, until)))
    }

    fn cache(&self, key: Key, until: DateTime<Utc>, now: DateTime<Utc>) {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= CACHED_MAX {
            waiting.retain(|_, until| *until > now);
        }
        // While the cache is full, only the database knows the key.
        if waiting.len() < CACHED_MAX {
            waiting.insert(key, until);
        }
    }
}

/// Removes counts whose next attempt would start them again.
pub async fn delete_expired(pool: &Pool) -> sqlx::Result<()> {
    let before = Utc::now() - RESET_AFTER;
    sqlx::query!("DELETE FROM attempts WHERE last_at < $1", before).execute(pool).await?;
    Ok(())
}

fn key(kind: &str, parts: &[&str]) -> Key {
    let mut hash = Sha256::new();
    for part in std::iter::once(&kind).chain(parts) {
        hash.update(part);
        // A separator, which no part contains.
        hash.update([0]);
    }
    hash.finalize().into()
}

/// The response to a client that must wait.
fn too_many_attempts(now: DateTime<Utc>, until: DateTime<Utc>) -> Problem {
    let seconds = (until - now).num_milliseconds().max(1).unsigned_abs().div_ceil(1000);
    Problem::rate_limited(format!("too many attempts from here; try again in {seconds} s"), seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_attempts_are_free_and_each_later_one_waits_longer() {
        let seconds = |attempts| PAIR.delay(attempts).as_secs();
        assert_eq!([0, 1, 4].map(seconds), [0, 0, 0]);
        assert_eq!([5, 6, 7, 8, 14].map(seconds), [1, 2, 4, 8, 512]);
        assert_eq!([15, 16, 100, u32::MAX].map(seconds), [900; 4]);
    }

    #[test]
    fn the_list_of_delays_ends_with_the_longest() {
        for policy in [PAIR, ADDRESS, SIGN_UP] {
            let delays = policy.delays();
            assert!(delays.is_sorted());
            for (attempts, delay) in (1..).zip(&delays) {
                assert_eq!(policy.delay(attempts).as_secs_f64().to_bits(), delay.to_bits());
            }
            assert_eq!(delays.last().copied().map(Duration::from_secs_f64), Some(policy.longest_delay));
        }
    }

    #[test]
    fn separate_counts_have_different_keys() {
        let keys = [
            key("pair", &["192.0.2.1", "ada@example.com"]),
            key("pair", &["192.0.2.1", "bob@example.com"]),
            key("pair", &["192.0.2.2", "ada@example.com"]),
            key("address", &["192.0.2.1"]),
            key("sign-up", &["192.0.2.1"]),
        ];
        assert_eq!(keys.iter().collect::<std::collections::HashSet<_>>().len(), keys.len());
    }
}
