//! Shared by all measurements: the users, and the servers, which are started when needed.

use std::sync::Arc;

use sqlx::{Connection, PgConnection, Row};

use crate::Result;
use crate::common::process::Served;
use crate::common::scratch::Scratch;
use crate::users::Users;
use crate::writers::Writers;

pub const USERS: u32 = 10_000;

/// Allows a thousand sockets of one user, and stops without waiting for them.
const SETTINGS: &[(&str, &str)] = &[("SOCKETS_PER_USER", "2000"), ("DRAIN_TIME", "0s")];

pub struct Stage<'s> {
    pub users: Arc<Users>,
    pub url: &'s str,
    pub postgres_version: String,
    scratch: &'s Scratch,
}

/// New servers on the same database. Writes go to the first; the sockets are on the last.
pub struct Servers {
    pub all: Vec<Served>,
    pub writers: Writers,
}

impl<'s> Stage<'s> {
    pub async fn set(url: &'s str, scratch: &'s Scratch) -> Result<Self> {
        eprintln!("creating {USERS} users");
        let users = Arc::new(Users::create(USERS, url).await?);
        let mut connection = PgConnection::connect(url).await?;
        let row = sqlx::raw_sql("SHOW server_version").fetch_one(&mut connection).await?;
        Ok(Self { users, url, postgres_version: row.try_get(0)?, scratch })
    }

    pub async fn servers(&self, count: usize) -> Result<Servers> {
        let names = ["one", "other"];
        let program = env!("CARGO_BIN_EXE_taskwire").as_ref();
        let all = names[..count]
            .iter()
            .map(|name| Served::taskwire(name, program, SETTINGS, self.url, self.scratch))
            .collect::<Result<Vec<_>>>()?;
        let writers = Writers::connect(&all[0].base, &self.users).await?;
        Ok(Servers { all, writers })
    }
}

impl Servers {
    /// The server of the sockets.
    pub fn listening(&self) -> &Served {
        &self.all[self.all.len() - 1]
    }

    /// Processor time that the servers have used so far, in microseconds.
    pub fn cpu(&self) -> Result<f64> {
        self.all.iter().map(Served::cpu).sum()
    }
}
