//! Small source trees with departures from the plan, which the checks must find, and with code that only
//! looks like a departure, which they must accept.

use crate::table::Table;
use crate::tree::Tree;
use crate::{check, departures};

const TABLE: &str = "
    model  :
    engine : model
    live   : engine model
    main   : live
    lib    :
    crate salvo : live
    statements : engine
    write tasks owners : engine
    call taskwire_write : engine
    construct OwnerId::verified : engine/rules.rs";

pub fn tree(files: &[(&str, &str)]) -> Tree {
    let root = ("lib.rs", "");
    let files: Vec<(String, String)> =
        [root].iter().chain(files).map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Tree::of(&files).expect("the files are Rust")
}

/// What the checks find in these files. Unused permissions are left out, because so few files leave many
/// unused.
pub fn found(files: &[(&str, &str)]) -> Vec<String> {
    let table = Table::parse(TABLE).expect("the table is well formed");
    departures(&tree(files), &table).iter().map(ToString::to_string).collect()
}

/// The checks find exactly one departure, and its text begins like this.
#[track_caller]
pub fn finds(files: &[(&str, &str)], expected: &str) {
    let found = found(files);
    assert!(matches!(&found[..], [one] if one.starts_with(expected)), "found {found:#?}, expected {expected}");
}

/// With this text, a file of `model` imports the higher room `live` on line 2.
#[track_caller]
fn leads_up(text: &str) {
    let expected =
        "src/model/task.rs:2: `model` may not import `live`; it may import nothing (tests/floor_plan/table.txt)";
    finds(&[("model/mod.rs", "mod task;"), ("model/task.rs", text), ("live.rs", "pub struct Hub;")], expected);
}

#[test]
fn an_arrow_up_is_found_however_it_is_written() {
    leads_up("\nuse crate::live::Hub;");
    leads_up("\nuse super::super::live::Hub as Other;");
    leads_up("use crate::{model::{self},\n live::{self as other}};");
    leads_up("fn run() {\n crate::live::run(); }");
    leads_up("fn run() {\n println!(\"{}\", crate::live::Hub::NAME); }");
    leads_up("fn run(hub:\n Option<&'static super::super::live::Hub>) {}");
    leads_up("#[derive(Deserialize)] struct Task {\n #[serde(with = \"crate::live::hub\")] hub: u8 }");
    leads_up("mod inner {\n pub(in super::super) fn run() { super::super::super::live::run() } }");
    leads_up("#[cfg(test)] mod tests { use crate::live::Hub; }\nuse crate::live::Hub;");
    leads_up("macro_rules! run { () => {\n $crate::live::run() } }");
}

#[test]
fn an_alias_of_the_root_hides_nothing() {
    let files = [("model/mod.rs", "use crate as root;\nfn run() { root::live::run() }"), ("live.rs", "")];
    finds(&files, "src/model/mod.rs:2: `model` may not import `live`");
    finds(&[("model/mod.rs", "\nuse crate::*;")], "src/model/mod.rs:2: `model` may not import `*`");
}

#[test]
fn the_program_imports_the_library() {
    finds(
        &[("main.rs", "use taskwire::live::Hub;\nuse taskwire::engine::run;"), ("live.rs", ""), ("engine.rs", "")],
        "src/main.rs:2: `main` may not import `engine`; it may import live",
    );
}

#[test]
fn a_file_outside_the_plan_is_found() {
    finds(&[("cellar/mod.rs", "")], "src/cellar/mod.rs:1: `cellar` is no room of the floor plan");
}

#[test]
fn comments_strings_and_tests_count_for_nothing() {
    let text = "//! crate::live::Hub\n/// [`crate::live`]\nstruct Task; // use crate::live;\n
        const TEXT: &str = \"use crate::live;\";
        #[cfg(test)] use crate::live::Hub;
        #[cfg(test)] impl Task { fn run() { crate::live::run(); } }
        #[cfg(all(test, unix))] pub(crate) fn run() { salvo::run(); }
        #[cfg(test)] mod properties;
        #[cfg(test)] mod tests { use crate::live::Hub; const SQL: &str = \"UPDATE tasks SET a = 1\"; }";
    let tests = ("model/task/properties.rs", "use crate::live::Hub;");
    assert_eq!(found(&[("model/mod.rs", "mod task;"), ("model/task.rs", text), tests, ("live.rs", "")]), [""; 0]);
}

#[test]
fn a_re_export_of_another_room_is_found() {
    for text in ["\npub use crate::model::Task;", "\npub(crate) use crate::{model::{Id, *}};"] {
        let found = found(&[("engine/mod.rs", text), ("model.rs", "pub struct Task;")]);
        assert!(
            found[0].starts_with("src/engine/mod.rs:2: a `pub use` of `model` hides who imports `model`"),
            "{found:?}"
        );
    }
    finds(&[("live.rs", "pub use salvo::Request;")], "src/live.rs:1: a `pub use` of `salvo`");
}

#[test]
fn a_circle_in_the_table_is_found() {
    let table =
        Table::parse("model : live\nengine : model\nlive : engine\ncrate salvo : attic").expect("is well formed");
    let found: Vec<String> = table.check().iter().map(ToString::to_string).collect();
    let path = "tests/floor_plan/table.txt";
    assert_eq!(
        found,
        [
            format!("{path}:4: there is no room `attic`"),
            format!("{path}:1: the rooms form a circle: model → live → engine → model"),
        ]
    );
}

#[test]
fn a_permission_that_nothing_needs_is_found() {
    let tree = tree(&[("engine.rs", "use crate::model::Task;"), ("model.rs", "pub struct Task;")]);
    let table = Table::parse("lib :\nmodel :\nlive :\nengine : model live").expect("is well formed");
    let found = check(&tree, &table);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "tests/floor_plan/table.txt:4: nothing needs `live` in the line of `engine`; remove it"
    );
}
