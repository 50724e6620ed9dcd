//! What signing in costs, and what a flood of it does to everybody else. A release server with
//! accounts runs on a private Postgres; this process signs in, floods, and meanwhile sends the
//! requests of people who have signed in long ago. All of it shares one machine, so the times
//! include the load's own.

#![expect(clippy::cast_precision_loss, reason = "nothing that is counted here is that large")]

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

/// None: this server has keys of its own.
const SECRET: &str = "";
/// People with an account each, who sign in and have tasks.
const PEOPLE: usize = 16;

/// Measures signing in, and task requests during a flood of it
#[derive(Parser)]
struct Options {
    /// Length of each part
    #[arg(long, default_value_t = 10)]
    seconds: u32,

    /// How often task requests are measured without and with a flood, in turn
    #[arg(long, default_value_t = 3)]
    rounds: u32,

    /// Task requests per second
    #[arg(long, default_value_t = 200)]
    rate: u32,

    /// Attempts to sign in per second that make a flood: many times what can be checked
    #[arg(long, default_value_t = 500)]
    flood: u32,

    /// What `cargo bench` tells every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// What was found out.
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

/// What the server holds, in bytes: at rest, at the most while people sign in, and at the most
/// during the flood.
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
    // On this thread, because the private Postgres is tied to the thread that starts it.
    let postgres = EmbeddedPostgres::start(&scratch.path().join("data"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let measured = runtime.block_on(measure(options, &postgres.url(), &scratch));
    runtime.shutdown_background();
    let measured = measured?;
    postgres.stop()?;
    Ok(Report::new(options, measured))
}

/// As an operator starts it whose users sign in here, behind a proxy that says where they are.
fn server(url: &str, scratch: &Scratch) -> Result<Served> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/release/taskwire");
    Served::taskwire("taskwire", &program, &[("ACCOUNTS", "on"), ("TRUSTED_PROXIES", "127.0.0.1")], url, scratch)
}

async fn measure(options: &Options, url: &str, scratch: &Scratch) -> Result<Measured> {
    let server = server(url, scratch)?;
    let people = Person::sign_up_all(&server.base, PEOPLE).await?;
    let length = Duration::from_secs(options.seconds.into());
    // What there is to warm up is warm after this.
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
