//! The schedule: in each round every server and every set of statements runs once, one after the
//! other, so that compared values are measured within seconds of each other.

use std::fs;

use crate::Result;
use crate::common::process::Served;
use crate::common::scratch::Scratch;
use crate::operations::{FIRST_ID, ID_PREFIX, LIST_LIMIT, Operation};
use crate::{bare, peers, pgbench, statements, wrk};

pub const CONNECTIONS: u32 = 32;
pub const THREADS: u32 = 2;

/// The length and the number of runs.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub seconds: u64,
    pub rounds: usize,
}

/// One run of a server, and pgbench's results in the same round.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    pub rate: f64,
    /// In milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// Processor time of the server per request, in microseconds.
    pub cpu: f64,
    /// With the server's own statements.
    pub pgbench: f64,
    /// With the bare pair's statement: for a write, a plain one of one row.
    pub plain: f64,
}

/// A server and its runs, one for each round.
pub struct Measured {
    pub name: &'static str,
    pub turns: Vec<Turn>,
}

pub fn measure(
    operation: Operation,
    statement: &str,
    served: &[Served],
    shape: Shape,
    url: &str,
    scratch: &Scratch,
) -> Result<Vec<Measured>> {
    let own = scratch.path().join("own.sql");
    let bare_script = scratch.path().join("bare.sql");
    fs::write(&own, statements::script(operation, statement, operation.arguments())?)?;
    let (bare_statement, arguments) = operation.bare_statement();
    fs::write(&bare_script, statements::script(operation, bare_statement, arguments)?)?;

    // For reads, both bare pairs are the same.
    let served: Vec<&Served> =
        served.iter().filter(|server| server.name != bare::SAME || operation.own_for_bare().is_some()).collect();
    // Warm up connections, caches and prepared statements first.
    for server in &served {
        run(operation, server, 1, scratch)?;
    }
    let mut measured: Vec<_> =
        served.iter().map(|server| Measured { name: server.name, turns: Vec::with_capacity(shape.rounds) }).collect();
    for _ in 0..shape.rounds {
        let own_rate = pgbench::run(&own, shape.seconds, url)?;
        let plain = pgbench::run(&bare_script, shape.seconds, url)?;
        for (server, measured) in served.iter().zip(&mut measured) {
            let turn = run(operation, server, shape.seconds, scratch)?;
            let pgbench = if [bare::NAME, peers::FASTAPI].contains(&server.name) { plain } else { own_rate };
            measured.turns.push(Turn { pgbench, plain, ..turn });
        }
    }
    Ok(measured)
}

fn run(operation: Operation, server: &Served, seconds: u64, scratch: &Scratch) -> Result<Turn> {
    let before = server.cpu()?;
    let seen = wrk::run(operation, &server.base, &scratch.path().join("tokens"), seconds)?;
    let cpu = server.cpu()? - before;
    Ok(Turn {
        rate: seen.requests / seen.microseconds * 1e6,
        p50: seen.p50 / 1e3,
        p99: seen.p99 / 1e3,
        cpu: cpu / seen.requests,
        pgbench: f64::NAN,
        plain: f64::NAN,
    })
}

/// Sends the first user's request once and checks the response, which wrk does not do.
pub async fn try_once(server: &Served, operation: Operation, tokens: &[String]) -> Result<()> {
    let id = format!("{ID_PREFIX}{}", FIRST_ID + 1001);
    let path = operation.path().replace("{user}", "1").replace("{task}", &id);
    // The library needs a crypto provider even though this benchmark uses plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let answer = reqwest::Client::new()
        .request(operation.method().parse()?, format!("{}{path}", server.base))
        .bearer_auth(&tokens[0])
        .header("content-type", "application/json")
        .body(operation.body())
        .send()
        .await?;
    let status = answer.status();
    let body = answer.text().await?;
    let tasks = if operation == Operation::List { LIST_LIMIT } else { 1 };
    if status.as_u16() == operation.success() && body.matches("\"title\":").count() == tasks as usize {
        return Ok(());
    }
    Err(format!("{}: {operation} answered {status}: {body}", server.name).into())
}
