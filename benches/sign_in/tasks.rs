//! The requests of signed-in users: three lists per new task. Each has its own due time,
//! independent of earlier responses.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::Result;
use crate::people::Person;
use crate::samples::Samples;

/// The time from each request's due time until its response was read, in microseconds.
pub async fn load(people: &[Person], rate: u32, length: Duration) -> Result<Samples> {
    let start = Instant::now();
    let count = rate * u32::try_from(length.as_secs())?;
    let mut requests = JoinSet::new();
    for (number, person) in (0..count).zip(people.iter().cycle()) {
        let due = start + Duration::from_secs(1) * number / rate;
        sleep_until(due).await;
        let person = person.clone();
        // The remainder of 4 alone would always select the same people as writers.
        let creates = (number / 4 + number) % 4 == 0;
        requests.spawn(async move {
            if creates {
                person.create_task().await?;
            } else {
                person.list_tasks().await?;
            }
            Result::Ok(i64::try_from(due.elapsed().as_micros())?)
        });
    }
    let times: Vec<_> = requests.join_all().await.into_iter().collect::<Result<_>>()?;
    Ok(Samples::new(times.into_iter()))
}
