//! Prints the module graph, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::circles::circles;
use crate::rooms;
use crate::table::{Kind, Table};
use crate::tree::Tree;

/// The rooms with what they import and from how many files, the pairs of rooms that import each
/// other, and the circles.
///
/// The rooms are in the order of the table.
pub fn print(tree: &Tree, table: &Table) -> String {
    let rooms: BTreeSet<&str> = tree.files.iter().map(|file| file.room.as_str()).collect();
    let mut files: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for arrow in rooms::arrows(tree) {
        files.entry((arrow.from, arrow.to)).or_default().insert(arrow.file);
    }
    let mut names: Vec<&str> = rooms.into_iter().collect();
    let order: Vec<&str> = table.subjects(Kind::Room).collect();
    names.sort_by_key(|name| order.iter().position(|known| known == name).unwrap_or(order.len()));
    let position = |name: &str| names.iter().position(|known| *known == name);
    let arrows: Vec<(usize, usize)> =
        files.keys().filter_map(|(from, to)| Some((position(from)?, position(to)?))).collect();
    let pairs: Vec<String> = arrows
        .iter()
        .filter(|(from, to)| from < to && arrows.contains(&(*to, *from)))
        .map(|(from, to)| format!("{} ↔ {}", names[*from], names[*to]))
        .collect();

    let mut text = String::new();
    for name in &names {
        let own = tree.files.iter().filter(|file| file.room == *name).count();
        let to: Vec<String> = files
            .iter()
            .filter(|((from, _), _)| from == name)
            .map(|((_, to), files)| format!("{to} ({})", files.len()))
            .collect();
        let _ =
            writeln!(text, "{name}, {own} files → {}", if to.is_empty() { "nothing".into() } else { to.join(", ") });
    }
    let _ = writeln!(
        text,
        "{} modules with `main` and `lib`, {} arrows, {} pairs that import each other",
        names.len(),
        arrows.len(),
        pairs.len()
    );
    for pair in pairs {
        let _ = writeln!(text, "pair: {pair}");
    }
    for circle in circles(names.len(), &arrows) {
        let members: Vec<&str> = circle.nodes.iter().map(|node| names[*node]).collect();
        let _ = writeln!(text, "circle of {}: {}", members.len(), members.join(", "));
    }
    text
}
