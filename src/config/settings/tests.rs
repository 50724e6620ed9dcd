//! The table is complete, and its defaults and examples can be given as settings.

use std::collections::BTreeSet;

use super::super::{
    arguments::Settings,
    secret::scratch::ScratchDir,
    setting::{DefaultText, Description},
};
use super::*;

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

#[test]
fn the_defaults_shown_are_the_real_ones() {
    let dir = ScratchDir::new();
    let resolved = |settings: Settings| {
        let settings = settings.with("DATA_DIR", dir.0.to_str().unwrap());
        format!("{:#?}", settings.resolve().unwrap())
    };
    let shown = described().filter_map(|setting| match setting.default {
        DefaultText::Value(value) => Some((setting.name, value)),
        DefaultText::Words(_) => None,
    });
    let shown = shown.fold(Settings::default(), |settings, (name, value)| settings.with(name, value));
    assert_eq!(resolved(shown), resolved(Settings::default()));
}

#[test]
fn examples_are_allowed() {
    for Description { name, example, .. } in described() {
        let settings = Settings::default().with("DATABASE_URL", "postgres://db/tasks").with(name, example);
        let message = settings.resolve().err().map(|errors| errors.to_string()).unwrap_or_default();
        let wrong = message.lines().find(|line| line.starts_with(&format!("{name} (")));
        match name {
            // A shell puts a secret in its place; taken literally, it is too short to be one.
            "JWT_SECRET" => assert!(message.contains("is only"), "{message}"),
            "JWT_PUBLIC_KEY_FILE" | "ISSUERS_FILE" => assert!(message.contains("cannot be read"), "{message}"),
            _ => assert_eq!(wrong, None),
        }
    }
}
