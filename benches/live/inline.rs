//! The alternative that Taskwire does not use: NOTIFY inside the writing transaction, as a trigger
//! would send it. Postgres's lock for it makes all writers of the database wait for each other.

use sqlx::{Connection, PgConnection};

use crate::report::Figure;
use crate::samples::median;
use crate::sockets::Sockets;
use crate::stage::Stage;
use crate::writers::Among;
use crate::{Options, Result, cells};

/// A trigger that sends the same payload as the servers' hints, as if from another server.
const NOTIFY: &str = r"
    CREATE OR REPLACE FUNCTION notify_inline() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('taskwire_changes', json_build_object(
            'server', '00000000-0000-0000-0000-000000000000',
            'heads', json_build_array(json_build_array(NEW.owner_id, NEW.seq)))::text);
        RETURN NULL;
    END $$;
    CREATE TRIGGER notify_inline AFTER INSERT ON changes FOR EACH ROW EXECUTE FUNCTION notify_inline()";
const QUIET: &str = "DROP TRIGGER notify_inline ON changes";

const SECONDS: u32 = 3;
const ROUNDS: usize = 2;

/// The latency over two servers with the trigger; the row beside it is without.
pub async fn latency(stage: &Stage<'_>, options: &Options) -> Result<crate::report::Latency> {
    let mut own = PgConnection::connect(stage.url).await?;
    sqlx::raw_sql(NOTIFY).execute(&mut own).await?;
    let measured = cells::latency(stage, "two, inline", 2, 1_000, options).await;
    sqlx::raw_sql(QUIET).execute(&mut own).await?;
    measured
}

/// The maximum write rate over two servers, alternately without and with the trigger.
pub async fn rates(stage: &Stage<'_>) -> Result<Vec<Figure>> {
    eprintln!("writes with NOTIFY outside and inside the transaction");
    let mut own = PgConnection::connect(stage.url).await?;
    let servers = stage.servers(2).await?;
    let listening = Sockets::open(&servers.listening().base, &stage.users, 1..=1_000).await?;
    let among = Among { first: 1, count: 1_000 };
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (rates, after) in [(&mut outside, NOTIFY), (&mut inside, QUIET)] {
            let written = servers.writers.flat_out(among, SECONDS).await?.len();
            listening.arrivals(written).await?;
            rates.push(written as f64 / f64::from(SECONDS));
            sqlx::raw_sql(after).execute(&mut own).await?;
        }
    }
    Ok(vec![Figure::new(
        "writes per second on two servers, 16 writers: hints outside the transaction / NOTIFY inside",
        format!("{:.0} / {:.0}", median(outside), median(inside)),
    )])
}
