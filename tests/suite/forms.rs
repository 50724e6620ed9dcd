//! Forms of statements that Citus refuses on the tables it knows, in the committed statements and in the functions. The
//! check reads words, not grammar: a parser of Postgres' grammar for Rust compiles Postgres' own, which takes minutes.
//! It knows the few forms that were refused. Whether a statement stays on one node is tested by `one_node`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sqlx::{Connection, Executor, Row};

use crate::functions::sources;
use crate::kit::TestDatabase;

/// Values that depend on the time and are written without parentheses.
const CLOCKS: [&str; 5] = ["current_timestamp", "current_date", "current_time", "localtimestamp", "localtime"];

/// Splits SQL into lower-case words and single symbols. Leaves out comments, string literals and quoted names; the
/// body of a function is SQL too.
fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '\'' || first == '"' {
            rest[1..].find(first).map_or(rest.len(), |end| end + 2)
        } else {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = if word == 0 { first.len_utf8() } else { word };
            if !first.is_whitespace() {
                words.push(rest[..length].to_lowercase());
            }
            length
        };
        rest = &rest[length..];
    }
    words
}

/// The words from `start` to the end of the clause: to one of these words at the same depth, or out of it.
fn clause<'a>(words: &'a [String], start: usize, ends: &[&str]) -> &'a [String] {
    let mut depth = 0;
    let words = &words[start.min(words.len())..];
    let end = words.iter().position(|word| {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        depth < 0 || (depth == 0 && (word == ";" || ends.contains(&word.as_str())))
    });
    &words[..end.unwrap_or(words.len())]
}

/// What the words call that is not immutable.
fn changing<'a>(words: &'a [String], not_immutable: &'a BTreeSet<String>) -> impl Iterator<Item = String> + 'a {
    words.iter().enumerate().filter_map(move |(at, word)| {
        let next = words.get(at + 1).map(String::as_str);
        let before = at.checked_sub(1).and_then(|before| words.get(before)).map(String::as_str);
        if next == Some("(") && not_immutable.contains(word) || CLOCKS.contains(&word.as_str()) {
            Some(format!("{word}()"))
        } else if ["interval", "make_interval"].contains(&word.as_str()) && matches!(before, Some("+" | "-")) {
            Some("a time ± an interval".to_owned())
        } else {
            None
        }
    })
}

/// The refused forms in a text.
fn refused(sql: &str, tables: &BTreeSet<String>, not_immutable: &BTreeSet<String>) -> BTreeSet<String> {
    let words = words(sql);
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let mut found = BTreeSet::new();
    // The table that the present statement writes.
    let mut written = String::new();
    for at in 0..words.len() {
        let before = if at == 0 { "" } else { word(at - 1) };
        let target = match (before, word(at)) {
            ("for" | "do" | "key", "update") | ("for", "no") => continue,
            (_, "update") | ("insert", "into") | ("delete", "from") => word(at + 1),
            _ => "",
        };
        if !target.is_empty() {
            target.clone_into(&mut written);
        }
        let known = tables.contains(&written);
        // `SET` of a function's definition is none of these.
        let (name, clause) = match word(at) {
            "set" if known => ("SET", clause(&words, at + 1, &["from", "where", "returning"])),
            "returning" if known => ("RETURNING", clause(&words, at + 1, &["into"])),
            "as" | "materialized" if word(at + 1) == "(" => ("WITH", clause(&words, at + 2, &[])),
            _ => continue,
        };
        if name == "WITH" {
            let begins_with =
                |start: &[&str]| clause.iter().zip(start).filter(|(word, start)| word == start).count() == start.len();
            if begins_with(&["insert", "into"]) && clause.get(2).is_some_and(|table| tables.contains(table)) {
                found.insert("INSERT in WITH".to_owned());
            }
            let outer = outermost(clause);
            let locks =
                outer.windows(2).any(|pair| pair[0] == "for" && ["update", "share", "no", "key"].contains(&pair[1]));
            let from = outer.iter().position(|word| *word == "from").unwrap_or(outer.len());
            let to = outer.iter().position(|word| *word == "where").unwrap_or(outer.len()).max(from);
            if begins_with(&["select"]) && locks && outer[from..to].iter().any(|word| ["join", ","].contains(word)) {
                found.insert("WITH that joins and locks".to_owned());
            }
        } else {
            found.extend(changing(clause, not_immutable).map(|what| format!("{what} in {name} of {written}")));
        }
    }
    found
}

/// The words outside of parentheses.
fn outermost(words: &[String]) -> Vec<&str> {
    let mut depth = 0;
    let outside = words.iter().filter(|word| {
        depth += i32::from(*word == "(");
        let outside = depth == 0;
        depth -= i32::from(*word == ")");
        outside
    });
    outside.map(String::as_str).collect()
}

