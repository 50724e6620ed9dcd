//! `taskwire openapi`: prints or checks the contract that the code generates. Needs no database.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, print};
use crate::api::{openapi, routes};

#[derive(Args)]
pub struct Openapi {
    /// Compare with a file instead of printing, and fail with the differences if there are any
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "openapi.yaml")]
    check: Option<PathBuf>,
}

impl Openapi {
    pub fn run(self) -> Result<(), Failure> {
        let generated = openapi::yaml(&routes::contract()).map_err(Failure::new)?;
        let Some(path) = self.check else {
            print(&generated)?;
            return Ok(());
        };
        let written = std::fs::read_to_string(&path)
            .map_err(|error| Failure::new(format_args!("{} cannot be read: {error}", path.display())))?;
        match openapi::differences(&written, &generated) {
            None => Ok(()),
            Some(differences) => Err(Failure::new(format_args!(
                "{} differs from what the code generates (- file, + code); `{}` writes it again:\n{differences}",
                path.display(),
                openapi::REGENERATE,
            ))),
        }
    }
}
