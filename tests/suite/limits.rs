//! Every limit exists in the contract, for generated clients; in the server, which reports the allowed values; and
//! in a named constraint of the database, unless the constraint would cost the writes of tasks too much. One table
//! tests all three and covers every constraint.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};
use uuid::Uuid;

use crate::kit::{Contract, TestServer};

/// Constraints on values that no client sends.
const OUR_OWN: [&str; 3] = ["version_positive", "request_digest_length", "hash_length"];
/// Instead of a constraint: Postgres prepares every CHECK again for each statement, so the table `tasks` has few.
const SERVER_ONLY: &str = "";

/// A value of a field, just inside or outside a limit.
struct Case {
    resource: &'static str,
    /// The fields that a client sends, if a client can set the value.
    fields: Option<Value>,
    /// The value as columns.
    columns: Vec<(&'static str, String)>,
    refused: Option<Refusal>,
}

struct Refusal {
    /// The field that the server names.
    field: &'static str,
    constraint: &'static str,
    /// Whether a schema can express the limit; otherwise only a description can.
    by_schema: bool,
}

impl Case {
    fn of(resource: &'static str, fields: Value, columns: &[(&'static str, &str)]) -> Self {
        let columns = columns.iter().map(|(column, sql)| (*column, (*sql).to_owned())).collect();
        Self { resource, fields: Some(fields), columns, refused: None }
    }

    fn unsent(resource: &'static str, columns: &[(&'static str, &str)]) -> Self {
        Self { fields: None, ..Self::of(resource, Value::Null, columns) }
    }

    fn refused(self, field: &'static str, constraint: &'static str) -> Self {
        Self { refused: Some(Refusal { field, constraint, by_schema: true }), ..self }
    }

    fn refused_in_words(self, field: &'static str, constraint: &'static str) -> Self {
        Self { refused: Some(Refusal { field, constraint, by_schema: false }), ..self }
    }
}

fn text(resource: &'static str, field: &'static str, length: usize) -> Case {
    let text = "é".repeat(length);
    Case::of(resource, json!({ field: text }), &[(field, &format!("'{text}'"))])
}

fn labels(labels: &[&str]) -> Case {
    let sql = labels.iter().map(|label| format!("'{label}'")).collect::<Vec<_>>().join(", ");
    Case::of("tasks", json!({ "labels": labels }), &[("labels", &format!("ARRAY[{sql}]::text[]"))])
}

fn due(due: &Value) -> Case {
    let part = |name: &str| due[name].as_str().map_or("NULL".to_owned(), |text| format!("'{text}'"));
    let columns = [("due_date", part("date")), ("due_time", part("time")), ("due_time_zone", part("time_zone"))];
    let mut case = Case::of("tasks", json!({ "due": due }), &[("due_at", "now()")]);
    case.columns.extend(columns);
    case
}

fn rank(rank: &str) -> Case {
    Case::unsent("projects", &[("rank", &format!("'{rank}'"))])
}

