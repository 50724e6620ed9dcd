//! The measurements, each on new servers, so that memory use does not carry over.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::{Connection, PgConnection, Row};
use tokio::time::sleep;

use crate::processes::{postgres_cpu, resident};
use crate::report::{Figure, Latency};
use crate::samples::{Samples, median};
use crate::sockets::{Arrival, Sockets};
use crate::stage::{Servers, Stage, USERS};
use crate::writers::{Among, Write};
use crate::{Options, Result};

/// A rate counts as sustained while p99 is below this, in milliseconds.
const SUSTAINED: f64 = 100.0;
/// The tried rates, each a quarter higher than the previous one.
const FIRST_RATE: u32 = 400;
const LAST_RATE: u32 = 10_000;
/// Short runs, in seconds.
const BRIEFLY: u32 = 3;
const ROUNDS: usize = 3;

/// The memory of 10,000 sockets of 10,000 users, and the work for them while nothing happens.
pub async fn idle(stage: &Stage<'_>) -> Result<Vec<Figure>> {
    let servers = stage.servers(1).await?;
    let (server, count) = (servers.listening(), f64::from(USERS));
    // Warm up connections, caches and prepared statements first.
    let warm = Sockets::open(&server.base, &stage.users, 1..=10).await?;
    servers.writers.flat_out(Among { first: 1, count: 10 }, 1).await?;
    drop(warm);
    let alone = at_rest(stage, &servers).await?;

    eprintln!("opening {USERS} sockets");
    let before = resident(server.id())?;
    let sockets = Sockets::open(&server.base, &stage.users, 1..=USERS).await?;
    let together = at_rest(stage, &servers).await?;
    let idle = (resident(server.id())? - before) / count;
    let written = servers.writers.paced(Among { first: 1, count: USERS }, USERS / 10, 10).await?;
    sockets.arrivals(written.len()).await?;
    let used = (resident(server.id())? - before) / count;
    let kib = |bytes: f64| format!("{:.1} KiB", bytes / 1024.0);
    Ok(vec![
        Figure::new("resident memory per idle socket, 10,000 sockets of 10,000 users", kib(idle)),
        Figure::new("the same after one change at each", kib(used)),
        Figure::new("at rest without sockets: server CPU, Postgres CPU, transactions", alone.to_string()),
        Figure::new("at rest with 10,000 users connected (the sweep)", together.to_string()),
    ])
}

/// The work in a second in which nothing happens.
struct Rest {
    server: f64,
    postgres: f64,
    transactions: f64,
}

impl std::fmt::Display for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { server, postgres, transactions } = self;
        write!(f, "{server:.1} ms/s, {postgres:.1} ms/s, {transactions:.1}/s")
    }
}

