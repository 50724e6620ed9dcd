//! Gives handlers the [`App`].

use salvo::extract::{Extractible, Metadata};
use salvo::prelude::*;

use super::NO_METADATA;
use crate::api::app::App;
use crate::model::Problem;

impl App {
    /// The app, which the middleware puts into every depot.
    pub fn from_depot(depot: &Depot) -> Result<&Self, Problem> {
        depot.get_typed::<Self>().map_err(|_| Problem::server_error(&"the app is missing from the depot"))
    }
}

impl<'ex> Extractible<'ex> for App {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(_req: &'ex mut Request, depot: &'ex mut Depot) -> Result<Self, Problem> {
        Self::from_depot(depot).cloned()
    }
}