fn cases() -> Vec<Case> {
    let numbered: Vec<String> = (0..21).map(|number| format!("label {number}")).collect();
    let numbered: Vec<&str> = numbered.iter().map(String::as_str).collect();
    let priority = |word: &str, number: &str| Case::of("tasks", json!({ "priority": word }), &[("priority", number)]);
    let zoned = |zone: &str| json!({"date": "2026-11-25", "time": "09:30", "time_zone": zone});
    let stranger = Uuid::now_v7();
    let mut cases = vec![
        text("tasks", "title", 1),
        text("tasks", "title", 200),
        text("tasks", "title", 0).refused("title", SERVER_ONLY),
        text("tasks", "title", 201).refused("title", SERVER_ONLY),
        text("tasks", "description", 0),
        text("tasks", "description", 1000),
        text("tasks", "description", 1001).refused("description", SERVER_ONLY),
        priority("none", "0"),
        priority("urgent", "4"),
        priority("highest", "5").refused("priority", SERVER_ONLY),
        priority("lowest", "-1").refused("priority", SERVER_ONLY),
        labels(&[]),
        labels(&numbered[..20]),
        labels(&numbered).refused("labels", SERVER_ONLY),
        labels(&["a", &"é".repeat(50)]),
        labels(&["a", &"é".repeat(51)]).refused("labels", SERVER_ONLY),
        labels(&[""]).refused("labels", SERVER_ONLY),
        labels(&["a,b"]).refused_in_words("labels", SERVER_ONLY),
        labels(&["Ähre", "äHRE"]).refused_in_words("labels", SERVER_ONLY),
        due(&json!({"date": "1900-01-01"})),
        due(&json!({"date": "9999-12-31"})),
        due(&json!({"date": "1899-12-31"})).refused_in_words("due.date", SERVER_ONLY),
        due(&json!({"date": "10000-01-01"})).refused("due.date", SERVER_ONLY),
        due(&zoned("America/Argentina/ComodRivadavia")),
        due(&zoned(&"é".repeat(65))).refused("due.time_zone", SERVER_ONLY),
        due(&zoned("")).refused("due.time_zone", SERVER_ONLY),
        due(&json!({"date": "2026-11-25", "time": "09:30"})).refused_in_words("due", SERVER_ONLY),
        due(&json!({"date": "2026-11-25", "time_zone": "UTC"})).refused_in_words("due", SERVER_ONLY),
        Case::unsent("tasks", &[("completed", "true")]).refused("completed", "tasks_completed_at"),
        Case::of("tasks", json!({"parent_id": stranger}), &[("parent_id", &format!("'{stranger}'"))])
            .refused_in_words("parent_id", "tasks_parent"),
        Case::of("tasks", json!({"project_id": stranger}), &[("project_id", &format!("'{stranger}'"))])
            .refused_in_words("project_id", "tasks_project"),
        Case::of("tasks", json!({"recurrence": "FREQ=DAILY"}), &[("recurrence", "'FREQ=DAILY'")])
            .refused_in_words("recurrence", SERVER_ONLY),
        text("projects", "name", 1),
        text("projects", "name", 100),
        text("projects", "name", 0).refused("name", "projects_name_length"),
        text("projects", "name", 101).refused("name", "projects_name_length"),
        Case::unsent("projects", &[("name", "' a'")]).refused("name", "projects_name_trimmed"),
    ];
    let scope = |scope: &str| Case::of("api_tokens", json!({ "scope": scope }), &[("scope", &format!("'{scope}'"))]);
    let end =
        |time: &str| Case::of("api_tokens", json!({ "expires_at": time }), &[("expires_at", &format!("'{time}'"))]);
    let place = |place: &str| Case::unsent("api_tokens", &[("place", place)]);
    cases.extend([
        text("api_tokens", "name", 1),
        text("api_tokens", "name", 100),
        text("api_tokens", "name", 0).refused("name", "api_tokens_name_length"),
        text("api_tokens", "name", 101).refused("name", "api_tokens_name_length"),
        Case::unsent("api_tokens", &[("name", "' a'")]).refused("name", "api_tokens_name_trimmed"),
        scope("read"),
        scope("read-write"),
        scope("write").refused("scope", "api_tokens_scope"),
        end("2099-12-31T00:00:00Z"),
        end("2020-01-01T00:00:00Z").refused_in_words("expires_at", "api_tokens_expire_later"),
        end("9999-12-31T23:59:59Z"),
        end("9999-12-31T23:59:60Z").refused_in_words("expires_at", "api_tokens_expire_in_time"),
        place("100"),
        place("101").refused("place", "api_tokens_most"),
        place("0").refused("place", "api_tokens_most"),
    ]);
    for (color, allowed) in
        [("#2f855a", true), ("#2F855A", false), ("#2f855", false), ("2f855a", false), ("green", false)]
    {
        let case = Case::of("projects", json!({ "color": color }), &[("color", &format!("'{color}'"))]);
        cases.push(if allowed { case } else { case.refused("color", "projects_color_form") });
    }
    cases.extend([rank("80"), rank(&format!("{}80", "0f".repeat(99)))]);
    for wrong in ["", "8", "0G80", &format!("{}80", "0f".repeat(100))] {
        cases.push(rank(wrong).refused("rank", "projects_rank_form"));
    }
    cases
}

