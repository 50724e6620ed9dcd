//! The log in Postgres, read without the server: everything else is compared with it. Changes are
//! recorded before they are removed, as retention would remove them.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Executor, FromRow, PgConnection, Row};
use taskwire::changes::ChangeRow;
use taskwire::identity::tokens::Tokens;
use taskwire::model::{History, OwnerId};

use super::cluster::SECRET;
use super::history::Record;
use super::postgres::Postgres;

/// Records the rest of a user's log.
pub async fn keep(postgres: &Postgres, record: &Record, user: usize) -> sqlx::Result<()> {
    let mut connection = postgres.connect().await?;
    let head = head(&mut connection, record.name(user)).await?;
    read(&mut connection, record, user, head).await?;
    record.user(user).head = head;
    connection.close().await
}

/// The user's counter.
pub async fn head(connection: &mut PgConnection, name: &str) -> sqlx::Result<i64> {
    let query = format!("SELECT last_seq FROM owners WHERE owner_id = '{name}'");
    let row = connection.fetch_optional(AssertSqlSafe(query)).await?;
    row.map_or(Ok(0), |row| row.try_get(0))
}

/// Removes a user's changes except for the newest `kept` and, as retention does, the one before them.
pub async fn forget(postgres: &Postgres, record: &Record, user: usize, kept: i64) -> sqlx::Result<()> {
    let mut connection = postgres.connect().await?;
    let name = record.name(user);
    let through = head(&mut connection, name).await? - kept;
    if through > 0 {
        read(&mut connection, record, user, through).await?;
        // Recorded before the removal, so that an immediate reset has its reason.
        record.user(user).forgotten = through;
        let delete = format!("DELETE FROM changes WHERE owner_id = '{name}' AND seq < {through}");
        connection.execute(AssertSqlSafe(delete)).await?;
    }
    connection.close().await
}

/// Locks the rows that the users' writes must lock, until the connection ends.
pub async fn hold(postgres: &Postgres, names: impl IntoIterator<Item = &str>) -> sqlx::Result<PgConnection> {
    let mut connection = postgres.connect().await?;
    connection.execute("BEGIN").await?;
    for name in names {
        let lock = format!("SELECT FROM owners WHERE owner_id = '{name}' FOR UPDATE");
        connection.execute(AssertSqlSafe(lock)).await?;
    }
    Ok(connection)
}

async fn read(connection: &mut PgConnection, record: &Record, user: usize, through: i64) -> sqlx::Result<()> {
    let name = record.name(user);
    let after = record.user(user).log.last().map_or(0, |change| change.seq().get());
    let query =
        format!("SELECT * FROM changes WHERE owner_id = '{name}' AND seq > {after} AND seq <= {through} ORDER BY seq");
    let rows = connection.fetch_all(AssertSqlSafe(query)).await?;
    let owner = owner(name);
    let history = history(connection, name).await?;
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        changes.push(ChangeRow::from_row(&row)?.into_change(&owner, history)?);
    }
    record.user(user).log.extend(changes);
    Ok(())
}

/// The history to which the user's log belongs.
async fn history(connection: &mut PgConnection, name: &str) -> sqlx::Result<History> {
    let query = format!("SELECT epoch, (SELECT generation FROM owners WHERE owner_id = '{name}') FROM history");
    let row = connection.fetch_one(AssertSqlSafe(query)).await?;
    Ok(History::new(row.try_get(0)?, row.try_get(1)?))
}

/// An owner id can only come from a verified token.
fn owner(name: &str) -> OwnerId {
    let tokens = Tokens::new(SECRET.as_bytes(), None, None);
    let token = tokens.mint(name, Duration::from_mins(1)).expect("a token is minted");
    tokens.verify(&token).expect("a good token").owner
}
