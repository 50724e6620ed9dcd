//! Measures the cost and the latency of the live channel. One or two release servers run on a
//! private Postgres; this process holds the sockets, writes, and records when each change arrives.
//! Everything shares one machine, so the times include the load generator.

#![expect(clippy::cast_precision_loss, reason = "all counts here are small enough")]

mod cells;
mod clock;
#[path = "../common/mod.rs"]
mod common;
mod inline;
mod processes;
mod report;
mod samples;
mod sockets;
mod stage;
mod users;
mod writers;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use taskwire::database::embedded::EmbeddedPostgres;

use common::scratch::Scratch;
use report::Report;
use stage::Stage;

type Failure = Box<dyn Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failure>;

/// Signs the tokens of the made-up users.
const SECRET: &str = "the benchmark's own secret, good for nothing else";

/// Measures the live channel: latency, fan-out, rates, memory
#[derive(Parser)]
struct Options {
    /// Length of one latency run
    #[arg(long, default_value_t = 10)]
    seconds: u32,

    /// Writes per second during it
    #[arg(long, default_value_t = 500)]
    rate: u32,

    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,

    /// `cargo bench` passes this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// 10,000 idle sockets: memory, and what the server and Postgres do meanwhile
    Idle,
    /// Latency on one server
    Latency,
    /// One user's change at 1,000 sockets
    FanOut,
    /// Writes per second with and without listeners, and how many are too many
    Rates,
    /// Latency and rates from one server to another
    TwoServers,
    /// The same with NOTIFY inside the writing transaction
    Inline,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<Report> {
    raise_file_limit()?;
    let scratch = Scratch::create()?;
    // On this thread, because the private Postgres ends with the thread that starts it.
    let postgres = EmbeddedPostgres::start(&scratch.path().join("data"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let url = postgres.url();
    let measured = runtime.block_on(async {
        let stage = Stage::set(&url, &scratch).await?;
        let mut report = Report::new(&stage.postgres_version, options.seconds);
        let wanted = |part| options.only.is_empty() || options.only.contains(&part);
        if wanted(Part::Idle) {
            report.figures(cells::idle(&stage).await?);
        }
        if wanted(Part::Latency) {
            for sockets in [1, 1_000, 10_000] {
                report.latency(cells::latency(&stage, "one", 1, sockets, options).await?);
            }
        }
        if wanted(Part::FanOut) {
            report.figures(cells::fan_out(&stage, options).await?);
        }
        if wanted(Part::Rates) {
            report.figures(cells::listeners_cost(&stage).await?);
            report.figures(cells::sustained(&stage, 1).await?);
        }
        if wanted(Part::TwoServers) {
            for sockets in [1, 1_000, 10_000] {
                report.latency(cells::latency(&stage, "two", 2, sockets, options).await?);
            }
            report.figures(cells::sustained(&stage, 2).await?);
        }
        if wanted(Part::Inline) {
            report.latency(inline::latency(&stage, options).await?);
            report.figures(inline::rates(&stage).await?);
        }
        Ok::<_, Failure>(report)
    })?;
    runtime.shutdown_background();
    postgres.stop()?;
    Ok(measured)
}

/// Raises the limit of open files, because every socket needs one.
fn raise_file_limit() -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
