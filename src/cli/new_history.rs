//! `taskwire new-history`: begins a new history, so that all clients list again. After a restore, clients that
//! know lost changes do so anyway, unless the clock was set back too: positions recognise a change by its time.

use clap::Args;

use super::serve::{open_database, private_postgres};
use super::{Failure, print};
use crate::config::Settings;
use crate::database;

#[derive(Args)]
pub struct NewHistory {
    #[command(flatten)]
    settings: Settings,
}

impl NewHistory {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.settings.resolve()?;
        let embedded = private_postgres(&config)?;
        let runtime = tokio::runtime::Runtime::new().map_err(Failure::new)?;
        runtime.block_on(async {
            let (pool, _) = open_database(&config, embedded.as_ref()).await?;
            database::begin_history(&pool).await.map_err(Failure::new)?;
            pool.close().await;
            print("A new history has begun: clients that connect are told to list their tasks again.\n").map(|_| ())
        })
    }
}
