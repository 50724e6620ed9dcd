//! Builds and starts the bare pair of axum and sqlx, a separate package.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::common::process::Served;
use crate::common::scratch::Scratch;
use crate::operations::Operation;
use crate::statements;

pub const NAME: &str = "bare pair";
/// The bare pair that writes with Taskwire's own statements.
pub const SAME: &str = "bare, same";

/// Starts it with as many connections as Taskwire uses.
pub fn start(program: &Path, url: &str, scratch: &Scratch) -> Result<Served> {
    Served::start(NAME, command(program), url, scratch)
}

/// Starts the one that writes with Taskwire's own statements.
pub async fn start_same(program: &Path, url: &str, scratch: &Scratch) -> Result<Served> {
    let mut command = command(program);
    for (variable, operation) in [("CREATE_SQL", Operation::Create), ("COMPLETE_SQL", Operation::Complete)] {
        command.env(variable, statements::for_bare(operation, url).await?.unwrap_or_default());
    }
    Served::start(SAME, command, url, scratch)
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("DATABASE_POOL_SIZE", taskwire::config::default_pool_size().to_string());
    command
}

/// Builds it beside the target directory that this benchmark runs from.
pub fn build() -> Result<PathBuf> {
    let release = Path::new(env!("CARGO_BIN_EXE_taskwire")).parent().ok_or("the server's binary is nowhere")?;
    let target = release.parent().ok_or("the server's binary is not in a target directory")?.join("bare");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--locked", "--quiet", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/bare/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status()?;
    if built.success() { Ok(target.join("release/bare")) } else { Err("the bare pair does not build".into()) }
}
