//! Checks who calls the constructors of types whose values prove something: whoever has an `OwnerId` has
//! checked a credential.

use std::collections::BTreeSet;

use proc_macro2::Delimiter;

use crate::table::{Finding, Kind, PATH, Table};
use crate::tokens::{Spot, Token};
use crate::tree::{File, Reach, Tree};

pub fn check(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (scope, path) in tree.paths() {
        let (Reach::Inside(segments) | Reach::Outside(segments)) = tree.reach(scope, &path.segments);
        let [.., name, function] = &segments[..] else { continue };
        let constructor = format!("{name}::{function}");
        let file = &tree.file(scope).path;
        if table.knows(Kind::Construct, &constructor) && !table.permits(Kind::Construct, &constructor, file) {
            let permitted = table.places(Kind::Construct, &constructor);
            let text = format!("`{constructor}` may not be called here; it may in {permitted} ({PATH})");
            findings.push(Finding::in_source(file, path.line, text));
        }
    }
    let guarded: BTreeSet<&str> =
        table.subjects(Kind::Construct).filter_map(|constructor| constructor.split("::").next()).collect();
    for name in guarded {
        findings.extend(unlisted(tree, table, name));
    }
    findings
}

/// The constructors of the type that the table does not list. Through them, code could avoid the check.
fn unlisted(tree: &Tree, table: &Table, name: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for scope in tree.scopes.iter().filter(|scope| scope.items.contains(name)) {
        let file = tree.file(scope);
        for (function, line) in constructors(file, name) {
            if !table.knows(Kind::Construct, &format!("{name}::{function}")) {
                let text =
                    format!("`{name}::{function}` returns a new `{name}`, but {PATH} does not say who may call it");
                findings.push(Finding::in_source(&file.path, line, text));
            }
        }
    }
    findings
}

/// The functions in `impl … Name { … }` that return the type.
fn constructors(file: &File, name: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in file.spots.iter().enumerate().filter(|(_, spot)| is_word(spot, "impl")) {
        let head = until_brace(&file.spots[at..]);
        if !head.last().is_some_and(|last| is_word(last, name)) {
            continue;
        }
        let body = inside(&file.spots[at + head.len()..]);
        for (start, function) in body.iter().enumerate().filter(|(_, spot)| is_word(spot, "fn")) {
            let signature = until_brace(&body[start..]);
            let arrow = signature.windows(2).position(|pair| is_mark(&pair[0], '-') && is_mark(&pair[1], '>'));
            let result = arrow.map_or(&[][..], |arrow| &signature[arrow + 2..]);
            let returns_it = result.iter().any(|spot| is_word(spot, "Self") || is_word(spot, name))
                && !result.first().is_some_and(|first| is_mark(first, '&'));
            if let (true, Some(Token::Word(function_name))) = (returns_it, signature.get(1).map(|spot| &spot.token)) {
                found.push((function_name.clone(), function.line));
            }
        }
    }
    found
}

fn is_word(spot: &Spot, word: &str) -> bool {
    matches!(&spot.token, Token::Word(found) if found == word)
}

fn is_mark(spot: &Spot, mark: char) -> bool {
    spot.token == Token::Mark(mark)
}

fn until_brace(spots: &[Spot]) -> &[Spot] {
    let brace = spots.iter().position(|spot| spot.token == Token::Open(Delimiter::Brace));
    &spots[..brace.unwrap_or(spots.len())]
}

/// The tokens between the bracket at the front and the one that closes it.
fn inside(spots: &[Spot]) -> &[Spot] {
    let mut depth = 0;
    for (at, spot) in spots.iter().enumerate() {
        match spot.token {
            Token::Open(_) => depth += 1,
            Token::Close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &spots[1.min(at)..at];
        }
    }
    spots
}
