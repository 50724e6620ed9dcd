//! The order of projects, and their list.

use serde_json::{Value, json};
use taskwire::model::{Project, ProjectId};

use crate::concurrency::check_log;
use crate::kit::{Client, TestServer};
use crate::projects::{create, create_in, list, there};

async fn names(client: &Client, query: &str) -> Vec<String> {
    list(client, query).await.projects.into_iter().map(|listed| listed.project.name).collect()
}

async fn move_to(client: &Client, project: &Project, place: Value) -> Project {
    client.post(&format!("{}/move", there(project.id))).json(place).expect(200).await.json()
}

#[tokio::test]
async fn the_list_is_in_order_with_the_numbers_of_the_tasks() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    assert_eq!(list(&ada, "").await.count, 0);
    let (garden, house) = (create(&ada, "Garden").await, create(&ada, "House").await);
    ada.patch(&there(house.id)).json(json!({"archived": true})).expect(200).await;
    let weeds = create_in(&ada, &garden, "Pull weeds").await;
    let subtask = json!({"title": "Buy gloves", "parent_id": weeds.id});
    ada.post("/tasks").json(subtask).expect(201).await;
    let seeds = create_in(&ada, &garden, "Sow").await;
    ada.update(seeds.id, json!({"completed": true})).await;
    ada.create("Without a project").await;
    create_in(&bob, &create(&bob, "Bob's").await, "Bob's").await;

    let all = list(&ada, "").await;
    let told = all.projects.iter().map(|listed| (&*listed.project.name, listed.open_tasks, listed.completed_tasks));
    assert_eq!(told.collect::<Vec<_>>(), [("Garden", 2, 1), ("House", 0, 0)]);
    assert_eq!((all.count, &all.projects[0].project), (2, &garden));
    assert_eq!(all.position.to_string(), ada.position().await);
    for (query, expected) in [
        ("archived=true", vec!["House"]),
        ("archived=false", vec!["Garden"]),
        ("archived=all", vec!["Garden", "House"]),
    ] {
        assert_eq!(names(&ada, query).await, expected);
    }
    ada.get("/projects?archived=maybe").invalid("archived").await;
    ada.get("/projects?limit=5").invalid("limit").await;
}

#[tokio::test]
async fn a_move_changes_the_place_of_one_project() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut projects = Vec::new();
    for name in ["A", "B", "C", "D"] {
        projects.push(create(&ada, name).await);
    }
    let [a, b, c, d] = &projects[..] else { panic!("four") };
    for (which, place, expected) in [
        (d, json!({"before": a.id}), "DABC"),
        (a, json!({"after": c.id}), "DBCA"),
        (b, json!({}), "DCAB"),
        (c, json!({"after": d.id}), "DCAB"),
        (d, json!({"before": b.id}), "CADB"),
        (b, json!({}), "CADB"),
    ] {
        move_to(&ada, which, place.clone()).await;
        assert_eq!(names(&ada, "").await.concat(), expected, "{} to {place}", which.name);
    }
    assert_eq!(check_log(&ada).await.len(), 4 + 4, "two moves changed nothing, the others one project each");

    let call = |place: Value| ada.post(&format!("{}/move", there(a.id))).json(place);
    call(json!({"before": a.id})).invalid("before").await;
    call(json!({"after": ProjectId::new()})).invalid("after").await;
    call(json!({"before": b.id, "after": c.id})).invalid("after").await;
}
