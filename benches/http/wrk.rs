//! Runs wrk and reads the line that its script prints at the end.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::load::{CONNECTIONS, THREADS};
use crate::operations::{FIRST_ID, ID_PREFIX, Operation, TASKS};

/// wrk's results of one run. Times are in microseconds.
#[derive(Debug)]
pub struct Seen {
    pub requests: f64,
    pub microseconds: f64,
    pub p50: f64,
    pub p99: f64,
}

pub fn run(operation: Operation, base: &str, tokens: &Path, seconds: u64) -> Result<Seen> {
    let output = Command::new("wrk")
        .args([format!("-c{CONNECTIONS}"), format!("-t{THREADS}"), format!("-d{seconds}s")])
        .arg("-s")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/http/wrk.lua"))
        .args([base, "--"])
        .arg(tokens)
        .args([operation.method(), operation.path(), operation.body(), ID_PREFIX])
        .args([FIRST_ID.to_string(), TASKS.to_string()])
        .output()
        .map_err(|error| format!("wrk cannot be run, is it installed? {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("result "))
        .ok_or_else(|| format!("wrk did not finish:\n{text}{}", String::from_utf8_lossy(&output.stderr)))?;
    let number = |name: &str| -> Result<f64> {
        let value = line.split(' ').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        Ok(value.ok_or_else(|| format!("wrk did not print {name}: {line}"))?.parse()?)
    };
    let (refused, broken) = (number("refused")?, number("broken")?);
    if refused > 0.0 || broken > 0.0 {
        return Err(format!("{operation}: {refused} requests were rejected and {broken} failed").into());
    }
    Ok(Seen {
        requests: number("requests")?,
        microseconds: number("microseconds")?,
        p50: number("p50")?,
        p99: number("p99")?,
    })
}
