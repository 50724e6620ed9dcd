//! Measures the cost of a request. The server runs under `wrk` on a private Postgres with 1,000
//! users of 100 tasks each. It is compared with `pgbench` running the server's own statements,
//! which shows Postgres's maximum, and with a bare pair of axum and sqlx, which shows the minimal
//! cost of HTTP, JSON and a statement; a second bare pair writes with the server's own statements. The three run in turn for short times, and the medians are
//! compared: rates and times depend on the machine, ratios on the code.

#![expect(clippy::disallowed_methods, reason = "writes and checks rows of many users")]

mod bare;
#[path = "../common/mod.rs"]
mod common;
mod database;
mod load;
mod operations;
mod peers;
mod pgbench;
mod ratios;
mod report;
mod statements;
mod wrk;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use taskwire::database::embedded::EmbeddedPostgres;
use taskwire::identity::tokens::Tokens;

use common::process::Served;
use common::scratch::Scratch;
use load::Shape;
use operations::Operation;
use report::Report;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Signs the tokens of the made-up users.
const SECRET: &str = "the benchmark's own secret, good for nothing else";
const TOKEN_LIFETIME: Duration = Duration::from_hours(24);

/// Measures the server beside pgbench and a bare pair of axum and sqlx
#[derive(Parser)]
struct Options {
    /// Length of one run
    #[arg(long, default_value_t = 5)]
    seconds: u64,

    /// Number of runs of each contender
    #[arg(long, default_value_t = 3)]
    rounds: usize,

    /// Only these operations: get, list, create, complete
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Operation>,

    /// Another build of Taskwire to measure in the same run, such as the one before a change
    #[arg(long, value_name = "BINARY")]
    against: Option<PathBuf>,

    /// Leave the bare pairs out
    #[arg(long)]
    no_bare: bool,

    /// Also measure backends that are made with other frameworks (needs Python)
    #[arg(long)]
    peers: bool,

    /// Write the ratios and their spread to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Fail if a ratio is worse than in this file by more than the spread there
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,

    /// `cargo bench` passes this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let judged = run(&options).and_then(|report| {
        println!("{report}");
        options.json.iter().try_for_each(|file| ratios::write(report.ratios(), file))?;
        options.check.iter().try_for_each(|file| ratios::check(report.ratios(), file))
    });
    match judged {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<Report> {
    let bare = if options.no_bare { None } else { Some(bare::build()?) };
    let fastapi = options.peers.then(peers::install_fastapi).transpose()?;
    let scratch = Scratch::create()?;
    // On this thread, because the private Postgres ends with the thread that starts it.
    let postgres = EmbeddedPostgres::start(&scratch.path().join("data"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let url = postgres.url();
    let measured = runtime.block_on(async {
        eprintln!("seeding {} users with {} tasks each", operations::USERS, operations::TASKS);
        let version = database::prepare(&url, bare.is_some() || fastapi.is_some()).await?;
        let tokens = tokens()?;
        fs::write(scratch.path().join("tokens"), tokens.join("\n"))?;

        let mut served =
            vec![Served::taskwire("taskwire", env!("CARGO_BIN_EXE_taskwire").as_ref(), &[], &url, &scratch)?];
        if let Some(bare) = &bare {
            served.push(bare::start(bare, &url, &scratch)?);
            served.push(bare::start_same(bare, &url, &scratch).await?);
        }
        if let Some(python) = &fastapi {
            served.push(peers::start_fastapi(python, &url, &scratch)?);
        }
        if let Some(other) = &options.against {
            served.push(Served::taskwire("against", other, &[], &url, &scratch)?);
        }
        let shape = Shape { seconds: options.seconds, rounds: options.rounds };
        let mut report = Report::new(&version, shape);
        for operation in Operation::chosen(&options.only) {
            for server in &served {
                load::try_once(server, operation, &tokens).await?;
            }
            eprintln!("measuring {operation}");
            let statement = statements::of_server(operation, &url).await?;
            report.add(operation, load::measure(operation, &statement, &served, shape, &url, &scratch)?);
        }
        drop(served);
        database::check(&url).await?;
        Ok::<_, Box<dyn Error>>(report)
    })?;
    postgres.stop()?;
    Ok(measured)
}

/// One token for each user, in the users' order.
fn tokens() -> Result<Vec<String>> {
    let tokens = Tokens::new(SECRET.as_bytes(), None, None);
    (1..=operations::USERS).map(|user| Ok(tokens.mint(&user.to_string(), TOKEN_LIFETIME)?)).collect()
}
