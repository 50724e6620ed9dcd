//! `SECURITY.md` names a test for each requirement. Each named test must exist, and a requirement
//! without a test must be marked as open.

use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The text of all Rust files under a directory.
pub fn sources(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "node_modules") {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).expect("text"));
        }
    }
}

/// Whether a name exists as a file, a module of the suite, or a test. `…` may stand for a part of a
/// test's name.
fn exists(name: &str, sources: &str) -> bool {
    let root = Path::new(ROOT);
    if name.contains('/') {
        return root.join(name).exists();
    }
    let test = name.rsplit("::").next().unwrap_or(name);
    let is_there = |line: &str| line.contains("fn ") && test.split('…').all(|part| line.contains(part));
    root.join(format!("tests/suite/{name}.rs")).exists() || sources.lines().any(is_there)
}

#[test]
fn each_requirement_names_a_test_that_is_there_or_is_open() {
    let table = fs::read_to_string(Path::new(ROOT).join("SECURITY.md")).expect("the table");
    let mut text = String::new();
    sources(&Path::new(ROOT).join("src"), &mut text);
    sources(&Path::new(ROOT).join("tests"), &mut text);
    let mut rows = 0;
    for row in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [requirement, how, tests] = cells[..] else { panic!("not three cells: {row}") };
        if requirement == "requirement" {
            continue;
        }
        rows += 1;
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty() || how.contains("**open**"), "{requirement}: neither a test nor open");
        for name in names {
            assert!(exists(name, &text), "{requirement}: {name} does not exist");
        }
    }
    assert!(rows > 50, "{rows} rows");
}
