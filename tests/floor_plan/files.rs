//! Arrows between the files of one room. They must not form a circle.

use std::collections::BTreeMap;

use crate::circles::{Circle, circles};
use crate::scan::{NamedPath, Scope};
use crate::table::Finding;
use crate::tree::{Reach, Tree};

pub fn check(tree: &Tree) -> Vec<Finding> {
    let arrows = arrows(tree);
    let pairs: Vec<(usize, usize)> = arrows.keys().copied().collect();
    circles(tree.files.len(), &pairs).iter().map(|circle| describe(tree, &arrows, circle)).collect()
}

/// Each arrow from a file to another file of its room, with the first line that makes it.
fn arrows(tree: &Tree) -> BTreeMap<(usize, usize), usize> {
    let mut arrows = BTreeMap::new();
    let mut add = |from: usize, to: usize, line: usize| {
        if from != to && tree.files[from].room == tree.files[to].room {
            let first = arrows.entry((from, to)).or_insert(line);
            *first = line.min(*first);
        }
    };
    for (scope, path) in tree.paths() {
        let Reach::Inside(segments) = tree.reach(scope, &path.segments) else { continue };
        let Some((file, is_module)) = tree.definition(&segments) else { continue };
        if is_face(scope, path, &segments) {
            // A re-export makes no arrow, but the file's own code may also use the name.
            let name = path.import.as_ref().map_or("", |import| &import.name);
            if let Some((_, line)) = scope.words.iter().find(|(word, _)| word == name) {
                add(scope.file, file, *line);
            }
        } else if !(is_module && path.import.is_some()) {
            // The import of a module makes no arrow. The names that the code then uses from it do.
            add(scope.file, file, path.line);
        }
    }
    arrows
}

/// Whether a `mod.rs` re-exports here what its own children define: such a file is the face of its folder.
fn is_face(scope: &Scope, path: &NamedPath, segments: &[String]) -> bool {
    path.import.as_ref().is_some_and(|import| import.public) && segments.starts_with(&scope.module)
}

fn describe(tree: &Tree, arrows: &BTreeMap<(usize, usize), usize>, circle: &Circle) -> Finding {
    let way = &circle.shortest;
    let steps = way.iter().zip(way.iter().cycle().skip(1));
    let first_line = steps.clone().next().map_or(0, |(from, to)| arrows[&(*from, *to)]);
    let mut lines = vec!["files form a circle:".to_owned()];
    lines.extend(steps.map(|(from, to)| {
        let line = arrows[&(*from, *to)];
        format!("src/{}:{line} imports src/{}", tree.files[*from].path, tree.files[*to].path)
    }));
    if circle.nodes.len() > way.len() {
        let names: Vec<&str> = circle.nodes.iter().map(|node| tree.files[*node].path.as_str()).collect();
        lines.push(format!("it is the shortest circle among {}", names.join(", ")));
    }
    Finding::in_source(&tree.files[way[0]].path, first_line, lines.join("\n    "))
}
