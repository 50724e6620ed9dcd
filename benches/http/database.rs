//! The database under load: fills it before the run and checks it afterwards.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::Result;
use crate::operations::{FIRST_ID, ID_PREFIX, TASKS, USERS};

/// Migrates and seeds the database, and returns Postgres's version. Each user's log contains the
/// creation of the tasks, one per minute until now, as the server would have written it and too
/// young for retention.
pub async fn prepare(url: &str, with_bare: bool) -> Result<String> {
    taskwire::database::migrate(url).await?;
    let mut connection = PgConnection::connect(url).await?;
    let seed = format!(
        "INSERT INTO owners (owner_id, last_seq, last_at)
         SELECT u::text, {TASKS}, now()
         FROM generate_series(1, {USERS}) u;

         INSERT INTO tasks (owner_id, id, title, description, completed, completed_at, rank, created_at, updated_at, version, search)
         SELECT u::text, ('{ID_PREFIX}' || {FIRST_ID} + 1000 * u + t)::uuid, 'Task number ' || t,
                CASE WHEN t % 2 = 0 THEN 'What there is to say about the task number ' || t END, t % 3 = 0,
                CASE WHEN t % 3 = 0 THEN at END, lpad(to_hex(t), 12, '0') || '80', at, at, t,
                taskwire_searchable('Task number ' || t, CASE WHEN t % 2 = 0 THEN 'What there is to say about the task number ' || t END)
         FROM generate_series(1, {TASKS}) t, generate_series(1, {USERS}) u,
              LATERAL (SELECT now() - ({TASKS} - t) * interval '1 minute' AS at) clock;

         INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, priority, completed, title, rank, description)
         SELECT owner_id, version, 'task.created', id, updated_at, created_at, completed_at, priority, completed, title, rank, description
         FROM tasks t"
    );
    sqlx::raw_sql(AssertSqlSafe(seed)).execute(&mut connection).await?;
    if with_bare {
        sqlx::raw_sql(include_str!("../bare/sql/schema.sql")).execute(&mut connection).await?;
    }
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
    Ok(sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?)
}

/// Fails unless every user's log is complete and agrees with the counter and the tasks.
pub async fn check(url: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let unsound: Option<String> = sqlx::query_scalar(
        "SELECT owner_id
         FROM owners o
         LEFT JOIN (SELECT owner_id, count(*), max(seq) FROM changes GROUP BY owner_id) c USING (owner_id)
         LEFT JOIN (SELECT owner_id, count(*), max(version) FROM tasks GROUP BY owner_id) t USING (owner_id)
         LEFT JOIN (SELECT owner_id, count(*) FROM changes WHERE kind = 'task.created' GROUP BY owner_id) n
             USING (owner_id)
         WHERE (c.count, c.max, t.max, t.count) IS DISTINCT FROM (last_seq, last_seq, last_seq, n.count)
         LIMIT 1",
    )
    .fetch_optional(&mut connection)
    .await?;
    unsound.map_or(Ok(()), |owner| Err(format!("the log of user {owner} is not whole after the run").into()))
}
