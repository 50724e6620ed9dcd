//! What Linux tells about the processes that are measured.

use std::fs;
use std::str::FromStr;

use crate::common::proc;
use crate::{Failure, Result};

/// Memory that a process holds now, in bytes.
pub fn resident(process: u32) -> Result<f64> {
    Ok(status::<f64>(process, "VmRSS:")? * 1024.0)
}

/// Processor time that Postgres has used so far, in microseconds. Of connections that have ended
/// nothing is known; the servers' pools keep theirs.
pub fn postgres_cpu() -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // Whoever is gone meanwhile does not count.
        if is_private_postgres(process).unwrap_or(false) {
            sum += proc::cpu(process).unwrap_or_default();
        }
    }
    Ok(sum)
}

/// Whether it is the private Postgres, which is a child of this process, or one of its children.
fn is_private_postgres(process: u32) -> Result<bool> {
    let is_child_of_this = |process| Ok::<_, Failure>(parent(process)? == std::process::id());
    Ok(is_postgres(process)? && (is_child_of_this(process)? || is_child_of_this(parent(process)?)?))
}

fn is_postgres(process: u32) -> Result<bool> {
    Ok(fs::read_to_string(format!("/proc/{process}/comm"))?.trim() == "postgres")
}

fn parent(process: u32) -> Result<u32> {
    status(process, "PPid:")
}

fn status<T: FromStr<Err: Into<Failure>>>(process: u32, field: &str) -> Result<T> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_ascii_whitespace().next());
    number.ok_or_else(|| format!("no {field} in /proc/{process}/status"))?.parse().map_err(Into::into)
}
