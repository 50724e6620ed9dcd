//! The result as two Markdown tables, with a description of the machine.

use std::fmt;
use std::fs;
use std::thread;

use crate::samples::Samples;

pub struct Report {
    machine: String,
    latencies: Vec<Latency>,
    figures: Vec<Figure>,
}

/// The latency of changes to sockets of different users.
pub struct Latency {
    /// The number of servers, or what else differs.
    pub label: &'static str,
    pub sockets: u32,
    pub rate: u32,
    /// From the change's time, which is taken inside the transaction: includes the commit.
    pub at: Samples,
    /// From the time at which the write was due: includes the whole request.
    pub due: Samples,
    /// From the response to the writer: negative if the change arrived first.
    pub answered: Samples,
    /// Processor time of the servers per write, in microseconds.
    pub cpu: f64,
}

pub struct Figure {
    what: String,
    value: String,
}

impl Figure {
    pub fn new(what: impl Into<String>, value: impl Into<String>) -> Self {
        Self { what: what.into(), value: value.into() }
    }
}

impl Report {
    pub fn new(postgres: &str, seconds: u32) -> Self {
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let processor = fs::read_to_string("/proc/cpuinfo")
            .ok()
            .and_then(|text| {
                Some(text.lines().find(|line| line.starts_with("model name"))?.split_once(": ")?.1.to_owned())
            })
            .unwrap_or_else(|| "an unnamed processor".to_owned());
        let machine = format!(
            "{cores} cores of {processor} shared by clients, servers and PostgreSQL {postgres} with fsync; \
             {seconds} s for each row. The servers have their default settings and log each request to a file."
        );
        Self { machine, latencies: Vec::new(), figures: Vec::new() }
    }

    pub fn latency(&mut self, latency: Latency) {
        self.latencies.push(latency);
    }

    pub fn figures(&mut self, figures: Vec<Figure>) {
        self.figures.extend(figures);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n", self.machine)?;
        if !self.latencies.is_empty() {
            writeln!(
                f,
                "Milliseconds until a change has arrived: from its own time (taken inside the transaction, so the \
                 commit is in it), from the moment its write was due, and from the answer to the writer (negative: \
                 the change came first); p50 / p99 / p99.9.\n"
            )?;
            writeln!(
                f,
                "| servers     | sockets | writes/s | from its own time   | from due            | from the answer     | CPU µs/write |"
            )?;
            writeln!(
                f,
                "|-------------|--------:|---------:|--------------------:|--------------------:|--------------------:|-------------:|"
            )?;
        }
        for Latency { label, sockets, rate, at, due, answered, cpu } in &self.latencies {
            let three = |samples: &Samples| {
                format!("{:.1} / {:.1} / {:.1}", samples.per_mille(500), samples.per_mille(990), samples.per_mille(999))
            };
            writeln!(
                f,
                "| {label:11} | {sockets:7} | {rate:8} | {:>19} | {:>19} | {:>19} | {cpu:12.0} |",
                three(at),
                three(due),
                three(answered)
            )?;
        }
        if !self.figures.is_empty() {
            writeln!(f, "\n| what | measured |\n|------|----------|")?;
        }
        for Figure { what, value } in &self.figures {
            writeln!(f, "| {what} | {value} |")?;
        }
        Ok(())
    }
}
