//! Projects: create, read, update, count, delete with or without their tasks, and live changes.

use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};
use taskwire::api::projects::list::ProjectList;
use taskwire::model::{PROJECTS_MAX, Project, ProjectId, Task};

use crate::concurrency::check_log;
use crate::kit::{Answer, Call, Client, Contract, Live, TestServer, at};

pub async fn create(client: &Client, name: &str) -> Project {
    client.post("/projects").json(json!({ "name": name })).expect(201).await.json()
}

pub async fn create_in(client: &Client, project: &Project, title: &str) -> Task {
    client.post("/tasks").json(json!({ "title": title, "project_id": project.id })).expect(201).await.json()
}

pub async fn list(client: &Client, query: &str) -> ProjectList {
    client.get(&format!("/projects?{query}")).expect(200).await.json()
}

pub fn there(id: ProjectId) -> String {
    format!("/projects/{id}")
}

#[tokio::test]
async fn a_created_project_can_be_read_back() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let body = json!({"name": "  Garden ", "color": "#2f855a", "archived": true});
    let answer = ada.post("/projects").json(body).expect(201).await;
    let project: Project = answer.json();
    assert_eq!((project.name.as_str(), project.color.as_deref(), project.archived), ("Garden", Some("#2f855a"), true));
    assert_eq!((project.user_id.as_str(), project.version.get()), ("ada", 1));
    assert_eq!(project.id.as_uuid().get_version_num(), 7);
    assert_eq!(project.created_at, project.updated_at);
    assert_eq!(answer.header("location"), Some(format!("/api/ada/projects/{}", project.id).as_str()));
    assert_eq!(answer.header("etag"), Some("\"1\""));

    let read = ada.get(&there(project.id)).expect(200).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    assert_eq!(read.json::<Project>(), project);
    let known = ada.get(&there(project.id)).header("if-none-match", "\"1\"").expect(304).await;
    assert!(known.body.is_empty());
    let plain = create(&ada, "Plain").await;
    assert_eq!((plain.color, plain.archived), (None, false));
}

#[tokio::test]
async fn creating_with_a_chosen_id_is_safe_to_retry() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = ProjectId::new();
    let create = |name: &str| ada.post("/projects").json(json!({"id": id, "name": name}));
    create("Garden").expect(201).await;
    let renamed: Project = ada.patch(&there(id)).json(json!({"name": "Balcony"})).expect(200).await.json();
    assert_eq!(create("Garden").expect(200).await.json::<Project>(), renamed);
    create("Balcony").problem(409, "CONFLICT").await;
    ada.delete(&there(id)).expect(204).await;
    create("Garden").problem(410, "GONE").await;
    // A restored project is as before, and the creation is still safe to retry.
    ada.post(&format!("/trash/{id}/restore")).expect(200).await;
    assert_eq!(create("Garden").expect(200).await.json::<Project>().name, "Balcony");
    ada.delete(&there(id)).expect(204).await;
    ada.delete(&format!("/trash/{id}")).expect(204).await;
    create("Garden").problem(410, "GONE").await;
    assert_eq!(check_log(&ada).await.len(), 5);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut project = create(&ada, "Garden").await;
    for (fields, expected) in [
        (json!({"name": " Balcony "}), ("Balcony", None, false)),
        (json!({"color": "#2f855a"}), ("Balcony", Some("#2f855a"), false)),
        (json!({"archived": true}), ("Balcony", Some("#2f855a"), true)),
        (json!({"color": null, "archived": false}), ("Balcony", None, false)),
    ] {
        let answer = ada.patch(&there(project.id)).json(fields.clone()).expect(200).await;
        let now: Project = answer.json();
        assert_eq!((now.name.as_str(), now.color.as_deref(), now.archived), expected, "{fields}");
        assert!(now.version > project.version && now.updated_at > project.updated_at);
        assert_eq!((now.created_at, &now.rank), (project.created_at, &project.rank));
        assert_eq!(answer.header("etag"), Some(format!("\"{}\"", now.version).as_str()));
        project = now;
    }
    for nothing in [json!({}), json!({"name": "Balcony "}), json!({"color": null, "archived": false})] {
        let same: Project = ada.patch(&there(project.id)).json(nothing).expect(200).await.json();
        assert_eq!(same, project);
    }
    for (field, wrong) in [
        ("name", json!({"name": null})),
        ("archived", json!({"archived": null})),
        ("rank", json!({"rank": "80"})),
        ("id", json!({"id": ProjectId::new()})),
        ("color", json!({"color": "green"})),
    ] {
        ada.patch(&there(project.id)).json(wrong).invalid(field).await;
    }
    assert_eq!(check_log(&ada).await.len(), 5, "an update without effect left a change");
}

