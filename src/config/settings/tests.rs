//! Flags, files and help name the same settings, and nobody sees a secret.

use std::{collections::BTreeMap, fs, path::Path};

use clap::{Arg, Args as _, Command, FromArgMatches as _};

use super::*;
use crate::config::secret::scratch::ScratchDir;

const ENV_EXAMPLE: &str = ".env.example";
/// The file with the table of settings.
const TABLE: &str = "docs/CONFIGURATION.md";

#[test]
fn flags_files_and_help_agree() {
    let (args, examples, table) = (args(), examples(), table());
    let names: Vec<_> = args.keys().collect();
    assert_eq!(names, examples.keys().collect::<Vec<_>>(), "{ENV_EXAMPLE}");
    assert_eq!(names, table.keys().collect::<Vec<_>>(), "{TABLE}");

    for (name, arg) in &args {
        let (example, row) = (&examples[name], &table[name]);
        assert_eq!(arg.get_long(), flag(name).strip_prefix("--"), "{name}");
        assert_eq!(row.flag, format!("`{}`", flag(name)), "{name}");

        let help = arg.get_help().unwrap().to_string();
        let (meaning, default) = help.split_once(" [default: ").expect(name);
        if !example.default.is_empty() {
            assert_eq!(default, format!("{}]", example.default), "{name}");
            assert_eq!(row.default, format!("`{}`", example.default), "{name}");
        }
        assert_eq!(range(&example.meaning), range(meaning), "{ENV_EXAMPLE}: {name}");
        assert_eq!(range(&row.meaning), range(meaning), "{TABLE}: {name}");
    }
}

#[test]
fn the_defaults_in_the_example_are_the_real_ones() {
    let dir = ScratchDir::new();
    let in_scratch = |mut settings: Settings| {
        settings.token.data_dir = dir.0.to_str().map(str::to_owned);
        format!("{:#?}", settings.resolve().unwrap())
    };
    // Given as flags, which win over whatever the environment of the test holds.
    let flags = examples().into_iter().map(|(name, example)| format!("{}={}", flag(&name), example.default));
    let command = Settings::augment_args(Command::new("serve").no_binary_name(true));
    let example = Settings::from_arg_matches(&command.try_get_matches_from(flags).unwrap()).unwrap();
    assert_eq!(in_scratch(example), in_scratch(Settings::default()));
}

#[test]
fn help_hides_secrets() {
    for (name, arg) in args() {
        let secret = ["JWT_SECRET", "DATABASE_URL", "DATABASE_DIRECT_URL"];
        assert_eq!(arg.is_hide_env_values_set(), secret.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn every_part_can_be_a_command_of_its_own() {
    TokenSettings::augment_args(Command::new("token")).debug_assert();
    LogSettings::augment_args(Command::new("watch")).debug_assert();
    Settings::augment_args(Command::new("serve")).debug_assert();
}

fn args() -> BTreeMap<String, Arg> {
    let command = Settings::augment_args(Command::new("serve"));
    let with_name = |arg: &Arg| Some((arg.get_env()?.to_str()?.to_owned(), arg.clone()));
    command.get_arguments().filter_map(with_name).collect()
}

fn flag(name: &str) -> String {
    format!("--{}", name.to_lowercase().replace('_', "-"))
}

/// The first "1 to 1000" in a text.
fn range(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(' ').map(|word| word.trim_end_matches([',', ';', '.'])).collect();
    let numbers = |words: &&[&str]| words[1] == "to" && words[0].starts_with(|c: char| c.is_ascii_digit());
    words.windows(3).find(numbers).map(|words| words.join(" "))
}

struct Example {
    default: String,
    meaning: String,
}

/// The lines `#NAME=default`, and the comments before them, which have a space after their `#`.
fn examples() -> BTreeMap<String, Example> {
    let mut examples = BTreeMap::new();
    let mut comment = Vec::new();
    let file = read(ENV_EXAMPLE);
    for line in file.lines() {
        match line.strip_prefix('#').map(|line| (line, line.split_once('='))) {
            None => comment.clear(),
            Some((_, Some((name, default)))) if !name.contains(' ') => {
                let example = Example { default: default.to_owned(), meaning: comment.join(" ") };
                examples.insert(name.to_owned(), example);
            }
            Some((line, _)) => comment.push(line.trim()),
        }
    }
    examples
}

struct Row {
    flag: String,
    default: String,
    meaning: String,
}

/// The rows "| `NAME` | `--flag` | default | meaning |".
fn table() -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for line in read(TABLE).lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let ["", name, flag, default, meaning, ""] = cells[..]
            && flag.starts_with("`--")
        {
            let [flag, default, meaning] = [flag, default, meaning].map(str::to_owned);
            rows.insert(name.trim_matches('`').to_owned(), Row { flag, default, meaning });
        }
    }
    rows
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}
