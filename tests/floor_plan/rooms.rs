//! Arrows between rooms, and the crates that a room names.

use std::collections::BTreeSet;

use crate::table::{Finding, Kind, PATH, Table};
use crate::tree::{Reach, Tree};

/// A path in one room that leads to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub file: String,
    pub line: usize,
    pub from: String,
    pub to: String,
}

pub fn arrows(tree: &Tree) -> BTreeSet<Arrow> {
    let mut arrows = BTreeSet::new();
    for (scope, path) in tree.paths() {
        let file = tree.file(scope);
        if let Reach::Inside(segments) = tree.reach(scope, &path.segments)
            && let Some(to) = segments.first().filter(|to| **to != file.room)
        {
            let (from, to) = (file.room.clone(), to.clone());
            arrows.insert(Arrow { file: file.path.clone(), line: path.line, from, to });
        }
    }
    arrows
}

pub fn check(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut findings = unknown_rooms(tree, table);
    for Arrow { file, line, from, to } in arrows(tree) {
        if table.knows(Kind::Room, &from) && !table.permits(Kind::Room, &from, &to) {
            let permitted = table.places(Kind::Room, &from);
            let text = format!("`{from}` may not import `{to}`; it may import {permitted} ({PATH})");
            findings.push(Finding::in_source(&file, line, text));
        }
    }
    findings.extend(hidden_arrows(tree, table));
    findings.extend(crates(tree, table));
    findings
}

fn unknown_rooms(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut named = BTreeSet::new();
    let unknown = tree.files.iter().filter(|file| !table.knows(Kind::Room, &file.room));
    let first_files = unknown.filter(|file| named.insert(file.room.clone()));
    first_files
        .map(|file| Finding::in_source(&file.path, 1, format!("`{}` is no room of the floor plan ({PATH})", file.room)))
        .collect()
}

/// Each `pub use` of another room's item. Code that imports the item from here would not show that it
/// depends on the other room.
fn hidden_arrows(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (scope, path) in tree.paths().filter(|(_, path)| path.import.as_ref().is_some_and(|import| import.public)) {
        let file = tree.file(scope);
        let origin = match tree.reach(scope, &path.segments) {
            Reach::Inside(segments) => segments.first().filter(|room| **room != file.room).cloned(),
            Reach::Outside(segments) => segments.first().filter(|name| table.knows(Kind::Crate, name)).cloned(),
        };
        if let Some(origin) = origin {
            let text = format!("a `pub use` of `{origin}` hides who imports `{origin}`; import it where it is needed");
            findings.push(Finding::in_source(&file.path, path.line, text));
        }
    }
    findings
}

fn crates(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (scope, path) in tree.paths() {
        let Reach::Outside(segments) = tree.reach(scope, &path.segments) else { continue };
        let Some(name) = segments.first().filter(|name| table.knows(Kind::Crate, name)) else { continue };
        let file = tree.file(scope);
        if !table.permits(Kind::Crate, name, &file.path) {
            let permitted = table.places(Kind::Crate, name);
            let text = format!("`{}` may not name the crate `{name}`; only {permitted} may ({PATH})", file.room);
            findings.push(Finding::in_source(&file.path, path.line, text));
        }
    }
    findings
}