/// The constraint that rejects such a row, if any.
async fn refusing(database: &mut PgConnection, case: &Case) -> Option<String> {
    let mut columns = vec![("owner_id", "'ada'"), ("id", "gen_random_uuid()"), ("created_at", "now()")];
    columns.extend(match case.resource {
        "tasks" => vec![("title", "'a'"), ("completed", "false")],
        "projects" => vec![("name", "'a'"), ("archived", "false")],
        _ => vec![
            ("name", "'a'"),
            ("scope", "'read'"),
            ("hash", "sha256(gen_random_uuid()::text::bytea)"),
            ("place", "(SELECT COALESCE(max(place), 0) + 1 FROM api_tokens WHERE owner_id = 'ada')"),
        ],
    });
    if case.resource != "api_tokens" {
        columns.extend([("updated_at", "now()"), ("version", "1"), ("rank", "'80'")]);
    }
    columns.retain(|(column, _)| case.columns.iter().all(|(other, _)| other != column));
    let given = case.columns.iter().map(|(column, sql)| (*column, sql.as_str()));
    let (columns, values): (Vec<_>, Vec<_>) = columns.into_iter().chain(given).unzip();
    let insert = format!("INSERT INTO {} ({}) VALUES ({})", case.resource, columns.join(", "), values.join(", "));
    match database.execute(AssertSqlSafe(insert)).await {
        Ok(_) => None,
        Err(sqlx::Error::Database(error)) => Some(error.constraint().unwrap_or_else(|| panic!("{error}")).to_owned()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn contract_server_and_database_agree_on_every_limit() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut database = server.database.connection().await;
    let contract = Contract::get();
    let mut told = BTreeSet::new();
    for case in cases() {
        let what = format!("{} {}", case.resource, case.fields.as_ref().unwrap_or(&json!(case.columns)));
        let constraint = refusing(&mut database, &case).await;
        let expected = case.refused.as_ref().map(|refusal| refusal.constraint).filter(|name| *name != SERVER_ONLY);
        assert_eq!(constraint.as_deref(), expected, "{what}");
        told.extend(constraint);
        let Some(fields) = &case.fields else { continue };

        // An API token cannot be updated.
        let (least, create, update, shown) = match case.resource {
            "tasks" => (json!({ "title": "a" }), "CreateTask", Some("UpdateTask"), "Task"),
            "projects" => (json!({ "name": "a" }), "CreateProject", Some("UpdateProject"), "Project"),
            _ => (json!({ "name": "a", "scope": "read" }), "CreateApiToken", None, "ApiToken"),
        };
        let mut whole = least.clone();
        whole.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        let by_schema = case.refused.as_ref().is_some_and(|refusal| refusal.by_schema);
        assert_eq!(contract.allows(create, &whole), !by_schema, "{create}: {what}");
        if let Some(update) = update {
            assert_eq!(contract.allows(update, fields), !by_schema, "{update}: {what}");
        }

        let path = format!("/{}", case.resource.trim_start_matches("api_"));
        let mut made: Value = ada.post(&path).json(least).expect(201).await.json();
        if update.is_none() {
            made = made["api_token"].take();
        }
        let its = format!("{path}/{}", made["id"].as_str().expect("an id"));
        let calls = |whole: Value| {
            let second = update.map(|_| ada.patch(&its).json(fields.clone()));
            std::iter::once(ada.post(&path).json(whole)).chain(second)
        };
        let mut answer = made;
        answer.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        assert_eq!(contract.allows(shown, &answer), !by_schema, "{shown}: {what}");
        match &case.refused {
            None => {
                for (call, status) in calls(whole).zip([201, 200]) {
                    call.expect(status).await;
                }
            }
            Some(refusal) => {
                for call in calls(whole) {
                    let problem = call.invalid(refusal.field).await;
                    let allowed = problem["errors"][0]["message"].as_str().expect("a text");
                    assert!(allowed.len() > 15, "{what}: {allowed}");
                }
            }
        }
    }

    let known = "SELECT conname::text FROM pg_constraint
                 WHERE conrelid IN ('tasks'::regclass, 'projects'::regclass, 'api_tokens'::regclass) AND contype IN ('c', 'f')";
    let known = database.fetch_all(known).await.expect("the catalog");
    let untold: Vec<String> = known
        .iter()
        .map(|row| row.get::<String, _>(0))
        .filter(|name| !told.contains(name) && !OUR_OWN.iter().any(|own| name.ends_with(own)))
        .collect();
    assert!(untold.is_empty(), "no case violates {untold:?}");
}
