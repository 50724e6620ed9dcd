//! Installs and starts the peers: backends with the same four requests, made with other frameworks.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::process::Served;
use crate::common::scratch::Scratch;
use crate::{Result, SECRET};

pub const FASTAPI: &str = "FastAPI";

/// Installs the packages beside the target directory that this benchmark runs from; returns Python.
pub fn install_fastapi() -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_taskwire")).ancestors().nth(2).ok_or("there is no target directory")?;
    let environment = target.join("fastapi");
    run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    let requirements = directory().join("requirements.txt");
    run(Command::new(environment.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(requirements))?;
    Ok(environment.join("bin/python"))
}

/// Starts it with as many connections as Taskwire uses. It is one process, as one of several behind a load
/// balancer would be, so it uses one core.
pub fn start_fastapi(python: &Path, url: &str, scratch: &Scratch) -> Result<Served> {
    let mut command = Command::new(python);
    command
        .arg(directory().join("app.py"))
        .env_clear()
        .env("DATABASE_POOL_SIZE", taskwire::config::default_pool_size().to_string())
        .env("JWT_SECRET", SECRET);
    Served::start(FASTAPI, command, url, scratch)
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/fastapi")
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_owned();
    let status = command.status().map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed: {status}", program.display()).into()) }
}