async fn at_rest(stage: &Stage<'_>, servers: &Servers) -> Result<Rest> {
    const SECONDS: f64 = 5.0;
    let mut own = PgConnection::connect(stage.url).await?;
    let mut transactions = async || -> Result<f64> {
        let asked = sqlx::raw_sql("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
        Ok(asked.fetch_one(&mut own).await?.try_get::<i64, _>(0)? as f64)
    };
    // Postgres's statistics are a second late, so earlier work must be over.
    sleep(Duration::from_secs(2)).await;
    let before = (servers.cpu()?, postgres_cpu()?, transactions().await?);
    sleep(Duration::from_secs_f64(SECONDS)).await;
    let after = (servers.cpu()?, postgres_cpu()?, transactions().await?);
    Ok(Rest {
        server: (after.0 - before.0) / SECONDS / 1000.0,
        postgres: (after.1 - before.1) / SECONDS / 1000.0,
        // Without the connection that reads the statistics.
        transactions: (after.2 - before.2 - 1.0).max(0.0) / SECONDS,
    })
}

/// The latency of changes to this number of sockets of different users.
pub async fn latency(
    stage: &Stage<'_>,
    label: &'static str,
    count: usize,
    sockets: u32,
    options: &Options,
) -> Result<Latency> {
    eprintln!("latency: {label}, {sockets} sockets");
    let servers = stage.servers(count).await?;
    let listening = Sockets::open(&servers.listening().base, &stage.users, 1..=sockets).await?;
    let among = Among { first: 1, count: sockets };
    let warm = servers.writers.paced(among, options.rate, 1).await?;
    listening.arrivals(warm.len()).await?;

    let before = servers.cpu()?;
    let written = servers.writers.paced(among, options.rate, options.seconds).await?;
    let arrivals = listening.arrivals(written.len()).await?;
    let cpu = (servers.cpu()? - before) / written.len() as f64;
    let Delays { at, due, answered } = delays(&written, &arrivals)?;
    Ok(Latency { label, sockets, rate: options.rate, at, due, answered, cpu })
}

/// The latency of each change to each socket, from three starting points.
struct Delays {
    at: Samples,
    due: Samples,
    answered: Samples,
}

fn delays(written: &[Write], arrivals: &[Arrival]) -> Result<Delays> {
    let writes: HashMap<_, _> = written.iter().map(|write| ((write.user, write.seq), write)).collect();
    let met = arrivals
        .iter()
        .map(|arrival| {
            Ok((*writes.get(&(arrival.user, arrival.seq)).ok_or("a change that nobody wrote arrived")?, arrival))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Delays {
        at: Samples::new(arrivals.iter().map(|arrival| arrival.arrived - arrival.at)),
        due: Samples::new(met.iter().map(|(write, arrival)| arrival.arrived - write.due)),
        answered: Samples::new(met.iter().map(|(write, arrival)| arrival.arrived - write.answered)),
    })
}

/// One user's changes at 1,000 sockets of that user.
pub async fn fan_out(stage: &Stage<'_>, options: &Options) -> Result<Vec<Figure>> {
    const SOCKETS: usize = 1_000;
    const RATE: u32 = 5;
    eprintln!("fan-out");
    let servers = stage.servers(1).await?;
    let listening = Sockets::open(&servers.listening().base, &stage.users, [1].repeat(SOCKETS).into_iter()).await?;
    let among = Among { first: 1, count: 1 };
    let warm = servers.writers.paced(among, RATE, 1).await?;
    listening.arrivals(warm.len() * SOCKETS).await?;

    let before = servers.cpu()?;
    let written = servers.writers.paced(among, RATE, options.seconds).await?;
    let arrivals = listening.arrivals(written.len() * SOCKETS).await?;
    let cpu = (servers.cpu()? - before) / arrivals.len() as f64;
    let each = delays(&written, &arrivals)?.at;
    let mut last = HashMap::new();
    for arrival in &arrivals {
        let latest = last.entry(arrival.seq).or_insert(0);
        *latest = (arrival.arrived - arrival.at).max(*latest);
    }
    let last = Samples::new(last.into_values());
    Ok(vec![
        Figure::new(
            "one user's change at 1,000 sockets of that user, each: p50 / p99",
            format!("{:.1} / {:.1} ms", each.per_mille(500), each.per_mille(990)),
        ),
        Figure::new(
            "the same, the last of the 1,000: p50 / p99",
            format!("{:.1} / {:.1} ms", last.per_mille(500), last.per_mille(990)),
        ),
        Figure::new("the same, server CPU per delivered message", format!("{cpu:.0} µs")),
    ])
}

/// The maximum write rate, without and with listeners.
pub async fn listeners_cost(stage: &Stage<'_>) -> Result<Vec<Figure>> {
    eprintln!("writes with and without listeners");
    let servers = stage.servers(1).await?;
    let among = Among { first: 1, count: 1_000 };
    servers.writers.flat_out(among, 1).await?;
    let (mut alone, mut listened, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    let (mut alone_cpu, mut listened_cpu) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = servers.cpu()?;
        let without = servers.writers.flat_out(among, BRIEFLY).await?.len() as f64;
        alone_cpu.push((servers.cpu()? - before) / without);
        let listening = Sockets::open(&servers.listening().base, &stage.users, 1..=1_000).await?;
        let before = servers.cpu()?;
        let written = servers.writers.flat_out(among, BRIEFLY).await?;
        listening.arrivals(written.len()).await?;
        let with = written.len() as f64;
        listened_cpu.push((servers.cpu()? - before) / with);
        alone.push(without / f64::from(BRIEFLY));
        listened.push(with / f64::from(BRIEFLY));
        shares.push(with / without);
    }
    Ok(vec![
        Figure::new(
            "writes per second, 16 writers, nobody listening / 1,000 sockets listening",
            format!("{:.0} / {:.0} ({:.0} %)", median(alone), median(listened), median(shares) * 100.0),
        ),
        Figure::new(
            "the same, server CPU per write",
            format!("{:.0} / {:.0} µs", median(alone_cpu), median(listened_cpu)),
        ),
    ])
}

/// The highest rate at which changes still arrive in time at 1,000 sockets, including time in
/// queues.
pub async fn sustained(stage: &Stage<'_>, count: usize) -> Result<Vec<Figure>> {
    eprintln!("sustained rate on {count}");
    let servers = stage.servers(count).await?;
    let listening = Sockets::open(&servers.listening().base, &stage.users, 1..=1_000).await?;
    let among = Among { first: 1, count: 1_000 };
    let mut found = String::new();
    let mut rate = FIRST_RATE;
    while rate < LAST_RATE {
        let written = servers.writers.paced(among, rate, BRIEFLY).await?;
        let arrivals = listening.arrivals(written.len()).await?;
        let p99 = delays(&written, &arrivals)?.due.per_mille(990);
        if p99 > SUSTAINED {
            found = format!("{found}not {rate}/s ({p99:.0} ms)");
            break;
        }
        found = format!("{rate}/s (p99 {p99:.1} ms), ");
        rate += rate / 4;
    }
    Ok(vec![Figure::new(
        format!("changes per second, 1,000 sockets, until p99 from due passes 100 ms, servers: {count}"),
        found,
    )])
}
