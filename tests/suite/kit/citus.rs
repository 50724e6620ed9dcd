//! The functions of Citus that the server calls, on a stock Postgres: they record their calls, and refuse what Citus
//! would refuse.

use sqlx::{Executor, PgConnection, Row};

use super::TestDatabase;

const FUNCTIONS: &str = include_str!("citus.sql");

/// A database that looks like the coordinator of a cluster.
pub struct PretendedCitus<'a>(&'a TestDatabase);

/// A call of `create_distributed_function`.
pub struct FunctionCall {
    pub function: String,
    pub parameter: Option<String>,
    pub beside: String,
    pub forced: bool,
}

impl<'a> PretendedCitus<'a> {
    pub async fn on(database: &'a TestDatabase) -> Self {
        database.connection().await.execute(FUNCTIONS).await.expect("the functions are created");
        Self(database)
    }

    /// From now on, `run_command_on_all_nodes` gives the answers in `cluster.nodes`.
    pub async fn pretend_nodes(&self) {
        self.run(
            "CREATE FUNCTION run_command_on_all_nodes(
                 command text, parallel boolean DEFAULT true, give_warning_for_connection_errors boolean DEFAULT false,
                 OUT nodeid int, OUT success boolean, OUT result text) RETURNS SETOF record
             LANGUAGE plpgsql AS 'BEGIN
                 -- The command must be valid.
                 EXECUTE command;
                 RETURN QUERY SELECT * FROM cluster.nodes;
             END'",
        )
        .await;
    }

    pub async fn run(&self, statement: &'static str) {
        self.connection().await.execute(statement).await.expect("the statement succeeds");
    }

    /// The first column of the rows.
    pub async fn texts(&self, statement: &'static str) -> Vec<String> {
        let rows = self.connection().await.fetch_all(statement).await.expect("the statement succeeds");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The calls for tables, in order: `create_distributed_table tasks by owner_id beside owners`.
    pub async fn tables(&self) -> Vec<String> {
        self.texts("SELECT call FROM cluster.tables ORDER BY place").await
    }

    pub async fn functions(&self) -> Vec<FunctionCall> {
        let calls = "SELECT function::text, parameter, beside, forced FROM cluster.functions ORDER BY function::text";
        let rows = self.connection().await.fetch_all(calls).await.expect("the calls are recorded");
        let call = |row: &sqlx::postgres::PgRow| FunctionCall {
            function: row.get(0),
            parameter: row.get(1),
            beside: row.get(2),
            forced: row.get(3),
        };
        rows.iter().map(call).collect()
    }

    async fn connection(&self) -> PgConnection {
        self.0.connection().await
    }
}
