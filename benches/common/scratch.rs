//! The directory for a benchmark's files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use crate::Result;

/// A directory that is removed with this value. `TMPDIR` chooses the disk to measure.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn create() -> Result<Self> {
        let path = env::temp_dir().join(format!("taskwire-bench-{}", process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("bench: {} is left behind: {error}", self.0.display());
        }
    }
}
