//! The servers under load as separate processes: starts and stops them and reads their processor
//! time.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::proc;
use super::scratch::Scratch;
use crate::{Result, SECRET};

pub struct Served {
    pub name: &'static str,
    pub base: String,
    process: Child,
}

impl Served {
    /// A build of Taskwire with these settings and defaults otherwise, so it logs each request to a
    /// file.
    pub fn taskwire(
        name: &'static str,
        program: &Path,
        settings: &[(&str, &str)],
        url: &str,
        scratch: &Scratch,
    ) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").env_clear().env("JWT_SECRET", SECRET).env("PORT", "0").envs(settings.iter().copied());
        Self::start(name, command, url, scratch)
    }

    pub fn start(name: &'static str, mut command: Command, url: &str, scratch: &Scratch) -> Result<Self> {
        let log = File::create(scratch.path().join(format!("{name}.log")))?;
        // The scratch directory contains no .env.
        command.current_dir(scratch.path()).env("DATABASE_URL", url).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn().map_err(|error| format!("{name} cannot be run: {error}"))?;
        let stdout = process.stdout.take().ok_or("the output is not piped")?;
        let mut served = Self { name, base: String::new(), process };
        // Both servers print their address once they listen.
        for line in BufReader::new(stdout).lines() {
            if let Some(at) = line?.split_once("http://").map(|(_, rest)| rest.to_owned()) {
                let authority = at.split('/').next().unwrap_or_default();
                served.base = format!("http://{authority}");
                return Ok(served);
            }
        }
        Err(format!("{name} ended at once; {} says why", served.log(scratch)?).into())
    }

    fn log(&self, scratch: &Scratch) -> Result<String> {
        Ok(fs::read_to_string(scratch.path().join(format!("{}.log", self.name)))?)
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Processor time used so far, in microseconds.
    pub fn cpu(&self) -> Result<f64> {
        proc::cpu(self.id())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Fails only if the process has already ended.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
    }
}
