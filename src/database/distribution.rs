//! Distributes the schema over the nodes of a Citus cluster, so that all rows of an owner are on one node. Each
//! statement commits by itself, and what is distributed already is left out: if one fails, run the command again.
//! The statements contain functions that only Citus has, so the compiler cannot check them against the schema.

use std::collections::HashSet;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

use super::connect::parse_url;
use super::error::DatabaseError;
use super::migrate::migrate;

/// The tables of users' data, each behind those that it refers to. All rows of an owner are on one node.
const BY_OWNER: [&str; 7] = ["owners", "projects", "tasks", "changes", "trash", "batches", "task_occurrences"];
/// What the statements on an owner's rows read as well. Each node has a copy.
const ON_ALL_NODES: [&str; 3] = ["history", "revocation_head", "revocations"];
/// Who may sign in. An e-mail and the hash of a token are unique among all users, so these tables stay on the
/// coordinator. Citus knows them: a transaction that writes them and an owner's rows commits on both nodes or on none.
const ON_COORDINATOR: [&str; 5] = ["accounts", "sessions", "api_tokens", "signing_keys", "attempts"];
/// No statement of the API reads it.
const NOT_DISTRIBUTED: [&str; 1] = ["_sqlx_migrations"];

/// What only servers of the last release use. Citus accepts neither the view nor the triggers.
const OF_LAST_RELEASE: [&str; 10] = [
    "DROP VIEW IF EXISTS task_changes",
    "DROP TRIGGER IF EXISTS tasks_fill_new ON tasks",
    "DROP TRIGGER IF EXISTS tasks_fill_changed ON tasks",
    "DROP FUNCTION IF EXISTS taskwire_log_change_of_last_release",
    "DROP FUNCTION IF EXISTS taskwire_fill_search",
    "DROP FUNCTION IF EXISTS taskwire_create_task",
    "DROP FUNCTION IF EXISTS taskwire_update_task",
    "DROP FUNCTION IF EXISTS taskwire_delete_task",
    "DROP FUNCTION IF EXISTS taskwire_write_plan",
    "DROP FUNCTION IF EXISTS taskwire_has_open_subtasks",
];

/// The first parameter of every function that reads or writes an owner's rows.
const OWNER_PARAMETER: &str = "p_owner";

#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    #[error(
        "the database has no Citus extension: run CREATE EXTENSION citus in it on each node, and add the nodes on the \
         coordinator"
    )]
    NoCitus,
    #[error("this node is not the coordinator: give the URL of the coordinator")]
    NotCoordinator,
    #[error("{0} connections of running servers use the database: stop all servers first")]
    ServersRun(i64),
    #[error("the database is distributed already")]
    Already,
    #[error("the table {0} is not known to this release: use the release that migrated the database")]
    UnknownTable(String),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(
        "the statement \"{statement}\" failed; what came before it stays, and the command can be run again: {cause}"
    )]
    Statement { statement: String, cause: sqlx::Error },
}

impl From<sqlx::Error> for DistributionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DatabaseError::Connect(error))
    }
}

/// Migrates the database and distributes it into this many shards. The URL is that of the coordinator itself.
pub async fn distribute(url: &str, shards: u16) -> Result<(), DistributionError> {
    let options = parse_url(url, "DATABASE_DIRECT_URL or DATABASE_URL")?;
    let mut connection = PgConnection::connect_with(&options).await?;
    check_cluster(&mut connection).await?;
    migrate(url).await?;
    let distributed = distributed_tables(&mut connection).await?;
    check_tables(&mut connection, &distributed).await?;
    for setting in [
        format!("SET citus.shard_count = {shards}"),
        // Citus accepts a trigger on a distributed table only with this. `owners_not_just_deleted` reads nothing but
        // a table that each node has.
        "SET citus.enable_unsafe_triggers = on".to_owned(),
    ] {
        execute(&mut connection, setting).await?;
    }
    for statement in OF_LAST_RELEASE {
        execute(&mut connection, statement.to_owned()).await?;
    }
    let missing = |table: &&&str| !distributed.contains(**table);
    for table in ON_ALL_NODES.iter().filter(missing) {
        execute(&mut connection, format!("SELECT create_reference_table('{table}')")).await?;
    }
    for table in BY_OWNER.iter().filter(missing) {
        let beside = if *table == BY_OWNER[0] { "default" } else { BY_OWNER[0] };
        let statement = format!("SELECT create_distributed_table('{table}', 'owner_id', colocate_with => '{beside}')");
        execute(&mut connection, statement).await?;
    }
    // After the tables, whose row types are types of parameters and results.
    for statement in function_statements(&mut connection).await? {
        execute(&mut connection, statement).await?;
    }
    // Last, so that a database in which all tables are distributed is complete.
    for table in ON_COORDINATOR.iter().filter(missing) {
        // Sessions refer to accounts, and Citus adds both at once.
        if *table != "sessions" {
            let cascade = *table == "accounts";
            let statement = format!("SELECT citus_add_local_table_to_metadata('{table}', {cascade})");
            execute(&mut connection, statement).await?;
        }
    }
    // An error is ignored: Postgres also notices a socket that was closed without a message.
    let _ = connection.close().await;
    Ok(())
}

