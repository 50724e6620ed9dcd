//! The table is complete, and its texts fit into the help and the documentation.

use std::collections::BTreeSet;

use super::*;
use crate::config::setting::Description;

fn described() -> impl Iterator<Item = Description> {
    ALL.iter().flat_map(|group| group.described())
}

#[test]
fn every_declared_setting_is_in_a_group_once() {
    let files = [
        include_str!("network.rs"),
        include_str!("live.rs"),
        include_str!("database.rs"),
        include_str!("tokens.rs"),
        include_str!("accounts.rs"),
        include_str!("logging.rs"),
    ];
    let declared = files.iter().flat_map(|file| file.lines().filter_map(|line| line.strip_prefix("pub static ")));
    let declared = declared.filter_map(|line| line.split_once(": Setting<")).map(|(name, _)| name);
    let listed: Vec<_> = names(&ALL).collect();
    assert_eq!(declared.collect::<BTreeSet<_>>(), listed.iter().copied().collect());
    assert_eq!(listed.len(), listed.iter().collect::<BTreeSet<_>>().len(), "one is listed twice");
}

#[test]
fn texts_fit_where_they_are_shown() {
    for setting in described() {
        let Description { name, meaning, allowed, example, .. } = &setting;
        assert!(!meaning.ends_with('.'), "{name}");
        assert!(meaning.starts_with(char::is_uppercase), "{name}");
        assert!(![*meaning, allowed, example].iter().any(|text| text.contains(['|', '\n'])), "{name}: a table breaks");
    }
}
