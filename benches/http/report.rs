//! The result as a Markdown table, with a description of the machine.

use std::fmt;
use std::thread;

use crate::bare;
use crate::load::{CONNECTIONS, Measured, Shape, THREADS, Turn};
use crate::operations::{Operation, TASKS, USERS};
use crate::ratios::{Ratio, Ratios, median};

pub struct Report {
    machine: String,
    rows: Vec<Row>,
    ratios: Ratios,
}

struct Row {
    operation: Operation,
    name: &'static str,
    turn: Turn,
    of_pgbench: f64,
    /// Processor time as a multiple of the bare pair's.
    of_bare: Option<f64>,
    /// The same for the bare pair that sends the server's own statement.
    of_same: Option<f64>,
}

impl Report {
    pub fn new(postgres: &str, shape: Shape) -> Self {
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let machine = format!(
            "{cores} cores shared by all, PostgreSQL {postgres}, {USERS} users with {TASKS} tasks each, \
             {CONNECTIONS} connections, {THREADS} threads of load; medians of {} runs of {} s, in turns. \
             The server has its default settings and logs each request to a file.",
            shape.rounds, shape.seconds
        );
        Self { machine, rows: Vec::new(), ratios: Ratios::new() }
    }

    pub fn add(&mut self, operation: Operation, measured: Vec<Measured>) {
        let turns_of = |name: &str| measured.iter().find(|other| other.name == name).map(|other| other.turns.clone());
        let (bare, same) = (turns_of(bare::NAME), turns_of(bare::SAME));
        for Measured { name, turns } in measured {
            let of = |value: fn(&Turn) -> f64| median(turns.iter().map(value));
            let cpu_of = |other: &Option<Vec<Turn>>| {
                let other = other.as_ref()?;
                Some(Ratio::new(turns.iter().zip(other).map(|(own, other)| own.cpu / other.cpu), true))
            };
            let (of_bare, of_same) = (cpu_of(&bare), cpu_of(&same));
            if name == "taskwire" {
                let of_pgbench = Ratio::new(turns.iter().map(|turn| turn.rate / turn.pgbench), false);
                let of_plain = Ratio::new(turns.iter().map(|turn| turn.pgbench / turn.plain), false);
                for (what, ratio) in [
                    ("CPU of the bare pair", of_bare),
                    ("CPU of the bare pair with the same statement", of_same),
                    ("rate of pgbench", Some(of_pgbench)),
                    ("pgbench, of the plain statement", Some(of_plain)),
                ] {
                    self.ratios.extend(ratio.map(|ratio| (format!("{operation}: {what}"), ratio)));
                }
            }
            let (of_bare, of_same) = (of_bare.map(|ratio| ratio.median), of_same.map(|ratio| ratio.median));
            self.rows.push(Row {
                operation,
                name,
                turn: Turn {
                    rate: of(|turn| turn.rate),
                    p50: of(|turn| turn.p50),
                    p99: of(|turn| turn.p99),
                    cpu: of(|turn| turn.cpu),
                    pgbench: of(|turn| turn.pgbench),
                    plain: of(|turn| turn.plain),
                },
                of_pgbench: of(|turn| turn.rate / turn.pgbench),
                of_bare,
                of_same,
            });
        }
    }

    pub const fn ratios(&self) -> &Ratios {
        &self.ratios
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n", self.machine)?;
        writeln!(
            f,
            "| operation | server     | requests/s | p50 ms | p99 ms | CPU µs/request | × bare CPU | × same CPU | pgbench/s | of pgbench | plain/s |"
        )?;
        writeln!(
            f,
            "|-----------|------------|-----------:|-------:|-------:|---------------:|-----------:|-----------:|----------:|-----------:|--------:|"
        )?;
        for Row { operation, name, turn: Turn { rate, p50, p99, cpu, pgbench, plain }, of_pgbench, of_bare, of_same } in
            &self.rows
        {
            let [of_bare, of_same] =
                [of_bare, of_same].map(|ratio| ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")));
            writeln!(
                f,
                "| {operation:9} | {name:10} | {rate:10.0} | {p50:6.2} | {p99:6.2} | {cpu:14.0} | {of_bare:>10} \
                 | {of_same:>10} | {pgbench:9.0} | {of_pgbench:10.2} | {plain:7.0} |"
            )?;
        }
        Ok(())
    }
}
