//! `taskwire distribute`: distributes the database over the nodes of a Citus cluster, by owner.

use clap::Args;

use super::{Failure, in_runtime, print};
use crate::config::Settings;
use crate::database;

#[derive(Args)]
pub struct Distribute {
    /// Into how many shards the tables of users' data are divided. Citus moves whole shards between nodes, so there
    /// should be several for each node that you will ever have
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=32_000))]
    shards: u16,

    #[command(flatten)]
    settings: Settings,
}

impl Distribute {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.settings.resolve()?;
        // The private Postgres has no other nodes, so it is not even started.
        let url = config.direct_url().ok_or_else(|| {
            Failure::new(
                "set DATABASE_URL, or DATABASE_DIRECT_URL behind a proxy, to the coordinator of a Citus cluster",
            )
        })?;
        in_runtime(async { database::distribute(url.expose(), self.shards).await.map_err(Failure::new) })?;
        print("The database is distributed by owner. Start the servers.\n").map(|_| ())
    }
}
