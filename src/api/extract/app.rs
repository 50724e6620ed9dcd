//! Gives handlers the [`App`] behind a request.

use salvo::extract::{Extractible, Metadata};
use salvo::prelude::*;

use super::NO_METADATA;
use crate::api::app::App;
use crate::model::Problem;

impl App {
    /// The app behind a request.
    pub fn of(depot: &Depot) -> Result<&Self, Problem> {
        depot.get_typed::<Self>().map_err(|_| Problem::server_error(&"the app is missing from the depot"))
    }
}

impl<'ex> Extractible<'ex> for App {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(_req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        Self::of(depot).cloned()
    }
}
