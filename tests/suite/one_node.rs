//! Every statement of a request reads and writes the rows of one owner only, and shows it to the planner. A database
//! that is distributed by owner can then run it on one node. Here the owners' tables are partitioned by owner on one
//! Postgres, and its plans name the parts that they touch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::Utc;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::authorization_walk::{LAST, Parameters, guarded, request};
use crate::functions::sources;
use crate::kit::{Notices, Options, PretendedCitus, TestDatabase, TestServer, at};
use crate::plans::{combinations, seed};

const PARTITION: &str = include_str!("kit/one_node.sql");

/// The URL parameters that make connections report each plan, also of the statements in functions. Each run has a
/// plan of its own: on a distributed database, too, the owner is known when a statement is sent to a node.
const TELL: &str = "&options[session_preload_libraries]=auto_explain&options[auto_explain.log_min_duration]=0\
                    &options[auto_explain.log_nested_statements]=on&options[auto_explain.log_format]=json\
                    &options[auto_explain.log_level]=notice&options[plan_cache_mode]=force_custom_plan";

/// The scans over all owners: the sweep, and those that look for an owner's old changes and trash.
const OVER_ALL_OWNERS: [&str; 3] = [
    "AS known (owner_id, history, seq, at)",
    "SELECT changed_at < $2 FROM changes c WHERE c.owner_id = o.owner_id",
    "SELECT deleted_at < $2 FROM trash t WHERE t.owner_id = o.owner_id",
];

/// A migrated database whose distributed tables are partitioned.
async fn partitioned() -> TestDatabase {
    let database = TestDatabase::new().await;
    let citus = PretendedCitus::on(&database).await;
    taskwire::database::distribute(database.url(), 8).await.expect("the recorded functions accept it");
    citus.run(PARTITION).await;
    let mut connection = database.connection().await;
    for source in sources().iter().filter(|source| !source.contains("taskwire_log_change_of_last_release")) {
        let source = source.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION");
        connection.execute(AssertSqlSafe(source)).await.expect("a source can be loaded");
    }
    database
}

/// The parts in a plan: `3` for `tasks_p3` and `changes_p3`.
fn parts(plan: &Value, found: &mut BTreeSet<String>) {
    match plan {
        Value::Object(node) => {
            let name = node.get("Relation Name").and_then(Value::as_str);
            if let Some((_, part)) = name.and_then(|name| name.rsplit_once("_p")) {
                found.insert(part.to_owned());
            }
            node.values().for_each(|value| parts(value, found));
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| parts(node, found)),
        _ => {}
    }
}

/// The statements of the reported plans, each with the most parts that it touched.
fn statements(notices: &Notices) -> BTreeMap<String, usize> {
    let mut statements = BTreeMap::new();
    for notice in notices.take() {
        let Some((_, json)) = notice.split_once("plan:\n") else { continue };
        let told: Value = serde_json::from_str(json).expect("a plan is JSON");
        let text = told["Query Text"].as_str().expect("a plan has its statement");
        let mut touched = BTreeSet::new();
        parts(&told["Plan"], &mut touched);
        let most: &mut usize = statements.entry(text.split_whitespace().collect::<Vec<_>>().join(" ")).or_default();
        *most = touched.len().max(*most);
    }
    statements
}

/// The statements that touch more than one part, but for the scans that are meant to.
fn astray(statements: &BTreeMap<String, usize>) -> Vec<&String> {
    let of_one_owner = |text: &str| !OVER_ALL_OWNERS.iter().any(|scan| text.contains(scan));
    statements.iter().filter(|(text, touched)| **touched > 1 && of_one_owner(text)).map(|(text, _)| text).collect()
}

#[tokio::test]
async fn every_statement_of_a_request_touches_the_rows_of_one_owner_only() {
    let database = Arc::new(partitioned().await);
    let url = format!("{}{TELL}", database.url());
    let (notices, _listening) = Notices::of_this_thread();
    let server = TestServer::on(database, Options { through: Some(url.clone()), ..Options::default() }).await;

    // Every operation of the contract, with its example.
    let ada = server.user("ada");
    for (path, method, operation) in guarded() {
        if operation["operationId"] != LAST {
            let of = Parameters::of(&ada).await;
            let answer = request(&ada, &path, &method, operation, &of).send().await;
            assert!(answer.status.is_success() || answer.status == 426, "{method} {path}: {answer:?}");
        }
    }
    // What the examples leave out: other ways through the same operations.
    let parent = ada.create_with(json!({"title": "above", "labels": ["Home"]})).await;
    let child = ada.create_with(json!({"title": "below", "parent_id": parent.id})).await;
    let due = json!({"title": "every day", "due": {"date": "2026-12-01"}, "recurrence": "FREQ=DAILY"});
    let recurring = ada.create_with(due).await;
    for fields in [json!({"completed": true}), json!({"title": "another"}), json!({"completed": false})] {
        for id in [child.id, parent.id, recurring.id] {
            ada.patch(&at(id)).json(fields.clone()).expect(200).await;
        }
    }
    ada.delete(&format!("{}?children=include", at(parent.id))).expect(204).await;
    // Every list and the statistics.
    let owner = server.user(seed::OWNER);
    owner.create("in the lists").await;
    for combination in combinations::all(Utc::now().date_naive()) {
        owner.get(&combination.path).send().await;
    }
    ada.delete("").expect(200).await;

    let statements = statements(&notices);
    assert!(statements.len() > 100, "only {} statements were reported", statements.len());
    assert!(statements.values().filter(|touched| **touched == 1).count() > 70, "{statements:#?}");
    assert_eq!(astray(&statements), [""; 0]);

    // The check is checked: these do not say whose rows they read or write.
    let mut connection = PgConnection::connect(&url).await.expect("the test database answers");
    let planted = [
        "SELECT title FROM tasks WHERE id = '019ab0c4-2f6e-7000-8000-000000000001'",
        "UPDATE changes SET title = title WHERE seq = 1",
        "SELECT t.title FROM history h LEFT JOIN owners o ON o.owner_id = 'ada'
         LEFT JOIN LATERAL (SELECT * FROM tasks WHERE owner_id = o.owner_id LIMIT 1) t ON true",
        "DO $$ BEGIN DELETE FROM trash WHERE deleted_at < now(); END $$",
    ];
    for statement in planted {
        notices.take();
        connection.execute(statement).await.expect("the statement is valid");
        assert_eq!(astray(&self::statements(&notices)).len(), 1, "{statement}");
    }
}

#[tokio::test]
async fn a_unique_key_without_the_owner_is_refused() {
    let database = partitioned().await;
    let planted = "CREATE UNIQUE INDEX tasks_by_title_only ON tasks (title)";
    let refused = database.connection().await.execute(planted).await.expect_err("it is not the owner's alone");
    assert!(refused.to_string().contains("unique constraint on partitioned table"), "{refused}");
}