#[tokio::test]
async fn if_match_prevents_overwriting_an_unseen_change() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let project = create(&ada, "Garden").await;
    ada.patch(&there(project.id)).json(json!({"name": "Balcony"})).expect(200).await;
    let stale = |call: Call| call.header("if-match", "\"1\"");
    for call in [
        ada.patch(&there(project.id)).json(json!({"name": "Yard"})),
        ada.post(&format!("{}/move", there(project.id))).json(json!({})),
        ada.delete(&there(project.id)),
    ] {
        let answer: Answer = stale(call).expect(412).await;
        assert_eq!(answer.header("etag"), Some("\"2\""));
    }
    ada.delete(&there(project.id)).header("if-match", "\"2\"").expect(204).await;
}

/// The constraint that rejects a project with these values, if any.
async fn refusing(server: &TestServer, name: &str, color: &str) -> Option<String> {
    let insert = format!(
        "INSERT INTO projects (owner_id, id, name, color, archived, rank, created_at, updated_at, version)
         VALUES ('bob', gen_random_uuid(), '{name}', '{color}', false, '80', now(), now(), 1)"
    );
    match server.database.connection().await.execute(AssertSqlSafe(insert)).await {
        Ok(_) => None,
        Err(sqlx::Error::Database(error)) => Some(error.constraint().expect("a named constraint").to_owned()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn contract_server_and_database_agree_on_every_limit() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let project = create(&ada, "Garden").await;
    let schemas = &Contract::get().document["components"]["schemas"];
    for schema in ["Project", "ListedProject", "CreateProject", "UpdateProject"] {
        let fields = &schemas[schema]["properties"];
        assert_eq!((&fields["name"]["minLength"], &fields["name"]["maxLength"]), (&json!(1), &json!(100)), "{schema}");
        assert_eq!(fields["color"]["pattern"], "^#[0-9a-f]{6}$", "{schema}");
    }
    assert_eq!(schemas["ProjectList"]["properties"]["projects"]["maxItems"], PROJECTS_MAX);

    let (long, longer) = ("é".repeat(100), "é".repeat(101));
    for (name, color, refused) in [
        (long.as_str(), "#0099af", None),
        (&longer, "#0099af", Some(("name", "projects_name_length"))),
        ("", "#0099af", Some(("name", "projects_name_length"))),
        ("a", "#0099AF", Some(("color", "projects_color_form"))),
        ("a", "#0099a", Some(("color", "projects_color_form"))),
        ("a", "#0099aff", Some(("color", "projects_color_form"))),
        ("a", "0099aff", Some(("color", "projects_color_form"))),
    ] {
        let body = json!({"name": name, "color": color});
        let (post, patch) = (ada.post("/projects").json(body.clone()), ada.patch(&there(project.id)).json(body));
        let refused_by = refusing(&server, name, color).await;
        assert_eq!(refused_by.as_deref(), refused.map(|(_, constraint)| constraint), "{name} {color}");
        if let Some((field, _)) = refused {
            post.invalid(field).await;
            patch.invalid(field).await;
        } else {
            post.expect(201).await;
            patch.expect(200).await;
        }
    }
    assert_eq!(refusing(&server, " untrimmed", "#0099af").await.as_deref(), Some("projects_name_trimmed"));
    ada.post("/projects").json(json!({"name": "a\0b"})).invalid("name").await;
}

#[tokio::test]
async fn deleting_a_project_with_tasks_needs_an_explicit_choice() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (kept, lost, empty) = (create(&ada, "Stays").await, create(&ada, "Lost").await, create(&ada, "Empty").await);
    let (stays, goes) = (create_in(&ada, &kept, "Stays").await, create_in(&ada, &lost, "Goes").await);
    ada.post("/tasks").json(json!({"title": "Goes too", "parent_id": goes.id})).expect(201).await;
    for project in [&kept, &lost] {
        let refused = ada.delete(&there(project.id)).problem(409, "CONFLICT").await;
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("tasks=move_out")), "{refused}");
    }
    ada.delete(&format!("{}?tasks=keep", there(kept.id))).invalid("tasks").await;
    ada.delete(&there(empty.id)).expect(204).await;
    ada.delete(&format!("{}?tasks=move_out", there(kept.id))).expect(204).await;
    ada.delete(&format!("{}?tasks=delete", there(lost.id))).expect(204).await;
    let tasks = ada.page("").await.tasks;
    assert_eq!(tasks.iter().map(|task| (task.id, task.project_id)).collect::<Vec<_>>(), [(stays.id, None)]);
    for id in [kept.id, lost.id, empty.id] {
        for call in [
            ada.get(&there(id)),
            ada.patch(&there(id)).json(json!({"name": "New"})),
            ada.post(&format!("{}/move", there(id))).json(json!({})),
            ada.delete(&there(id)),
        ] {
            call.problem(404, "NOT_FOUND").await;
        }
    }
    ada.post("/tasks").json(json!({"title": "Late", "project_id": kept.id})).invalid("project_id").await;
    check_log(&ada).await;
}

