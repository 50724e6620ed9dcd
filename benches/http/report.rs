//! The result as a Markdown table, with a description of the machine.

use std::fmt;
use std::thread;

use crate::bare;
use crate::load::{CONNECTIONS, Measured, Shape, THREADS, Turn};
use crate::operations::{Operation, TASKS, USERS};

pub struct Report {
    machine: String,
    rows: Vec<Row>,
}

struct Row {
    operation: Operation,
    name: &'static str,
    turn: Turn,
    of_pgbench: f64,
    /// Processor time as a multiple of the bare pair's.
    of_bare: Option<f64>,
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
        Self { machine, rows: Vec::new() }
    }

    pub fn add(&mut self, operation: Operation, measured: Vec<Measured>) {
        let bare = measured.iter().find(|measured| measured.name == bare::NAME).map(|bare| bare.turns.clone());
        for Measured { name, turns } in measured {
            let of = |value: fn(&Turn) -> f64| median(turns.iter().map(value));
            let of_bare =
                bare.as_ref().map(|bare| median(turns.iter().zip(bare).map(|(own, bare)| own.cpu / bare.cpu)));
            self.rows.push(Row {
                operation,
                name,
                turn: Turn {
                    rate: of(|turn| turn.rate),
                    p50: of(|turn| turn.p50),
                    p99: of(|turn| turn.p99),
                    cpu: of(|turn| turn.cpu),
                    pgbench: of(|turn| turn.pgbench),
                },
                of_pgbench: of(|turn| turn.rate / turn.pgbench),
                of_bare,
            });
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n", self.machine)?;
        writeln!(
            f,
            "| operation | server    | requests/s | p50 ms | p99 ms | CPU µs/request | × bare CPU | pgbench/s | of pgbench |"
        )?;
        writeln!(
            f,
            "|-----------|-----------|-----------:|-------:|-------:|---------------:|-----------:|----------:|-----------:|"
        )?;
        for Row { operation, name, turn: Turn { rate, p50, p99, cpu, pgbench }, of_pgbench, of_bare } in &self.rows {
            let of_bare = of_bare.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            writeln!(
                f,
                "| {operation:9} | {name:9} | {rate:10.0} | {p50:6.2} | {p99:6.2} | {cpu:14.0} | {of_bare:>10} \
                 | {pgbench:9.0} | {of_pgbench:10.2} |"
            )?;
        }
        Ok(())
    }
}
