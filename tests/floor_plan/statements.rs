//! Which files contain SQL, which tables it writes, and which functions of the database it calls.

use std::collections::BTreeMap;

use crate::table::{Finding, Kind, PATH, Table};
use crate::tokens::Token;
use crate::tree::{File, Reach, Tree};

/// The first words of statements. All SQL in this project is upper-case.
const BEGINNINGS: [&str; 16] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "TRUNCATE", "COPY", "BEGIN", "COMMIT", "ROLLBACK", "SET",
    "LISTEN", "NOTIFY", "LOCK", "CREATE",
];

pub fn check(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, line) in first_statements(tree) {
        let path = &tree.files[file].path;
        if !table.permits(Kind::Statements, "statements", path) {
            let permitted = table.places(Kind::Statements, "statements");
            let text = format!("no SQL may stand in this file; it may in {permitted} ({PATH})");
            findings.push(Finding::in_source(path, line, text));
        }
    }
    for file in &tree.files {
        for (text, line) in texts(file) {
            let tables = written_tables(text);
            findings.extend(tables.iter().filter_map(|written| check_write(table, &file.path, line, written)));
            findings.extend(called_functions(text).filter_map(|called| check_call(table, &file.path, line, called)));
        }
    }
    findings
}

/// The files with SQL, each with the first line of it: `sqlx::query!`, `sqlx::query_as`,
/// `QueryBuilder`, …, named or imported, or a string that is a statement.
fn first_statements(tree: &Tree) -> BTreeMap<usize, usize> {
    let mut lines = Vec::new();
    for (scope, path) in tree.paths() {
        let Reach::Outside(segments) = tree.reach(scope, &path.segments) else { continue };
        let [name, item, ..] = &segments[..] else { continue };
        if name == "sqlx" && (item.starts_with("query") || ["QueryBuilder", "raw_sql", "*"].contains(&&**item)) {
            lines.push((scope.file, path.line));
        }
    }
    for (at, file) in tree.files.iter().enumerate() {
        lines.extend(texts(file).filter(|(text, _)| is_statement(text)).map(|(_, line)| (at, line)));
    }
    let mut first = BTreeMap::new();
    for (file, line) in lines {
        first.entry(file).and_modify(|first: &mut usize| *first = line.min(*first)).or_insert(line);
    }
    first
}

fn texts(file: &File) -> impl Iterator<Item = (&str, usize)> {
    file.spots.iter().filter_map(|spot| match &spot.token {
        Token::Text(text) => Some((text.as_str(), spot.line)),
        _ => None,
    })
}

fn check_write(table: &Table, file: &str, line: usize, written: &str) -> Option<Finding> {
    if !table.knows(Kind::Write, written) {
        let text = format!("the table `{written}` is written, but {PATH} does not say who may");
        return Some(Finding::in_source(file, line, text));
    }
    let permitted = table.places(Kind::Write, written);
    let text = format!("the table `{written}` may not be written here; it may in {permitted} ({PATH})");
    (!table.permits(Kind::Write, written, file)).then(|| Finding::in_source(file, line, text))
}

fn check_call(table: &Table, file: &str, line: usize, called: &str) -> Option<Finding> {
    let permitted = table.places(Kind::Call, called);
    let text = format!("the function `{called}` may not be called here; it may in {permitted} ({PATH})");
    (!table.permits(Kind::Call, called, file)).then(|| Finding::in_source(file, line, text))
}

/// The functions of this project's schema that a text calls. Each has this prefix.
fn called_functions(text: &str) -> impl Iterator<Item = &str> {
    let calls = text.match_indices("taskwire_").map(|(at, _)| &text[at..]);
    calls.filter_map(|call| {
        let (name, _) = call.split_once('(')?;
        name.chars().all(|character| character.is_ascii_lowercase() || character == '_').then_some(name)
    })
}

fn is_statement(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.next().is_some_and(|first| BEGINNINGS.contains(&first)) && (words.next().is_some() || text == "BEGIN")
}

/// The tables after `INSERT INTO`, `UPDATE`, `DELETE FROM`, `MERGE INTO` and `TRUNCATE`.
fn written_tables(text: &str) -> Vec<String> {
    let words: Vec<String> = text
        .split(|character: char| character.is_whitespace() || "(),;".contains(character))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let tables = (0..words.len()).filter_map(|at| written_table(&words[at..]));
    let names = tables.map(|table| table.trim_start_matches("public.").trim_matches('"').to_owned());
    names.filter(|name| name != "set" && name != "of").collect()
}

/// The table that a statement beginning with these words writes. In prose, no `set` follows a name.
/// `DO UPDATE SET` and `FOR UPDATE OF` name no table.
fn written_table<'a>(words: &[&'a str]) -> Option<&'a str> {
    match *words {
        ["update", table, "set", ..]
        | ["update", table, _, "set", ..]
        | ["update", table, "as", _, "set", ..]
        | ["update", "only", table, ..]
        | ["insert" | "merge", "into", table, ..]
        | ["truncate", "table", table, ..]
        | ["delete", "from", "only", table, ..]
        | ["delete", "from", table, ..] => Some(table),
        _ => None,
    }
}