#[tokio::test]
async fn another_users_project_is_answered_like_a_missing_one() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let (own, task) = (create(&ada, "Own").await, ada.create("Ada's").await);
    let (foreign, missing) = (create(&bob, "Bob's").await.id, ProjectId::new());
    let calls = |id: ProjectId| {
        [
            ada.post("/tasks").json(json!({"title": "Buy milk", "project_id": id})),
            ada.patch(&at(task.id)).json(json!({"project_id": id})),
            ada.post(&format!("{}/move", at(task.id))).json(json!({"project_id": id})),
            ada.post(&format!("{}/move", there(own.id))).json(json!({"before": id})),
        ]
    };
    for (foreign, missing) in calls(foreign).into_iter().zip(calls(missing)) {
        assert_eq!(foreign.expect(400).await.comparable(), missing.expect(400).await.comparable());
    }
    assert_eq!(ada.log().await.len(), 2);
}

#[tokio::test]
async fn the_number_of_projects_is_limited() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let first = create(&ada, "First").await;
    let fill = format!(
        "INSERT INTO projects (owner_id, id, name, archived, rank, created_at, updated_at, version)
         SELECT 'ada', gen_random_uuid(), 'n ' || n, false, lpad(to_hex(n + 5), 12, '0') || '80', now(), now(), 1
         FROM generate_series(2, {PROJECTS_MAX}) n"
    );
    server.database.connection().await.execute(AssertSqlSafe(fill)).await.expect("projects are inserted");
    let one_more = || ada.post("/projects").json(json!({"name": "One more"}));
    let refused = one_more().problem(409, "CONFLICT").await;
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("1000")), "{refused}");
    assert_eq!(list(&ada, "").await.count, PROJECTS_MAX);
    let import = json!({"taskwire": {"version": 1}, "projects": [{"id": ProjectId::new(), "name": "Imported"}]});
    let refused = ada.post("/import").json(import).problem(400, "VALIDATION_ERROR").await;
    assert!(refused["errors"][0]["message"].as_str().is_some_and(|message| message.contains("1000")), "{refused}");

    ada.delete(&there(first.id)).expect(204).await;
    one_more().expect(201).await;
    ada.post(&format!("/trash/{}/restore", first.id)).problem(409, "CONFLICT").await;
    let last = list(&ada, "").await.projects.pop().expect("projects").project;
    ada.delete(&there(last.id)).expect(204).await;
    ada.post(&format!("/trash/{}/restore", first.id)).expect(200).await;
}

#[tokio::test]
async fn every_change_of_a_project_reaches_the_live_channel() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let (mut live, hello) = Live::open(&ada, None).await;
    let project = create(&ada, "Garden").await;
    let task = create_in(&ada, &project, "Pull weeds").await;
    ada.patch(&there(project.id)).json(json!({"color": "#2f855a"})).expect(200).await;
    ada.delete(&format!("{}?tasks=delete", there(project.id))).expect(204).await;
    ada.post(&format!("/trash/{}/restore", project.id)).expect(200).await;
    ada.delete(&format!("{}?tasks=move_out", there(project.id))).expect(204).await;

    let log = check_log(&ada).await;
    let kinds: Vec<_> = log.iter().map(|change| change["type"].as_str().expect("a type")).collect();
    let expected = [
        "project.created",
        "task.created",
        "project.updated",
        "task.deleted",
        "project.deleted",
        "project.restored",
        "task.restored",
        "task.updated",
        "project.deleted",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(log[4]["project_id"], json!(project.id));
    assert_eq!((&log[6]["task"]["id"], &log[6]["task"]["project_id"]), (&json!(task.id), &json!(project.id)));
    assert_eq!(live.changes(log.len()).await, log);
    live.expect_nothing().await;
    let (mut late, _) = Live::open(&ada, hello["position"].as_str()).await;
    assert_eq!(late.changes(log.len()).await, log);
}
