//! The functions of the database: their sources are what the migrations have made, and Postgres finds no
//! fault in them.

use std::fs;
use std::path::Path;

use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};

use crate::kit::TestDatabase;

/// The definition of every function of Taskwire, by name.
async fn definitions(connection: &mut PgConnection) -> Vec<(String, String)> {
    let all = "SELECT proname::text, pg_get_functiondef(oid) FROM pg_proc
               WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'taskwire%' ORDER BY 1, 2";
    let rows = connection.fetch_all(all).await.expect("Postgres lists its functions");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The sources, file by file.
pub fn sources() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/functions");
    let files = fs::read_dir(folder).expect("the sources are there").map(|file| file.expect("a file").path());
    files.map(|file| fs::read_to_string(file).expect("text")).collect()
}

#[tokio::test]
async fn the_sources_are_the_functions_of_the_database() {
    let database = TestDatabase::new().await;
    let mut connection = database.connection().await;
    let migrated = definitions(&mut connection).await;
    for source in sources() {
        let source = source.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION");
        connection.execute(AssertSqlSafe(source)).await.expect("a source can be loaded");
    }
    for ((name, migrated), (of_source, source)) in migrated.iter().zip(definitions(&mut connection).await) {
        assert_eq!(*name, of_source, "a function has a source but no migration");
        assert_eq!(*migrated, source, "migrations/functions and the migrations differ: add a migration");
    }
    let text = sources().concat();
    for (name, _) in migrated {
        assert!(text.contains(&format!("CREATE FUNCTION {name}(")), "{name} has no source in migrations/functions");
    }
}

#[tokio::test]
async fn postgres_finds_no_fault_in_a_function() {
    let database = TestDatabase::new().await;
    let mut connection = database.connection().await;
    connection.execute("CREATE EXTENSION plpgsql_check").await.expect("make programs installs plpgsql_check");
    let faults = "SELECT p.proname || ', line ' || COALESCE(f.lineno::text, '?') || ': ' || f.message || COALESCE(': ' || f.detail, '')
                  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql',
                       LATERAL plpgsql_check_function_tb(
                           p.oid, COALESCE((SELECT tgrelid FROM pg_trigger t WHERE t.tgfoid = p.oid LIMIT 1), 0),
                           extra_warnings => true, performance_warnings => false) f
                  WHERE p.proname LIKE 'taskwire%'";
    let faults: Vec<String> =
        connection.fetch_all(faults).await.expect("the check runs").iter().map(|row| row.get(0)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    // The check is checked: it must find a column that does not exist.
    let broken = "CREATE FUNCTION taskwire_broken() RETURNS void LANGUAGE plpgsql AS
                  'BEGIN UPDATE tasks SET no_such_column = 1; END'";
    connection.execute(broken).await.expect("Postgres itself does not look into a body");
    let found = "SELECT count(*) FROM plpgsql_check_function_tb('taskwire_broken()')";
    assert!(connection.fetch_one(found).await.expect("the check runs").get::<i64, _>(0) > 0);
}

#[tokio::test]
async fn words_are_searchable_the_same_with_and_without_folding() {
    let database = TestDatabase::new().await;
    let mut connection = database.connection().await;
    // The title decides which way is taken, and the same text is folded if there is one letter that needs it.
    let differs = r#"
        SELECT text FROM (
            SELECT string_agg(substr(E'abcXYZ0123456789   ,;!()"''\n..ee-/@_:', 1 + (random() * 41)::int, 1), '') AS text
            FROM generate_series(1, 3000) AS number, generate_series(1, 24) AS letter GROUP BY number
            UNION ALL SELECT chr(letter) || 'a ' || chr(letter) || ' b' || chr(letter) || 'c.' FROM generate_series(1, 127) AS letter
        ) AS texts
        WHERE taskwire_searchable(text, 'Some prose. It ends.')
              <> setweight(to_tsvector('simple', taskwire_folded(text)), 'A')
                 || setweight(to_tsvector('simple', taskwire_folded('Some prose. It ends.')), 'B')
        LIMIT 5"#;
    let differ: Vec<String> =
        connection.fetch_all(differs).await.expect("both ways work").iter().map(|row| row.get(0)).collect();
    assert!(differ.is_empty(), "{differ:?}");
}
