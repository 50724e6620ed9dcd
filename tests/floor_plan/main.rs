//! The floor plan of `src/`: which room may import which, which may name which crate, which
//! may contain SQL, and which may write which table. `table.txt` says what is permitted. This test
//! reads every path and every string of every file, and compares them with the table. It starts nothing.
//!
//! `cargo test --test floor_plan -- --nocapture print_graph` prints the module graph.

mod circles;
mod constructors;
mod files;
mod graph;
mod planted;
mod planted_inside;
mod rooms;
mod scan;
mod statements;
mod table;
mod tokens;
mod tree;

use std::path::PathBuf;

use table::{Finding, Table};
use tree::Tree;

/// The environment variable with the path of another source tree, for example that of an older commit.
const SOURCE: &str = "FLOOR_PLAN_SOURCE";

#[test]
fn the_source_follows_the_floor_plan() {
    let findings = check(&read_source(), &read_table());
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} departures from the floor plan:\n\n{}\n", lines.len(), lines.join("\n"));
}

#[test]
fn print_graph() {
    println!("{}", graph::print(&read_source(), &read_table()));
}

/// All that is wrong, sorted by file and line.
fn check(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut findings = departures(tree, table);
    findings.extend(table.unused());
    findings.sort();
    findings.dedup();
    findings
}

fn departures(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut findings = table.check();
    findings.extend(rooms::check(tree, table));
    findings.extend(files::check(tree));
    findings.extend(statements::check(tree, table));
    findings.extend(constructors::check(tree, table));
    findings
}

fn read_table() -> Table {
    Table::parse(include_str!("table.txt")).expect("the table is well formed")
}

fn read_source() -> Tree {
    let source = std::env::var_os(SOURCE)
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), PathBuf::from);
    Tree::read(&source).expect("the source can be read")
}