async fn execute(connection: &mut PgConnection, statement: String) -> Result<(), DistributionError> {
    match connection.execute(AssertSqlSafe(statement.clone())).await {
        Ok(_) => Ok(()),
        Err(cause) => Err(DistributionError::Statement { statement, cause }),
    }
}

/// Checks everything that can be wrong before the first change.
async fn check_cluster(connection: &mut PgConnection) -> Result<(), DistributionError> {
    let citus = "SELECT to_regproc('create_distributed_table') IS NOT NULL";
    if !connection.fetch_one(citus).await?.try_get::<bool, _>(0)? {
        return Err(DistributionError::NoCitus);
    }
    let coordinator = "SELECT groupid = 0 FROM pg_dist_local_group";
    if !connection.fetch_one(coordinator).await?.try_get::<bool, _>(0)? {
        return Err(DistributionError::NotCoordinator);
    }
    // All releases have this name. A server of the last release would need what this command drops, and a server of
    // this one would wait for the locks that it takes.
    let servers = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'taskwire' AND pid <> pg_backend_pid()";
    match connection.fetch_one(servers).await?.try_get(0)? {
        0 => Ok(()),
        count => Err(DistributionError::ServersRun(count)),
    }
}

/// The names of the tables that Citus knows.
async fn distributed_tables(connection: &mut PgConnection) -> Result<HashSet<String>, DistributionError> {
    let known = "SELECT c.relname::text FROM pg_dist_partition d JOIN pg_class c ON c.oid = d.logicalrelid";
    let rows = connection.fetch_all(known).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?)
}

/// Checks that each table of the schema is in one of the lists above, and that some are not distributed yet.
async fn check_tables(connection: &mut PgConnection, distributed: &HashSet<String>) -> Result<(), DistributionError> {
    let tables = "SELECT relname::text FROM pg_class
                  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition";
    let listed: Vec<&str> = [&BY_OWNER[..], &ON_ALL_NODES, &ON_COORDINATOR].concat();
    for row in connection.fetch_all(tables).await? {
        let table: String = row.try_get(0)?;
        // Some versions of Citus have tables of their own here.
        if !listed.contains(&table.as_str())
            && !NOT_DISTRIBUTED.contains(&table.as_str())
            && !table.starts_with("pg_dist_")
        {
            return Err(DistributionError::UnknownTable(table));
        }
    }
    if listed.iter().all(|table| distributed.contains(*table)) {
        return Err(DistributionError::Already);
    }
    Ok(())
}

/// The statements that make the functions known to each node. A call of a function whose first parameter is the owner
/// runs where the owner's rows are, also within a transaction.
async fn function_statements(connection: &mut PgConnection) -> Result<Vec<String>, DistributionError> {
    let functions = "SELECT quote_literal(oid::regprocedure::text), proargnames[1] FROM pg_proc
                     WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'taskwire\\_%'
                       AND prorettype <> 'trigger'::regtype
                     ORDER BY 1";
    let mut statements = Vec::new();
    for row in connection.fetch_all(functions).await? {
        let (function, first): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        statements.push(if first.as_deref() == Some(OWNER_PARAMETER) {
            format!(
                "SELECT create_distributed_function({function}, '{OWNER_PARAMETER}', colocate_with => '{}', \
                 force_delegation => true)",
                BY_OWNER[0]
            )
        } else {
            format!("SELECT create_distributed_function({function})")
        });
    }
    Ok(statements)
}
