//! `taskwire distribute`, against functions that record what Citus would be told: nothing of the schema is forgotten,
//! and each reason why it cannot be done is named before anything changes. Citus itself is not there.

use std::collections::BTreeSet;
use std::process::Output;
use std::sync::Arc;

use sqlx::Executor;

use crate::kit::{Options, PretendedCitus, SECRET, Scratch, TestDatabase, TestServer, run, taskwire};

/// What belongs to users and is not distributed: the directory of who may sign in, which is unique among all users,
/// and the revocations, which every node reads.
const DIRECTORY: [&str; 4] = ["accounts", "api_tokens", "revocations", "sessions"];

const TABLES: &str = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                      AND relname NOT LIKE 'pg_dist%' AND relname <> '_sqlx_migrations' ORDER BY 1";
const WITH_OWNER: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'owner_id'
                          ORDER BY 1";
/// What only servers of the last release call.
const LAST_RELEASE: &str = include_str!("../../migrations/functions/last_release.sql");

async fn distribute(database: &TestDatabase, arguments: &[&str]) -> Output {
    let scratch = Scratch::new();
    let mut command = taskwire(&scratch, [&["distribute"], arguments].concat());
    command.env("DATABASE_URL", database.url()).env("JWT_SECRET", SECRET);
    run(&mut command).await
}

/// Distributes in vain, and returns the message.
async fn refusal(database: &TestDatabase) -> String {
    let output = distribute(database, &[]).await;
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("text")
}

#[tokio::test]
async fn everything_of_an_owner_is_distributed_by_owner_and_nothing_is_forgotten() {
    let database = Arc::new(TestDatabase::new().await);
    let citus = PretendedCitus::on(&database).await;
    let output = distribute(&database, &["--shards", "48"]).await;
    assert!(output.status.success(), "{output:?}");

    // Every table that has an owner, but for the directory, and colocated with the first.
    let calls = citus.tables().await;
    let by_owner: Vec<&String> = calls.iter().filter(|call| call.starts_with("create_distributed_table")).collect();
    assert_eq!(by_owner[0], "create_distributed_table owners by owner_id beside default");
    let colocated: BTreeSet<String> = by_owner[1..].iter().map(|call| (*call).clone()).collect();
    let expected = citus.texts(WITH_OWNER).await.into_iter().filter(|table| !DIRECTORY.contains(&table.as_str()));
    let expected = expected.filter(|table| table != "owners");
    let expected = expected.map(|table| format!("create_distributed_table {table} by owner_id beside owners"));
    assert_eq!(colocated, expected.collect());
    assert_eq!(citus.texts("SELECT DISTINCT shards FROM cluster.tables WHERE shards IS NOT NULL").await, ["48"]);

    // Citus knows every table, once.
    let mut known: Vec<&str> = calls.iter().filter_map(|call| call.split(' ').nth(1)).collect();
    known.sort_unstable();
    assert_eq!(known, citus.texts(TABLES).await);

    // Every function is on all nodes. Those that run statements on an owner's rows run where the rows are.
    let functions = citus.functions().await;
    let names: Vec<&str> = functions.iter().map(|call| call.function.as_str()).collect();
    let all = "SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'taskwire%' AND prorettype <> 'trigger'::regtype
               ORDER BY 1";
    assert_eq!(names, citus.texts(all).await);
    let of_owner = "SELECT oid::regprocedure::text FROM pg_proc
                    WHERE proname LIKE 'taskwire%' AND provolatile <> 'i' AND proargnames[1] LIKE '%owner%' ORDER BY 1";
    let forced = functions.iter().filter(|call| call.forced);
    assert_eq!(forced.map(|call| call.function.clone()).collect::<Vec<_>>(), citus.texts(of_owner).await);
    for call in functions {
        assert_eq!(call.parameter.as_deref(), call.forced.then_some("p_owner"), "{}", call.function);
        assert_eq!(call.beside, if call.forced { "owners" } else { "default" }, "{}", call.function);
    }

    // What Citus refuses, and only servers of the last release need, is gone.
    assert_eq!(citus.texts("SELECT relname::text FROM pg_class WHERE relname = 'task_changes'").await, [""; 0]);
    let triggers = citus.texts("SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal").await;
    assert_eq!(triggers, ["owners_not_just_deleted"]);
    let left = citus.texts("SELECT proname::text FROM pg_proc WHERE proname LIKE 'taskwire%'").await;
    let of_last_release = LAST_RELEASE.split("CREATE FUNCTION ").skip(1).filter_map(|text| text.split('(').next());
    let left: Vec<&str> = of_last_release.filter(|name| left.iter().any(|left| left == name)).collect();
    assert_eq!(left, [""; 0]);

    // This release needs nothing of it.
    let server = TestServer::on(database.clone(), Options::default()).await;
    server.user("ada").create("after it").await;
    assert_eq!(server.user("ada").log().await.len(), 1);
}

#[tokio::test]
async fn a_database_without_citus_is_left_as_it_is() {
    let database = TestDatabase::new().await;
    assert!(refusal(&database).await.contains("has no Citus extension"));
    let view = "SELECT 1 FROM task_changes LIMIT 1";
    database.connection().await.fetch_optional(view).await.expect("servers of the last release still work");
}

#[tokio::test]
async fn only_the_coordinator_can_distribute() {
    let database = TestDatabase::new().await;
    let citus = PretendedCitus::on(&database).await;
    citus.run("UPDATE pg_dist_local_group SET groupid = 3").await;
    assert!(refusal(&database).await.contains("not the coordinator"));
}

#[tokio::test]
async fn nothing_is_distributed_while_servers_run() {
    let database = Arc::new(TestDatabase::new().await);
    let server = TestServer::on(database.clone(), Options::default()).await;
    let citus = PretendedCitus::on(&database).await;
    assert!(refusal(&database).await.contains("stop all servers first"));
    assert_eq!(citus.tables().await, [""; 0]);
    server.user("ada").create("still there").await;
}

#[tokio::test]
async fn a_database_is_distributed_once() {
    let database = TestDatabase::new().await;
    let citus = PretendedCitus::on(&database).await;
    assert!(distribute(&database, &[]).await.status.success());
    let calls = citus.tables().await;
    assert!(refusal(&database).await.contains("distributed already"));
    assert_eq!(citus.tables().await, calls);
}

#[tokio::test]
async fn a_table_that_nobody_has_thought_of_is_named() {
    let database = TestDatabase::new().await;
    let citus = PretendedCitus::on(&database).await;
    citus.run("CREATE TABLE notes (owner_id text)").await;
    assert!(refusal(&database).await.contains("the table notes is not known"));
    assert_eq!(citus.tables().await, [""; 0]);
}

#[tokio::test]
async fn a_distribution_that_failed_half_way_is_continued() {
    let database = TestDatabase::new().await;
    let citus = PretendedCitus::on(&database).await;
    for failing in ["trash", "accounts"] {
        let fail = format!("INSERT INTO cluster.failing VALUES ('{failing}')");
        database.connection().await.execute(sqlx::AssertSqlSafe(fail)).await.expect("an insert");
        let message = refusal(&database).await;
        assert!(message.contains(failing) && message.contains("a node cannot be reached"), "{message}");
        citus.run("DELETE FROM cluster.failing").await;
    }
    assert!(distribute(&database, &[]).await.status.success());
    let mut known: Vec<String> =
        citus.tables().await.iter().filter_map(|call| Some(call.split(' ').nth(1)?.to_owned())).collect();
    known.sort_unstable();
    assert_eq!(known, citus.texts(TABLES).await);
}
