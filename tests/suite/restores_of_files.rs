//! The files of Postgres are put back, a standby is promoted, or the log of Postgres is replayed up to a point
//! in time, while clients know a future that the result does not contain.

use std::sync::Arc;

use crate::kit::{Live, Options, OwnPostgres, TestDatabase, TestServer};
use crate::restores::{OFTEN, continues, is_refused, is_reset_and_ends_like, settle, write};
use crate::servers::sweeping;

/// How the database returns to an earlier state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Return {
    /// An older copy of the files: the same system identifier, timeline and oid.
    Copy,
    /// A standby that has not received the newest changes is promoted.
    Standby,
    /// The log of Postgres is replayed up to a point in time.
    PointInTime,
}

async fn set_back(postgres: &mut OwnPostgres, way: Return) {
    postgres.stop();
    match way {
        Return::Copy => {
            postgres.put_back(None);
            postgres.resume(&[]);
        }
        Return::Standby => {
            postgres.put_back(Some("standby.signal"));
            postgres.resume(&[]);
            postgres.until("SELECT pg_promote()").await;
        }
        Return::PointInTime => {
            let lost = postgres.put_back(Some("recovery.signal"));
            let command = format!("restore_command=cp {}/pg_wal/%f %p", lost.display());
            let target = ["recovery_target_name=kept", "recovery_target_action=promote"];
            postgres.resume(&[command.as_str(), target[0], target[1]]);
            postgres.until("SELECT NOT pg_is_in_recovery()").await;
        }
    }
}

async fn clients_of_the_lost_future_list_again(way: Return) {
    let mut postgres = OwnPostgres::start();
    let nowhere = Arc::new(TestDatabase::empty().await);
    let url = postgres.url();
    let start = || {
        let options = Options { through: Some(url.clone()), ..sweeping(OFTEN, false) };
        TestServer::on(nowhere.clone(), options)
    };
    let first = start().await;
    let past = write(&first.user("ada"), &["one", "two", "three"]).await;
    first.stop().await;
    postgres.stop();
    postgres.back_up();
    postgres.resume(&[]);

    let (running, restarting) = (start().await, start().await);
    let ada = running.user("ada");
    if way == Return::PointInTime {
        write(&ada, &["four"]).await;
    }
    postgres.until("SELECT pg_create_restore_point('kept') IS NOT NULL").await;
    let lost = write(&ada, &["lost", "lost too"]).await;
    let (mut live, _) = Live::open(&ada, None).await;
    restarting.stop().await;
    set_back(&mut postgres, way).await;
    let restarted = start().await;
    settle(&ada).await;

    let there = ada.at(&restarted);
    write(&there, &["new", "new too", "and more"]).await;
    write(&ada, &["and on"]).await;
    is_reset_and_ends_like(&mut live, &ada).await;
    let log = ada.log().await;
    assert_eq!(log.len(), if way == Return::PointInTime { 8 } else { 7 });
    for client in [&ada, &there] {
        is_refused(client, &lost[0]).await;
        is_refused(client, &lost[1]).await;
        if way == Return::Copy {
            continues(client, &past[2], &log[3..]).await;
        } else {
            // The timeline is another one, so the whole history is.
            is_refused(client, &past[2]).await;
        }
    }
}

#[tokio::test]
async fn after_an_older_copy_of_the_files() {
    clients_of_the_lost_future_list_again(Return::Copy).await;
}

#[tokio::test]
async fn after_the_promotion_of_a_standby() {
    clients_of_the_lost_future_list_again(Return::Standby).await;
}

#[tokio::test]
async fn after_a_return_to_a_point_in_time() {
    clients_of_the_lost_future_list_again(Return::PointInTime).await;
}
