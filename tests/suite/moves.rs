//! The user's order over all tasks: each move changes the place of one task. The order follows the
//! bytes of the ranks, and it stays consistent under concurrent moves.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sqlx::Row;
use taskwire::model::{Task, TaskId};
use uuid::Uuid;

use crate::concurrency::check_log;
use crate::kit::{Client, TestServer, at};

async fn tasks(client: &Client, count: usize) -> Vec<Task> {
    let mut tasks = Vec::new();
    for number in 0..count {
        tasks.push(client.create(&format!("{number}")).await);
    }
    tasks
}

async fn order(client: &Client) -> Vec<TaskId> {
    client.in_order().await.iter().map(|task| task.id).collect()
}

/// The titles, one letter each, in the user's order.
async fn titles(client: &Client) -> String {
    client.in_order().await.into_iter().map(|task| task.title).collect()
}

#[tokio::test]
async fn a_task_moves_before_or_after_another_or_to_the_end() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = tasks(&ada, 5).await;
    assert_eq!(titles(&ada).await, "01234", "new tasks come last");
    // Completed tasks have their place in the same order.
    ada.update(task[2].id, json!({"completed": true})).await;
    for (moved, to, expected) in [
        (3, json!({"before": task[1].id}), "03124"),
        (0, json!({"after": task[2].id}), "31204"),
        (3, json!({}), "12043"),
        (4, json!({"before": task[1].id}), "41203"),
        (1, json!({"after": task[3].id}), "42031"),
        (2, json!({"after": task[1].id}), "40312"),
        (4, json!({}), "03124"),
    ] {
        let before = ada.log().await.len();
        let answer = ada.move_task(task[moved].id, to.clone()).await;
        assert_eq!(titles(&ada).await, expected, "{moved} to {to}");
        assert_eq!(ada.log().await.len(), before + 1, "only the moved task changes");
        assert_eq!(ada.read(task[moved].id).await, answer);
    }
    assert_eq!(ada.create("5").await.title, "5");
    assert_eq!(titles(&ada).await, "031245");

    let mut database = server.database.connection().await;
    let rows = sqlx::query("SELECT id FROM tasks ORDER BY rank").fetch_all(&mut database).await.expect("rows");
    assert_eq!(rows.iter().map(|row| row.get::<Uuid, _>(0).into()).collect::<Vec<TaskId>>(), order(&ada).await);
    check_log(&ada).await;
}

#[tokio::test]
async fn a_move_to_the_current_place_creates_no_change() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = tasks(&ada, 3).await;
    ada.update(task[1].id, json!({"completed": true})).await;
    let (first, last) = (ada.read(task[0].id).await, ada.read(task[2].id).await);
    for (of, to) in [
        (&first, json!({"before": task[1].id})),
        (&last, json!({"after": task[1].id})),
        (&last, json!({})),
        (&last, json!({"project_id": null, "parent_id": null})),
    ] {
        assert_eq!(ada.move_task(of.id, to.clone()).await, *of, "{to}");
        let results = ada.batch(json!([{"op": "move", "id": of.id, "to": to}])).await;
        assert_eq!(results[0].task.as_ref(), Some(of), "{to}");
    }
    assert_eq!(ada.log().await.len(), 4);
}

#[tokio::test]
async fn a_move_may_change_project_and_parent_too_in_one_change() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let garden = ada.project("Garden").await;
    let task = tasks(&ada, 4).await;
    let before = ada.log().await.len();
    let moved = ada.move_task(task[3].id, json!({"before": task[0].id, "project_id": garden})).await;
    assert_eq!((moved.project_id, titles(&ada).await.as_str()), (Some(garden), "3012"));
    let below = ada.move_task(task[0].id, json!({"after": task[2].id, "parent_id": task[3].id})).await;
    assert_eq!((below.parent_id, below.project_id), (Some(task[3].id), Some(garden)));
    assert_eq!(titles(&ada).await, "3120");
    assert_eq!(ada.log().await.len(), before + 2);
    // A move beside a task does not take over that task's project or parent.
    let beside = ada.move_task(task[1].id, json!({"before": task[0].id})).await;
    assert_eq!((beside.parent_id, beside.project_id), (None, None));
}

#[tokio::test]
async fn an_anchor_must_be_another_task_of_the_user() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let (task, other, bobs) = (ada.create("A").await, ada.create("B").await, bob.create("Bob's").await);
    let gone = ada.create("gone").await;
    ada.delete(&at(gone.id)).expect(204).await;
    let path = format!("{}/move", at(task.id));
    for anchor in ["before", "after"] {
        for id in [Uuid::now_v7(), bobs.id.as_uuid(), gone.id.as_uuid(), task.id.as_uuid()] {
            let problem = ada.post(&path).json(json!({ anchor: id })).invalid(anchor).await;
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("must be")), "{problem}");
            let batch = json!({"operations": [{"op": "move", "id": task.id, "to": { anchor: id }}]});
            ada.post("/tasks/batch").json(batch).invalid(&format!("operations[0].to.{anchor}")).await;
        }
        for value in [json!(null), json!("first"), json!(1)] {
            ada.post(&path).json(json!({ anchor: value })).invalid(anchor).await;
        }
    }
    ada.post(&path).json(json!({"before": other.id, "after": other.id})).invalid("after").await;
    ada.post(&path).json(json!({"to": "first"})).invalid("to").await;
    ada.post(&path).json(json!({"before": other.id, "project_id": Uuid::now_v7()})).invalid("project_id").await;
    for missing in [bobs.id.as_uuid(), Uuid::now_v7()] {
        ada.post(&format!("{}/move", at(missing))).json(json!({})).expect(404).await;
    }
    let stale = ada.post(&path).header("if-match", "\"7\"").json(json!({}));
    assert_eq!(stale.expect(412).await.header("etag"), Some("\"1\""));
    assert_eq!(ada.log().await.len(), 4, "a rejected move left a change");
}

