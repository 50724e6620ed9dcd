//! Delays between attempts at a password. Each attempt is counted before the password is checked, for
//! the address together with the e-mail, and for the address alone; after some free attempts, each
//! failure lengthens the delay. An account is never locked: an attacker delays only their own
//! address. The counts are in the database, for all servers; which keys must wait is also remembered
//! here, so that a flood of rejected attempts does not reach the database.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use crate::config::client_subnet;
use crate::database::Pool;
use crate::model::Problem;

/// What is counted together, as a hash, so that neither addresses nor e-mails are stored.
pub type Key = [u8; 32];

/// After how many attempts a client must wait, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    free: u32,
    first: Duration,
    longest: Duration,
}

/// One e-mail from one address.
const PAIR: Policy = Policy { free: 5, first: Duration::from_secs(1), longest: Duration::from_mins(15) };
/// All e-mails from one address, which a whole office may share. Successes do not count.
const ADDRESS: Policy = Policy { free: 50, first: Duration::from_secs(1), longest: Duration::from_mins(5) };
/// Sign-ups from one address, successful or not.
const SIGN_UP: Policy = Policy { free: 30, first: Duration::from_secs(2), longest: Duration::from_mins(10) };

/// After how long without an attempt the count starts again.
pub const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);
/// How many keys are remembered here.
const REMEMBERED: usize = 10_000;

impl Policy {
    /// How long to wait after so many attempts.
    pub fn delay(self, attempts: u32) -> Duration {
        let Some(beyond) = attempts.checked_sub(self.free) else { return Duration::ZERO };
        let factor = 2_u32.checked_pow(beyond).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// The delays after 1, 2, 3, … attempts, up to the longest, for the statement that counts.
    fn delays(self) -> Vec<f64> {
        let mut delays: Vec<Duration> = Vec::new();
        for attempts in 1.. {
            delays.push(self.delay(attempts));
            if delays.last() == Some(&self.longest) {
                break;
            }
        }
        delays.iter().map(Duration::as_secs_f64).collect()
    }
}

/// Counts attempts.
#[derive(Default)]
pub struct Throttle {
    waiting: Mutex<HashMap<Key, DateTime<Utc>>>,
}

/// What was counted for an attempt, to be undone if it succeeds.
#[must_use]
pub struct Counted {
    pair: Key,
    address: Key,
}

impl Throttle {
    /// Counts an attempt at the password of an e-mail.
    pub async fn attempt(&self, pool: &Pool, email: &str, address: IpAddr) -> Result<Counted, Problem> {
        let address = client_subnet(address).to_string();
        let counted = Counted { pair: key("pair", &[&address, email]), address: key("address", &[&address]) };
        // An attempt that is rejected for its address does not count for the e-mail.
        self.is_free(&counted.address, Utc::now())?;
        self.count(pool, counted.pair, PAIR).await?;
        self.count(pool, counted.address, ADDRESS).await?;
        Ok(counted)
    }

    /// Counts an attempt to sign up.
    pub async fn sign_up(&self, pool: &Pool, address: IpAddr) -> Result<(), Problem> {
        self.count(pool, key("sign-up", &[&client_subnet(address).to_string()]), SIGN_UP).await
    }

    /// Undoes the count of an attempt with the right password.
    pub async fn succeeded(&self, pool: &Pool, counted: &Counted) -> sqlx::Result<()> {
        sqlx::query!("DELETE FROM attempts WHERE key = $1", &counted.pair[..]).execute(pool).await?;
        sqlx::query!("UPDATE attempts SET count = count - 1 WHERE key = $1 AND count > 1", &counted.address[..])
            .execute(pool)
            .await?;
        let mut waiting = self.waiting.lock();
        waiting.remove(&counted.pair);
        waiting.remove(&counted.address);
        Ok(())
    }

    async fn count(&self, pool: &Pool, key: Key, policy: Policy) -> Result<(), Problem> {
        let now = Utc::now();
        self.is_free(&key, now)?;
        let forgotten = now - FORGOTTEN_AFTER;
        // One statement counts and checks the delay, so that attempts at the same time count one after
        // the other, also if the clocks of servers differ.
        let counted = sqlx::query!(
            r#"INSERT INTO attempts AS a (key, count, last_at, blocked_until)
               VALUES ($1, 1, $2, $2::timestamptz + make_interval(secs => ($4::float8[])[1]))
               ON CONFLICT (key) DO UPDATE SET
                   count = CASE WHEN a.last_at < $3 THEN 1 ELSE a.count + 1 END,
                   last_at = GREATEST(a.last_at, $2),
                   blocked_until = GREATEST(a.last_at, $2) + make_interval(secs => ($4::float8[])[
                       LEAST(CASE WHEN a.last_at < $3 THEN 1 ELSE a.count + 1 END, cardinality($4::float8[]))])
               WHERE a.blocked_until <= GREATEST(a.last_at, $2)
               RETURNING blocked_until, blocked_until > last_at AS "waits!""#,
            &key[..],
            now,
            forgotten,
            &policy.delays()[..],
        )
        .fetch_optional(pool)
        .await?;
        if let Some(counted) = counted {
            if counted.waits {
                self.remember(key, counted.blocked_until, now);
            }
            return Ok(());
        }
        let until = sqlx::query_scalar!("SELECT blocked_until FROM attempts WHERE key = $1", &key[..]);
        let until = until.fetch_optional(pool).await?.unwrap_or(now);
        self.remember(key, until, now);
        Err(wait(now, until))
    }

    /// An error if this server remembers that the key must wait.
    fn is_free(&self, key: &Key, now: DateTime<Utc>) -> Result<(), Problem> {
        let until = self.waiting.lock().get(key).copied();
        until.filter(|until| *until > now).map_or(Ok(()), |until| Err(wait(now, until)))
    }

    fn remember(&self, key: Key, until: DateTime<Utc>, now: DateTime<Utc>) {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= REMEMBERED {
            waiting.retain(|_, until| *until > now);
        }
        // A key that finds no room is still counted in the database.
        if waiting.len() < REMEMBERED {
            waiting.insert(key, until);
        }
    }
}

/// Removes counts that have started again.
pub async fn forget(pool: &Pool) -> sqlx::Result<()> {
    let before = Utc::now() - FORGOTTEN_AFTER;
    sqlx::query!("DELETE FROM attempts WHERE last_at < $1", before).execute(pool).await?;
    Ok(())
}

fn key(kind: &str, parts: &[&str]) -> Key {
    let mut hash = Sha256::new();
    for part in std::iter::once(&kind).chain(parts) {
        hash.update(part);
        // A separator that no part contains.
        hash.update([0]);
    }
    hash.finalize().into()
}

fn wait(now: DateTime<Utc>, until: DateTime<Utc>) -> Problem {
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
    fn the_delays_of_a_policy_end_where_they_stop_growing() {
        for policy in [PAIR, ADDRESS, SIGN_UP] {
            let delays = policy.delays();
            assert!(delays.is_sorted());
            for (attempts, delay) in (1..).zip(&delays) {
                assert_eq!(policy.delay(attempts).as_secs_f64().to_bits(), delay.to_bits());
            }
            assert_eq!(delays.last().copied().map(Duration::from_secs_f64), Some(policy.longest));
        }
    }

    #[test]
    fn what_is_counted_apart_has_keys_of_its_own() {
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
