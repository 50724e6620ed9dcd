//! Where a benchmark keeps its files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use crate::Result;

/// A directory that ends with this value. `TMPDIR` moves it to the disk that is to be measured.
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
