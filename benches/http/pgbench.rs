//! Runs pgbench: only the prepared statements, on as many connections as the servers get concurrent
//! requests.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::load::{CONNECTIONS, THREADS};

/// Transactions per second.
pub fn run(script: &Path, seconds: u64, url: &str) -> Result<f64> {
    let output = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared"])
        .args([format!("--client={CONNECTIONS}"), format!("--jobs={THREADS}"), format!("--time={seconds}")])
        .arg("--file")
        .arg(script)
        .arg(url)
        .output()
        .map_err(|error| format!("pgbench, which comes with Postgres, cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !text.contains("number of failed transactions: 0 ") {
        return Err(format!("pgbench failed:\n{text}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.ok_or_else(|| format!("pgbench did not print its rate:\n{text}").into())
}
