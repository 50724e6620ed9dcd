//! The server's memory, from Linux.

use std::fs;
use std::time::Duration;

use crate::Result;
use crate::common::process::Served;

/// After this idle time the server has released the memory for hashing.
const IDLE: Duration = Duration::from_secs(12);

pub async fn settle(server: &Served) -> Result<()> {
    tokio::time::sleep(IDLE).await;
    resident(server).map(|_| ())
}

/// Current memory in bytes.
pub fn resident(server: &Served) -> Result<f64> {
    status(server, "VmRSS:")
}

/// Peak memory since [`forget_peak`] in bytes.
pub fn peak(server: &Served) -> Result<f64> {
    status(server, "VmHWM:")
}

pub fn forget_peak(server: &Served) -> Result<()> {
    Ok(fs::write(format!("/proc/{}/clear_refs", server.id()), "5")?)
}

fn status(server: &Served, field: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.split_ascii_whitespace().next());
    let kilobytes: f64 = kilobytes.ok_or_else(|| format!("no {field} in /proc"))?.parse()?;
    Ok(kilobytes * 1024.0)
}
