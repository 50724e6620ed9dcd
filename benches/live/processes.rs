//! Memory and processor time of the measured processes, from Linux.

use std::fs;
use std::str::FromStr;

use crate::common::proc;
use crate::{Failure, Result};

/// Current memory of a process, in bytes.
pub fn resident(process: u32) -> Result<f64> {
    Ok(status::<f64>(process, "VmRSS:")? * 1024.0)
}

/// Processor time of Postgres so far, in microseconds. Closed connections are not included; the
/// servers' pools keep theirs open.
pub fn postgres_cpu() -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process that has ended meanwhile does not count.
        if is_private_postgres(process).unwrap_or(false) {
            sum += proc::cpu(process).unwrap_or_default();
        }
    }
    Ok(sum)
}

/// Whether a process is the private Postgres, a child of this process, or one of its children.
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
