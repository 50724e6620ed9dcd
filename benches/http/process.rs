//! The servers under load, as processes of their own: how they are started and stopped, and how
//! much processor time they have used.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::database::Scratch;
use crate::{Result, SECRET};

/// The unit of processor time in /proc, in microseconds: `USER_HZ` is 100 on every Linux.
const TICK: f64 = 10_000.0;

pub struct Served {
    pub name: &'static str,
    pub base: String,
    /// Whether its tables and statements are Taskwire's.
    pub is_taskwire: bool,
    process: Child,
}

impl Served {
    /// A build of Taskwire with its default settings; so it also logs each request, to a file.
    pub fn taskwire(name: &'static str, program: &Path, url: &str, scratch: &Scratch) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").env_clear().env("JWT_SECRET", SECRET).env("PORT", "0");
        Self::start(name, true, command, url, scratch)
    }

    /// The bare pair, with as many connections as Taskwire takes.
    pub fn bare(program: &Path, url: &str, scratch: &Scratch) -> Result<Self> {
        let mut command = Command::new(program);
        command.env_clear().env("DATABASE_POOL_SIZE", taskwire::config::default_pool_size().to_string());
        Self::start("bare pair", false, command, url, scratch)
    }

    fn start(
        name: &'static str,
        is_taskwire: bool,
        mut command: Command,
        url: &str,
        scratch: &Scratch,
    ) -> Result<Self> {
        let log = File::create(scratch.path().join(format!("{name}.log")))?;
        // In the scratch directory there is no .env to be found.
        command.current_dir(scratch.path()).env("DATABASE_URL", url).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn().map_err(|error| format!("{name} cannot be run: {error}"))?;
        let stdout = process.stdout.take().ok_or("the output is not piped")?;
        let mut served = Self { name, base: String::new(), is_taskwire, process };
        // Both say where they listen once they do.
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

    /// Processor time used so far, in microseconds.
    pub fn cpu(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))
            .map_err(|error| format!("processor time is read from Linux's /proc: {error}"))?;
        // The second field is the program's name in parentheses and may hold anything.
        let fields = stat.rsplit_once(')').ok_or("a malformed /proc/…/stat")?.1.split_ascii_whitespace();
        // utime and stime, the 14th and 15th.
        let ticks: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<std::result::Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() * TICK)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // If it has ended already there is nobody to tell.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
    }
}

/// Builds the bare pair beside the target directory that this benchmark runs from.
pub fn build_bare() -> Result<PathBuf> {
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
