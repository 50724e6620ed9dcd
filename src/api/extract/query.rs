//! Reads query strings strictly: an unknown, repeated or malformed parameter is rejected by name.

use std::borrow::Cow;

use salvo::extract::{Extractible, Metadata};
use salvo::prelude::*;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::NO_METADATA;
use crate::model::Problem;
use crate::model::validation::serde_error;

/// The query of a request as a `T`, which must have `deny_unknown_fields`.
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

/// A parameter with a number from 1 to `MAX`. Without the parameter, the number is `DEFAULT`.
#[derive(Debug, Clone, Copy)]
pub struct Limit<const DEFAULT: u16, const MAX: u16>(u16);

impl<const DEFAULT: u16, const MAX: u16> Limit<DEFAULT, MAX> {
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl<const DEFAULT: u16, const MAX: u16> Default for Limit<DEFAULT, MAX> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const DEFAULT: u16, const MAX: u16> Deserialize<'de> for Limit<DEFAULT, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let limit = text.parse().ok().filter(|limit| (1..=MAX).contains(limit));
        limit.map(Self).ok_or_else(|| D::Error::custom(format_args!("must be a whole number from 1 to {MAX}")))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let path = error.path().to_string();
        // serde reports a `field`, but the contract calls it a `parameter`.
        let mut field_error = serde_error(&path, &error.into_inner().to_string());
        field_error.code = field_error.code.replace("field", "parameter").into();
        field_error.message = field_error.message.replace(" field ", " parameter ").into();
        Problem::invalid(vec![field_error])
    })
}
