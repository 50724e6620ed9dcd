//! More planted departures: circles of files inside a room, crates, SQL, constructors.

use crate::planted::{finds, found};

const NOTHING: [&str; 0] = [];

#[test]
fn a_circle_of_files_is_found() {
    finds(
        &[
            ("engine/mod.rs", "mod plan;\nmod write;\npub use plan::Plan;\npub use write::write;"),
            ("engine/plan.rs", "\nuse super::write;\npub struct Plan;"),
            ("engine/write.rs", "\n\nfn write(plan: crate::engine::Plan) {}"),
        ],
        "src/engine/plan.rs:2: files form a circle:\n    src/engine/plan.rs:2 imports src/engine/write.rs\n    \
         src/engine/write.rs:3 imports src/engine/plan.rs",
    );
}

#[test]
fn a_face_may_show_its_children_but_not_use_them_while_they_use_it() {
    let child = ("engine/plan.rs", "use super::Engine;\npub struct Plan(Engine);");
    let shows = ("engine/mod.rs", "mod plan;\npub use plan::Plan;\npub struct Engine;");
    assert_eq!(found(&[shows, child]), NOTHING);
    for uses in [
        "mod plan;\npub use plan::Plan;\npub struct Engine; fn run(plan: &Plan) {}",
        "mod plan;\nuse plan::Plan; pub struct Engine;",
        "mod plan;\n\npub struct Engine; fn run() { plan::run() }",
    ] {
        let found = found(&[("engine/mod.rs", uses), child]);
        assert!(found.len() == 1 && found[0].contains("src/engine/plan.rs:1 imports src/engine/mod.rs"), "{found:?}");
    }
}

#[test]
fn a_module_as_a_whole_is_no_arrow_but_what_is_named_in_it_is() {
    let write = ("engine/write.rs", "use super::load; fn write() { load::run() }");
    let face = ("engine/mod.rs", "mod load;\nmod write;");
    let load = ("engine/load/mod.rs", "mod rows;\npub use rows::run;\npub use super::write::write as other;");
    assert_eq!(found(&[face, write, load, ("engine/load/rows.rs", "pub fn run() {}")]), NOTHING);
    let rows = ("engine/load/rows.rs", "use super::super::write;\npub fn run() { write::write() }");
    finds(&[face, write, load, rows], "src/engine/write.rs:1: files form a circle:");
}

#[test]
fn a_crate_in_the_wrong_room_is_found() {
    let expected = "src/engine/mod.rs:2: `engine` may not name the crate `salvo`; only live may";
    for text in ["\nuse salvo::Request;", "\nuse salvo;", "fn run(\n request: &::salvo::Request) {}"] {
        finds(&[("engine/mod.rs", text)], expected);
    }
    finds(&[("engine/mod.rs", "#[derive(Debug)]\n#[salvo::handler] struct A;")], expected);
    assert_eq!(found(&[("live.rs", "use salvo::Request;"), ("engine.rs", "fn salvo() { let salvo = 1; }")]), NOTHING);
}

#[test]
fn sql_in_the_wrong_room_is_found() {
    let expected = "src/live.rs:2: no SQL may stand in this file; it may in engine";
    for text in [
        "fn run() {\n sqlx::query!(\"SELECT 1\"); }",
        "\nuse sqlx::{Pool, query_as as ask};",
        "\nfn run(query: &mut sqlx::QueryBuilder<sqlx::Postgres>) {}",
        "\nconst ALL: &str = \"SELECT id FROM tasks\";",
        "\nuse sqlx::*;",
    ] {
        finds(&[("live.rs", text)], expected);
    }
    let fine = "use sqlx::PgPool; const TEXT: &str = \"SELECT\"; const MORE: &str = \"Update tasks at will\";";
    assert_eq!(found(&[("live.rs", fine)]), NOTHING);
}

#[test]
fn a_write_in_the_wrong_room_is_found() {
    for statement in [
        "UPDATE tasks SET a = 1",
        "WITH own AS (\n SELECT 1\n), upd AS (\n UPDATE tasks t\n SET a = 1 RETURNING t.*)\n SELECT 2",
        "WITH gone AS (DELETE FROM tasks AS t USING own o) SELECT 1",
        "INSERT INTO tasks(id) VALUES ($1)",
        "update only public.tasks as t set a = 1",
        "SELECT 1; TRUNCATE TABLE \\\"tasks\\\"",
    ] {
        let text = format!("fn run() {{\n sqlx::query!(\"{statement}\"); }}");
        let found = found(&[("live.rs", &text)]);
        let expected = "src/live.rs:2: the table `tasks` may not be written here; it may in engine";
        assert!(found.iter().any(|finding| finding.starts_with(expected)), "{statement}: {found:?}");
        assert_eq!(crate::planted::found(&[("engine.rs", &text)]), NOTHING, "{statement}");
    }
    finds(
        &[("engine.rs", "fn run() { query!(\"INSERT \" + \"INTO rooms (id) VALUES (1)\"); }")],
        "src/engine.rs:1: the table `rooms` is written, but tests/floor_plan/table.txt does not say who may",
    );
}

#[test]
fn a_call_of_a_function_that_writes_is_found() {
    let text = "\nconst A: &str = \"EXPLAIN SELECT taskwire_write($1)\"; // taskwire_note(is a comment)";
    finds(
        &[("live.rs", text)],
        "src/live.rs:2: the function `taskwire_write` may not be called here; it may in engine",
    );
    assert_eq!(found(&[("engine.rs", text)]), NOTHING);
}

#[test]
fn a_lock_and_a_conflict_write_nothing() {
    let text = r#"const A: &str = r"SELECT a FROM rooms r FOR NO KEY UPDATE OF r";
        const B: &str = "INSERT INTO owners AS o (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = o.id";
        const C: &str = "SELECT a FROM rooms FOR UPDATE SKIP LOCKED";"#;
    assert_eq!(found(&[("engine.rs", text)]), NOTHING);
}

#[test]
fn a_constructor_called_elsewhere_is_found() {
    let owner = ("model.rs", "pub struct OwnerId(u8);\nimpl OwnerId { pub fn verified(id: u8) -> Self { Self(id) } }");
    let expected = "src/live.rs:2: `OwnerId::verified` may not be called here; it may in engine/rules.rs";
    for text in [
        "use crate::model::OwnerId;\nfn run() { OwnerId::verified(1); }",
        "use crate::model::OwnerId as Id;\nfn run() { Id::verified(1); }",
        "\nfn run() { crate::model::OwnerId::verified(1); }",
    ] {
        finds(&[owner, ("live.rs", text)], expected);
    }
    let rules = ("engine/rules.rs", "use crate::model::OwnerId; fn run() { OwnerId::verified(1); }");
    assert_eq!(found(&[owner, ("engine/mod.rs", "mod rules;"), rules]), NOTHING);
}

#[test]
fn a_constructor_that_the_table_does_not_know_is_found() {
    let text = "pub struct OwnerId(u8);
        impl OwnerId { pub fn as_self(&self) -> &Self { self }\n #[cfg(test)] fn for_tests() -> Self { Self(1) } }
        impl From<u8> for OwnerId {\n fn from(id: u8) -> Self { Self(id) } }";
    finds(&[("model.rs", text)], "src/model.rs:5: `OwnerId::from` returns a new `OwnerId`");
}
