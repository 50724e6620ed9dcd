//! Reads the id in a path, such as `task_id`.

use salvo::extract::{Extractible, Metadata};
use salvo::prelude::*;

use super::NO_METADATA;
use crate::model::{Id, Identified, MalformedId, Problem};

impl<'ex, T: Identified> Extractible<'ex> for Id<T> {
    fn metadata() -> &'static Metadata {
        &NO_METADATA
    }

    async fn extract(req: &'ex mut Request, _depot: &'ex mut Depot) -> Result<Self, Problem> {
        let text = req.params().get(T::PARAMETER).map_or("", String::as_str);
        text.parse().map_err(|error: MalformedId| Problem::invalid_field(T::PARAMETER, "malformed", error.to_string()))
    }
}
