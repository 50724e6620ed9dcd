//! Servers of the last release run beside servers of this one, which has migrated the database: every
//! statement of theirs must still be valid.

use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use crate::kit::TestDatabase;

/// The statements of the last release, commit c2e16e1, from its `.sqlx`.
const LAST_RELEASE: &str = include_str!("last_release.json");

#[tokio::test]
async fn every_statement_of_the_last_release_is_still_valid() {
    let statements: Vec<String> = serde_json::from_str(LAST_RELEASE).expect("a list of statements");
    assert!(statements.len() > 50, "the list is not complete");
    let database = TestDatabase::new().await;
    let mut connection = database.connection().await;
    for statement in statements {
        if let Err(error) = connection.prepare(AssertSqlSafe(statement.clone()).into_sql_str()).await {
            panic!("{error}:\n{statement}");
        }
    }
}
