//! The made-up users: numbers from 1, each with one task and a token.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use taskwire::identity::tokens::Tokens;

use crate::{Result, SECRET};

/// A seeded id is this and the user's number.
const ID_PREFIX: &str = "019ab0c4-2f6e-7000-8000-";
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

pub struct Users(Vec<String>);

impl Users {
    /// Migrates the database and inserts `count` users as the server would have written them.
    pub async fn create(count: u32, url: &str) -> Result<Self> {
        taskwire::database::migrate(url).await?;
        let seed = format!(
            "INSERT INTO owners (owner_id, last_seq, last_at) SELECT u::text, 1, now() FROM generate_series(1, {count}) u;

             INSERT INTO tasks (owner_id, id, title, description, completed, rank, created_at, updated_at, version, search)
             SELECT owner_id, ('{ID_PREFIX}' || lpad(owner_id, 12, '0'))::uuid, 'Buy milk', 'Two litres, the blue one', false, '00000000000180', last_at, last_at, 1, taskwire_searchable('Buy milk', 'Two litres, the blue one')
             FROM owners;

             INSERT INTO changes (owner_id, seq, kind, subject_id, changed_at, created_at, completed_at, priority, completed, title, rank, description)
             SELECT owner_id, version, 'task.created', id, updated_at, created_at, completed_at, priority, completed, title, rank, description
             FROM tasks t;

             VACUUM ANALYZE"
        );
        let mut connection = PgConnection::connect(url).await?;
        // One by one, because VACUUM cannot run in a transaction.
        for statement in seed.split(';') {
            sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await?;
        }
        let tokens = Tokens::new(SECRET.as_bytes(), None, None);
        let minted = (1..=count).map(|user| Ok(tokens.mint(&user.to_string(), TOKEN_LIFETIME)?));
        Ok(Self(minted.collect::<Result<_>>()?))
    }

    pub fn token(&self, user: u32) -> &str {
        &self.0[user as usize - 1]
    }

    /// The id of a user's task.
    pub fn task(user: u32) -> String {
        format!("{ID_PREFIX}{user:012}")
    }
}
