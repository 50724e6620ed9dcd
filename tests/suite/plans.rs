//! Query plans of the lists: each named view uses an index that begins with the owner, in the first
//! run and in the seventh, when Postgres may switch to a generic plan.

use std::sync::Arc;

use chrono::Utc;
use sqlx::AssertSqlSafe;

use crate::kit::{Notices, Options, TestDatabase, TestServer};

#[path = "../../benches/lists/combinations.rs"]
pub mod combinations;
#[path = "../../benches/lists/plan.rs"]
mod plan;
#[path = "../../benches/lists/seed.rs"]
pub mod seed;

use combinations::Promise;
use plan::Plan;

/// Requests every list several times with this number of owners. Returns the views that used
/// another of the owner's indexes than expected.
async fn check_plans(owner: u32, others: u32, each: u32) -> Vec<String> {
    let database = Arc::new(TestDatabase::new().await);
    for statement in seed::statements(owner, others, each) {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut database.connection().await)
            .await
            .expect("the tasks are inserted");
    }
    let url = format!("{}{}", database.url(), plan::TELL);
    let (notices, _listening) = Notices::of_this_thread();
    let server = TestServer::on(database, Options { through: Some(url), ..Options::default() }).await;
    let client = server.user(seed::OWNER);
    let mut elsewhere = Vec::new();
    for combination in combinations::all(Utc::now().date_naive()) {
        let mut paths = vec![combination.path.clone()];
        if combination.path.starts_with("/tasks") {
            let page: serde_json::Value = client.get(&format!("{}&limit=7", combination.path)).expect(200).await.json();
            paths.extend(page["next_cursor"].as_str().map(|cursor| format!("{}&cursor={cursor}", combination.path)));
        }
        for path in paths {
            for run in 1..=7 {
                notices.take();
                client.get(&path).expect(200).await;
                let plan = notices
                    .take()
                    .iter()
                    .rev()
                    .find_map(|message| Plan::read(message))
                    .expect("Postgres reports a plan");
                let what = format!("{}, {owner} beside {others} times {each}, run {run}: {path}", combination.name);
                assert!(plan.astray.is_empty(), "{what}: {:?}", plan.astray);
                assert!(!plan.indexes.is_empty(), "{what}: no index");
                if combination.promise == Promise::View {
                    let other = plan.indexes.iter().find(|index| !combination.indexes.contains(&index.as_str()));
                    elsewhere.extend(other.map(|index| format!("{what}: {index}")));
                }
            }
        }
    }
    elsewhere
}

#[tokio::test]
async fn a_list_of_the_only_owner_uses_the_index_of_its_view() {
    assert_eq!(check_plans(10_000, 10, 1_000).await, [""; 0]);
}

#[tokio::test]
async fn a_list_of_one_of_two_owners_uses_the_index_of_its_view() {
    assert_eq!(check_plans(4_000, 1, 4_000).await, [""; 0]);
}

#[tokio::test]
async fn a_list_of_one_of_many_owners_uses_an_index_of_the_owner() {
    // With few tasks per owner, any of the owner's indexes is fine.
    check_plans(300, 300, 30).await;
}