/// Draws a batch of moves and applies it to the expected order.
fn draw(rng: &mut StdRng, order: &mut Vec<TaskId>) -> Vec<Value> {
    let mut operations = Vec::new();
    for _ in 0..rng.random_range(2..10) {
        let at = rng.random_range(0..order.len());
        let id = order[at];
        if rng.random_bool(0.2) {
            let new = TaskId::new();
            operations.push(json!({"op": "create", "task": {"id": new, "title": "new"}}));
            order.push(new);
            continue;
        }
        if rng.random_bool(0.1) && order.len() > 3 {
            operations.push(json!({"op": "delete", "id": id}));
            order.remove(at);
            continue;
        }
        order.remove(at);
        let anchor = rng.random_range(0..order.len());
        let (to, place) = match rng.random_range(0..3) {
            0 => (json!({}), order.len()),
            1 => (json!({"before": order[anchor]}), anchor),
            _ => (json!({"after": order[anchor]}), anchor + 1),
        };
        operations.push(json!({"op": "move", "id": id, "to": to}));
        order.insert(place, id);
    }
    operations
}

#[tokio::test]
async fn the_moves_of_a_batch_have_the_effect_of_single_moves() {
    let server = TestServer::start().await;
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let ada = server.user(&format!("ada {seed}"));
        let mut expected: Vec<TaskId> = tasks(&ada, 8).await.iter().map(|task| task.id).collect();
        for _ in 0..3 {
            let operations = draw(&mut rng, &mut expected);
            ada.batch(json!(operations)).await;
            assert_eq!(order(&ada).await, expected, "seed {seed}: {operations:#?}");
        }
    }
}

const MOVERS: u64 = 16;

/// A requested move: the neighbour, and whether the task comes after it.
type Wish = (TaskId, Option<(TaskId, bool)>);

async fn shuffle(client: Client, ids: Vec<TaskId>, seed: u64) -> Vec<(i64, Wish)> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut wishes = Vec::new();
    for _ in 0..20 {
        let (id, anchor) = (ids[rng.random_range(0..ids.len())], ids[rng.random_range(0..ids.len())]);
        let (to, wish) = match rng.random_range(0..5) {
            0 => (json!({}), None),
            1 | 2 => (json!({ "before": anchor }), Some((anchor, false))),
            _ => (json!({ "after": anchor }), Some((anchor, true))),
        };
        if wish.is_none() || id != anchor {
            wishes.push((client.move_task(id, to).await.version.get(), (id, wish)));
        }
    }
    wishes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_concurrent_move_has_its_effect_when_it_commits() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let ids: Vec<TaskId> = tasks(&ada, 12).await.iter().map(|task| task.id).collect();
    for done in ids.iter().step_by(3) {
        ada.update(done, json!({"completed": true})).await;
    }
    let work = (0..MOVERS).map(|seed| tokio::spawn(shuffle(server.user("ada"), ids.clone(), seed)));
    let mut wishes: HashMap<i64, Vec<Wish>> = HashMap::new();
    for done in join_all(work).await {
        for (version, wish) in done.expect("no mover fails") {
            wishes.entry(version).or_default().push(wish);
        }
    }

    // Replay the log as an order: each change must fulfil one wish, and each wish must have been
    // fulfilled by the version in its response.
    let mut ranks: BTreeMap<String, TaskId> = BTreeMap::new();
    let mut open: HashMap<TaskId, Vec<Wish>> = HashMap::new();
    let log = check_log(&ada).await;
    let settled = ids.len() + ids.len().div_ceil(3);
    for (number, change) in log.iter().enumerate() {
        let task: Task = serde_json::from_value(change["task"].clone()).expect("a task");
        let others: Vec<TaskId> = ranks.values().copied().filter(|id| *id != task.id).collect();
        ranks.retain(|_, id| *id != task.id);
        assert!(ranks.values().copied().eq(others), "the others keep their order");
        assert_eq!(ranks.insert(task.rank.to_string(), task.id), None, "{change} takes another task's rank");
        let now: Vec<TaskId> = ranks.values().copied().collect();
        let asked = wishes.remove(&task.version.get()).unwrap_or_default();
        assert!(number < settled || asked.iter().any(|wish| is_true(wish, &now)), "{change} fulfils none of {asked:?}");
        let before = open.insert(task.id, asked).unwrap_or_default();
        assert!(before.is_empty(), "{before:?} was never fulfilled");
        for wishes in open.values_mut() {
            wishes.retain(|wish| !is_true(wish, &now));
        }
    }
    assert!(wishes.is_empty() && open.into_values().all(|open| open.is_empty()), "some wishes were never fulfilled");
    assert!(log.len() > 150, "{} changes are too few for a race", log.len());
    assert_eq!(order(&ada).await, ranks.into_values().collect::<Vec<_>>());
}

/// Whether the order fulfils a wish; false while one of the two tasks does not exist yet.
fn is_true((id, wish): &Wish, order: &[TaskId]) -> bool {
    let place = |wanted: TaskId| order.iter().position(|id| *id == wanted);
    let Some(own) = place(*id) else { return false };
    match *wish {
        None => own + 1 == order.len(),
        Some((anchor, true)) => place(anchor).is_some_and(|anchor| own == anchor + 1),
        Some((anchor, false)) => place(anchor).is_some_and(|anchor| own + 1 == anchor),
    }
}
