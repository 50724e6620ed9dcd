//! Sign-ins: by people, one right after the other, and as a flood of guesses from many addresses.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::Result;
use crate::people::Person;

/// The number of attempts by response status, and their duration.
#[derive(Default)]
pub struct Outcomes {
    statuses: BTreeMap<u16, u32>,
    length: Duration,
}

impl Outcomes {
    fn of(statuses: impl IntoIterator<Item = u16>, length: Duration) -> Self {
        let mut outcomes = Self { statuses: BTreeMap::new(), length };
        for status in statuses {
            *outcomes.statuses.entry(status).or_default() += 1;
        }
        outcomes
    }

    pub fn add(&mut self, other: &Self) {
        self.length += other.length;
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
    }

    /// The number of attempts with this status.
    pub fn count(&self, status: u16) -> f64 {
        f64::from(self.statuses.get(&status).copied().unwrap_or_default())
    }

    /// The number of attempts per second with this status.
    pub fn rate(&self, status: u16) -> f64 {
        self.count(status) / self.length.as_secs_f64()
    }

    /// The number of attempts per second with any response.
    pub fn all(&self) -> f64 {
        self.statuses.keys().map(|status| self.rate(*status)).sum()
    }
}

/// Each person signs in again right after each sign-in.
pub async fn one_after_another(people: &[Person], length: Duration) -> Result<Outcomes> {
    let start = Instant::now();
    let mut signing_in = JoinSet::new();
    for person in people {
        let person = person.clone();
        signing_in.spawn(async move {
            let mut statuses = Vec::new();
            while start.elapsed() < length {
                statuses.push(person.sign_in().await?);
            }
            Result::Ok(statuses)
        });
    }
    let statuses: Vec<_> = signing_in.join_all().await.into_iter().collect::<Result<_>>()?;
    Ok(Outcomes::of(statuses.into_iter().flatten(), start.elapsed()))
}

/// This many guesses per second at existing accounts, each from another address.
pub async fn flood(people: &[Person], rate: u32, length: Duration) -> Result<Outcomes> {
    let start = Instant::now();
    let count = rate * u32::try_from(length.as_secs())?;
    let mut guesses = JoinSet::new();
    for (number, person) in (0..count).zip(people.iter().cycle()) {
        sleep_until(start + Duration::from_secs(1) * number / rate).await;
        let (person, address) = (person.clone(), std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).to_string());
        guesses.spawn(async move { person.attempt("wrong horse battery", &address).await });
    }
    let statuses: Vec<_> = guesses.join_all().await.into_iter().collect::<Result<_>>()?;
    Ok(Outcomes::of(statuses, start.elapsed()))
}
