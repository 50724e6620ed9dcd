//! The trash expires: old items are removed, a bounded number at a time, and without blocking
//! anyone.

use std::time::Duration;

use sqlx::Connection;
use taskwire::database::Pool;
use taskwire::engine::trash_retention::remove_old;
use taskwire::model::TaskId;
use tokio::time::timeout;

use crate::kit::{Options, TestServer};
use crate::trash::{MONTH, count, delete, part_of, restore, that_keeps_all, trash};

const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the deletion of this item older by this many days.
async fn age(pool: &Pool, root: TaskId, days: i32) {
    let age = "UPDATE trash SET deleted_at = deleted_at - make_interval(days => $2) WHERE root_id = $1";
    sqlx::query(age).bind(root.as_uuid()).bind(days).execute(pool).await.expect("an update");
}

#[tokio::test]
async fn old_items_are_removed_and_the_rest_stay() {
    let server = that_keeps_all().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let mut deleted = Vec::new();
    for client in [&ada, &ada, &bob] {
        let top = client.create("Top").await;
        part_of(client, &top, "Part").await;
        delete(client, &top).await;
        deleted.push(top.id);
    }
    age(&server.pool, deleted[0], 31).await;
    age(&server.pool, deleted[1], 29).await;
    age(&server.pool, deleted[2], 300).await;
    assert_eq!(remove_old(&server.pool, MONTH).await.expect("the trash expires"), 4);
    assert_eq!(remove_old(&server.pool, MONTH).await.expect("the trash expires"), 0);
    assert_eq!(trash(&bob, "").await.count, 0);
    assert_eq!(restore(&ada, deleted[1]).await.count, 2);
    ada.post(&format!("/trash/{}/restore", deleted[0])).problem(404, "NOT_FOUND").await;
}

#[tokio::test]
async fn one_statement_removes_a_bounded_number_of_items() {
    let server = that_keeps_all().await;
    let statements = "
        INSERT INTO owners (owner_id, last_seq, last_at) SELECT 'user ' || n, 1, now() FROM generate_series(1, 2500) n;
        INSERT INTO trash (owner_id, id, root_id, deleted_at, task)
            SELECT 'user ' || n, id, id, now() - interval '31 days', '{}'
            FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, 2500) n WHERE n % 3 > 0) AS fresh;
        INSERT INTO owners (owner_id, last_seq, last_at) VALUES ('ada', 1, now());
        INSERT INTO trash (owner_id, id, root_id, deleted_at, task)
            SELECT 'ada', CASE WHEN part = 0 THEN root ELSE gen_random_uuid() END, root, now() - interval '31 days', '{}'
            FROM (SELECT gen_random_uuid() AS root FROM generate_series(1, 700)) roots, generate_series(0, 9) part;
        CREATE TABLE removals (count bigint);
        CREATE FUNCTION note_removal() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO removals SELECT count(*) FROM removed; RETURN NULL; END $$;
        CREATE TRIGGER removal AFTER DELETE ON trash REFERENCING OLD TABLE AS removed
            FOR EACH STATEMENT EXECUTE FUNCTION note_removal()";
    sqlx::raw_sql(statements).execute(&server.pool).await.expect("a full trash");
    assert_eq!(remove_old(&server.pool, MONTH).await.expect("the trash expires"), 7000 + 1667);
    assert_eq!(count(&server.pool, "trash").await, 0);
    let most: i64 = sqlx::query_scalar("SELECT max(count) FROM removals").fetch_one(&server.pool).await.expect("one");
    assert_eq!(most, 1000);
}

#[tokio::test]
async fn nobody_waits_for_a_removal_under_way() {
    let server = that_keeps_all().await;
    let ada = server.user("ada");
    let (old, young) = (ada.create("Old").await, ada.create("Young").await);
    for task in [&old, &young] {
        delete(&ada, task).await;
    }
    age(&server.pool, old.id, 31).await;
    // A removal that has deleted its rows but does not commit until the test allows it.
    let wait = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
                CREATE TRIGGER wait AFTER DELETE ON trash FOR EACH ROW
                    WHEN (OLD.task ->> 'title' = 'Old') EXECUTE FUNCTION wait()";
    sqlx::raw_sql(wait).execute(&server.pool).await.expect("a trigger");
    let mut connection = server.database.connection().await;
    let mut brake = connection.begin().await.expect("a transaction");
    sqlx::raw_sql("SELECT pg_advisory_xact_lock(1)").execute(&mut *brake).await.expect("the lock");
    let pool = server.pool.clone();
    let removal = tokio::spawn(async move { remove_old(&pool, MONTH).await.expect("the trash expires") });
    timeout(PATIENCE, server.database.wait_for_blocked_statements(1)).await.expect("the removal is under way");

    let meanwhile = ada.create("Meanwhile").await;
    delete(&ada, &meanwhile).await;
    assert_eq!(restore(&ada, young.id).await.count, 1);
    assert_eq!(trash(&ada, "").await.count, 2);
    ada.delete(&format!("/trash/{}", meanwhile.id)).expect(204).await;
    assert!(!removal.is_finished());
    brake.rollback().await.expect("the lock is given back");
    assert_eq!(removal.await.expect("the removal ends"), 1);
    assert_eq!(trash(&ada, "").await.count, 0);
}

#[tokio::test]
async fn a_server_empties_the_trash_by_itself() {
    let trash_retention = Duration::from_millis(300);
    let server = TestServer::with(Options { trash_retention, ..Options::default() }).await;
    let ada = server.user("ada");
    let task = ada.create("Lost").await;
    delete(&ada, &task).await;
    let gone = async { while trash(&ada, "").await.count > 0 {} };
    timeout(PATIENCE, gone).await.expect("the item is gone");
    ada.post(&format!("/trash/{}/restore", task.id)).problem(404, "NOT_FOUND").await;
}
