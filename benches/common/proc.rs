//! Process statistics from Linux's `/proc`.

use std::fs;

use crate::Result;

/// The unit of processor time in `/proc`, in microseconds: `USER_HZ` is 100 on every Linux.
const TICK: f64 = 10_000.0;

/// Processor time that a process has used so far, in microseconds.
pub fn cpu(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))
        .map_err(|error| format!("processor time is read from Linux's /proc: {error}"))?;
    // The second field is the program's name in parentheses, which may contain anything.
    let fields = stat.rsplit_once(')').ok_or("a malformed /proc/…/stat")?.1.split_ascii_whitespace();
    // utime and stime, the 14th and 15th.
    let ticks: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<std::result::Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() * TICK)
}
