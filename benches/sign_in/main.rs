//! Measures the cost of signing in, and the effect of a flood of sign-ins on other users. A release
//! server with accounts runs on a private Postgres; this process signs in, floods the server, and
//! meanwhile sends requests of signed-in users. Everything shares one machine, so the times include
//! the load generator.

#![expect(clippy::cast_precision_loss, reason = "all counts here are small enough")]

#[path = "../common/mod.rs"]
mod common;
mod memory;
mod people;
mod report;
#[path = "../live/samples.rs"]
mod samples;
mod sign_ins;
mod tasks;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use taskwire::database::embedded::EmbeddedPostgres;

use common::process::Served;
use common::scratch::Scratch;
use people::Person;
use report::Report;
use samples::Samples;
use sign_ins::Outcomes;

type Failure = Box<dyn Error + Send + Sync>;
type Result<T> = std::result::Result<T, Failure>;

/// No shared secret: this server has its own keys.
const SECRET: &str = "";
/// The number of people with accounts, who sign in and have tasks.
const PEOPLE: usize = 16;

/// Measures signing in, and task requests during a flood of it
#[derive(Parser)]
struct Options {
    /// Length of each part
    #[arg(long, default_value_t = 10)]
    seconds: u32,

    /// Number of alternating measurements of task requests without and with a flood
    #[arg(long, default_value_t = 3)]
    rounds: u32,

    /// Task requests per second
    #[arg(long, default_value_t = 200)]
    rate: u32,

    /// Sign-in attempts per second during a flood: many times what can be checked
    #[arg(long, default_value_t = 500)]
    flood: u32,

    /// `cargo bench` passes this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// The results.
struct Measured {
    people: usize,
    /// Without a flood.
    signed_in: Outcomes,
    /// Processor time of the server per sign-in, in microseconds.
    cpu: f64,
    /// Times of task requests without a flood and with one, by round.
    quiet: Vec<Samples>,
    flooded: Vec<Samples>,
    flood: Outcomes,
    memory: Memory,
}

/// The server's memory in bytes: at rest, its peak while people sign in, and its peak during the
/// flood.
struct Memory {
    at_rest: f64,
    signing_in: f64,
    flooded: f64,
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
    let scratch = Scratch::create()?;
    // On this thread, because the private Postgres ends with the thread that starts it.
    let postgres = EmbeddedPostgres::start(&scratch.path().join("data"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let measured = runtime.block_on(measure(options, &postgres.url(), &scratch));
    runtime.shutdown_background();
    let measured = measured?;
    postgres.stop()?;
    Ok(Report::new(options, measured))
}

/// Settings of a server with its own accounts behind a proxy that reports client addresses.
fn server(url: &str, scratch: &Scratch) -> Result<Served> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/taskwire");
    Served::taskwire("taskwire", &program, &[("ACCOUNTS", "on"), ("TRUSTED_PROXIES", "127.0.0.1")], url, scratch)
}

async fn measure(options: &Options, url: &str, scratch: &Scratch) -> Result<Measured> {
    let server = server(url, scratch)?;
    let people = Person::sign_up_all(&server.base, PEOPLE).await?;
    let length = Duration::from_secs(options.seconds.into());
    // This also warms the server up.
    tasks::load(&people, options.rate, Duration::from_secs(2)).await?;
    memory::settle(&server).await?;
    let at_rest = memory::resident(&server)?;

    memory::forget_peak(&server)?;
    let before = server.cpu()?;
    let signed_in = sign_ins::one_after_another(&people, length).await?;
    let cpu = (server.cpu()? - before) / signed_in.count(200);
    let signing_in = memory::peak(&server)?;

    memory::forget_peak(&server)?;
    let (mut quiet, mut flooded, mut flood) = (Vec::new(), Vec::new(), Outcomes::default());
    for _ in 0..options.rounds {
        quiet.push(tasks::load(&people, options.rate, length).await?);
        let (times, outcomes) =
            tokio::join!(tasks::load(&people, options.rate, length), sign_ins::flood(&people, options.flood, length),);
        flooded.push(times?);
        flood.add(&outcomes?);
    }
    let memory = Memory { at_rest, signing_in, flooded: memory::peak(&server)? };
    Ok(Measured { people: PEOPLE, signed_in, cpu, quiet, flooded, flood, memory })
}