/// The tables that Citus knows, and the functions of which no variant is immutable, both from a migrated database.
async fn catalogue() -> (BTreeSet<String>, BTreeSet<String>) {
    let database = TestDatabase::new().await;
    let mut connection = database.connection().await;
    let mut names = async |statement: &'static str| -> BTreeSet<String> {
        let rows = connection.fetch_all(statement).await.expect("the catalogue can be read");
        rows.iter().map(|row| row.get(0)).collect()
    };
    let tables =
        names("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'");
    let tables = tables.await;
    let functions = "SELECT proname::text FROM pg_proc GROUP BY proname HAVING bool_and(provolatile <> 'i')";
    let functions = names(functions).await;
    connection.close().await.expect("the connection closes");
    (tables, functions)
}

#[tokio::test]
async fn no_statement_has_a_form_that_a_distributed_database_refuses() {
    let (tables, functions) = catalogue().await;
    assert!(functions.contains("clock_timestamp") && functions.contains("taskwire_next_time"));
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = fs::read_dir(data).expect("the query data is there").map(|file| file.expect("a file").path());
    let statements = files.map(|file| {
        let data: Value = serde_json::from_slice(&fs::read(file).expect("a file")).expect("JSON");
        data["query"].as_str().expect("a statement").to_owned()
    });
    // What the last release calls does not exist on a distributed database.
    let functions_of_this_release =
        sources().into_iter().filter(|source| !source.contains("taskwire_log_change_of_last_release"));
    let mut checked = 0;
    for sql in statements.chain(functions_of_this_release) {
        let found = refused(&sql, &tables, &functions);
        assert!(found.is_empty(), "{found:?} in\n{sql}");
        checked += 1;
    }
    assert!(checked > 90, "only {checked} statements");
}

#[tokio::test]
async fn each_planted_form_is_found() {
    let (tables, functions) = catalogue().await;
    let planted = [
        ("UPDATE owners SET last_at = clock_timestamp() WHERE owner_id = $1", "clock_timestamp() in SET of owners"),
        ("UPDATE tasks t SET updated_at = now(), title = 'x' FROM owners o WHERE true", "now() in SET of tasks"),
        ("UPDATE owners SET last_at = CURRENT_TIMESTAMP", "current_timestamp() in SET of owners"),
        ("UPDATE owners SET last_at = taskwire_next_time(last_at)", "taskwire_next_time() in SET of owners"),
        (
            "INSERT INTO owners AS o (owner_id) VALUES ($1) ON CONFLICT (owner_id) DO UPDATE
             SET last_at = o.last_at + interval '1 microsecond' WHERE true",
            "a time ± an interval in SET of owners",
        ),
        ("UPDATE attempts SET last_at = last_at - make_interval(secs => 3)", "a time ± an interval in SET of attempts"),
        (
            "WITH h AS (UPDATE revocation_head SET last_seq = last_seq + 1 RETURNING last_seq, clock_timestamp() AS at) SELECT 1",
            "clock_timestamp() in RETURNING of revocation_head",
        ),
        ("DELETE FROM trash WHERE true RETURNING to_jsonb(trash)", "to_jsonb() in RETURNING of trash"),
        ("WITH new AS (INSERT INTO tasks (id) VALUES ($1)) SELECT 1", "INSERT in WITH"),
        (
            "WITH own AS MATERIALIZED (SELECT 1 FROM owners o JOIN history h ON true FOR NO KEY UPDATE) SELECT 1",
            "WITH that joins and locks",
        ),
        (
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
             BEGIN UPDATE trash SET deleted_at = clock_timestamp(); END $$",
            "clock_timestamp() in SET of trash",
        ),
    ];
    for (sql, form) in planted {
        assert_eq!(refused(sql, &tables, &functions), BTreeSet::from([form.to_owned()]), "{sql}");
    }
    let accepted = [
        "INSERT INTO owners AS o VALUES ($1, 0, clock_timestamp()) ON CONFLICT (owner_id) DO UPDATE SET last_at = o.last_at",
        "UPDATE owners SET last_at = taskwire_time_after(last_at) -- now()",
        "UPDATE owners SET last_at = $2 WHERE last_at < now()",
        "WITH oldest AS (SELECT id FROM trash WHERE id IN ($1, $2) FOR UPDATE SKIP LOCKED) SELECT 1",
    ];
    for sql in accepted {
        assert_eq!(refused(sql, &tables, &functions), BTreeSet::new(), "{sql}");
    }
}
