//! The result as two Markdown tables, with a description of the machine.

use std::fmt;
use std::fs;
use std::thread;

use crate::samples::{Samples, median};
use crate::{Measured, Options};

pub struct Report {
    machine: String,
    measured: Measured,
}

impl Report {
    pub fn new(options: &Options, measured: Measured) -> Self {
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let processor = fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| {
                Some(text.lines().find(|line| line.starts_with("model name"))?.split_once(": ")?.1.to_owned())
            })
            .unwrap_or_else(|| "an unnamed processor".to_owned());
        let Options { seconds, rounds, rate, flood, .. } = options;
        let machine = format!(
            "{cores} cores of {processor} shared by the load, the server and PostgreSQL with fsync. {rate} task \
             requests a second, one in four of which writes, without and with {flood} attempts to sign in a second, \
             in turn: {rounds} times {seconds} s each; of several, the middle figure."
        );
        Self { machine, measured }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured { people, signed_in, cpu, quiet, flooded, flood, memory } = &self.measured;
        let at = |rounds: &[Samples], share| median(rounds.iter().map(|round| round.per_mille(share)).collect());
        writeln!(f, "\n{}\n", self.machine)?;
        writeln!(f, "| task requests, ms from when they were due | p50 | p90 | p99 | p99.9 |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: |")?;
        for (label, rounds) in [("without a flood", quiet), ("with a flood", flooded)] {
            let [p50, p90, p99, p999] = [500, 900, 990, 999].map(|share| at(rounds, share));
            writeln!(f, "| {label} | {p50:.1} | {p90:.1} | {p99:.1} | {p999:.1} |")?;
        }
        let [p50, p90, p99, p999] = [500, 900, 990, 999].map(|share| at(flooded, share) / at(quiet, share));
        writeln!(f, "| ratio | {p50:.1} | {p90:.1} | {p99:.1} | {p999:.1} |")?;

        let megabytes = |bytes: f64| format!("{:.0} MB", bytes / 1e6);
        writeln!(f, "\n| | |\n| --- | ---: |")?;
        writeln!(f, "| sign-ins per second, {people} people one after another | {:.0} |", signed_in.rate(200))?;
        writeln!(f, "| processor time of the server per sign-in | {:.0} ms |", cpu / 1000.0)?;
        writeln!(f, "| of the flood, per second: checked (401) | {:.0} |", flood.rate(401))?;
        writeln!(f, "| of the flood, per second: turned away (503) | {:.0} |", flood.rate(503))?;
        let others = flood.all() - flood.rate(401) - flood.rate(503);
        writeln!(f, "| of the flood, per second: anything else | {others:.0} |")?;
        writeln!(f, "| memory of the server at rest | {} |", megabytes(memory.at_rest))?;
        writeln!(f, "| at the most while people sign in | {} |", megabytes(memory.signing_in))?;
        writeln!(f, "| at the most during the flood | {} |", megabytes(memory.flooded))
    }
}
