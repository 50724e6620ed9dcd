//! Reads query strings strictly: unknown, repeated and malformed parameters are refused by name.

use salvo::extract::{Extractible, Metadata};
use salvo::prelude::*;
use serde::de::DeserializeOwned;

use super::NO_METADATA;
use super::body::data_error;
use crate::problem::Problem;

/// The query of a request as a `T`, whose derive says `deny_unknown_fields`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<'ex, T: DeserializeOwned + Send> Extractible<'ex> for Query<T> {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, _depot: &'ex mut Depot) -> Result<Self, Problem> {
        parse(req.uri().query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let path = error.path().to_string();
        // Callers of a query speak of parameters, not of fields.
        let mut fault = data_error(&path, &error.into_inner().to_string());
        fault.code = fault.code.replace("field", "parameter").into();
        fault.message = fault.message.replace(" field ", " parameter ").into();
        Problem::invalid(vec![fault])
    })
}
