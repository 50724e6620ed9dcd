//! `taskwire settings`: writes the files that are generated from the table of settings, for `make settings`.

use std::fs;

use clap::Args;

use super::Failure;
use crate::config::documents;

#[derive(Args)]
pub struct WriteSettings;

impl WriteSettings {
    /// Writes the files below the working directory, which must be the root of the repository.
    pub fn run(&self) -> Result<(), Failure> {
        for (path, text) in documents() {
            fs::write(path, text).map_err(|error| Failure::new(format_args!("{path} cannot be written: {error}")))?;
        }
        Ok(())
    }
}
