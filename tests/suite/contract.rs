//! The contract: `openapi.yaml` equals the generated document, its limits equal those of the server
//! and the database, and each operation is fully documented.

use serde_json::{Value, json};
use taskwire::api::{openapi, routes};

use crate::kit::{Contract, TestServer};

const VERBS: [&str; 19] = [
    "get", "list", "create", "update", "replace", "delete", "set", "open", "count", "apply", "move", "restore",
    "purge", "empty", "export", "import", "revoke", "sign", "change",
];

#[test]
fn the_written_contract_is_the_generated_one() {
    let written = include_str!("../../openapi.yaml");
    let generated = openapi::yaml(&routes::contract()).expect("the document is YAML");
    if let Some(differences) = openapi::differences(written, &generated) {
        let command = openapi::REGENERATE;
        panic!("openapi.yaml (-) differs from the generated document (+); `{command}` writes it again:\n{differences}");
    }
}

#[test]
fn each_operation_documents_what_can_go_wrong() {
    for (path, method, operation) in Contract::get().operations() {
        let guarded = operation.get("security").is_none_or(|security| *security != json!([{}]));
        let mut expected = vec!["400", "429", "500", "503"];
        if guarded {
            expected.extend(["401", "403"]);
        }
        if operation.get("requestBody").is_some() {
            expected.extend(["413", "415"]);
        }
        if ["{task_id}", "{project_id}", "{trash_id}", "{token_id}"].iter().any(|name| path.contains(name)) {
            expected.push("404");
        }
        for status in expected {
            assert!(operation["responses"].get(status).is_some(), "{method} {path} does not document {status}");
        }
        let success = |status: &String| status.starts_with('2') || status == "101";
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(success), "{method} {path} documents no success");
    }
}

#[test]
fn each_operation_says_what_it_is() {
    let mut ids = std::collections::HashSet::new();
    for (path, method, operation) in Contract::get().operations() {
        let what = format!("{method} {path}");
        for text in ["summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| text.len() > 5), "{what} has no {text}");
        }
        let id = operation["operationId"].as_str().expect("an id");
        let (verb, resource) = id.split_once('_').unwrap_or_else(|| panic!("{what}: {id} is not verb_resource"));
        assert!(VERBS.contains(&verb), "{what}: {id} begins with no verb known here");
        assert!(resource.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{what}: {id} is not snake_case");
        assert!(ids.insert(id), "{what}: {id} is the name of two operations");
        assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{what} has no tag");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{what}: a parameter has no description: {parameter}");
        }
    }
}

#[test]
fn each_body_has_examples_that_its_schema_allows() {
    let mut seen = 0;
    for (path, method, operation) in Contract::get().operations() {
        for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            let what = format!("{method} {path} as {media_type}");
            let schema = content["schema"]["$ref"].as_str().unwrap_or_else(|| panic!("{what}: no named schema"));
            let name = schema.rsplit('/').next().expect("a name");
            let examples = content["examples"].as_object().unwrap_or_else(|| panic!("{what} has no examples"));
            for (example, content) in examples {
                Contract::get().check_component(&format!("{what}, {example}"), name, &content["value"]);
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "there are no examples");
}

#[test]
fn an_update_shows_how_to_rename_to_clear_and_to_complete() {
    // Otherwise Swagger UI fills in every field, and a person testing by hand overwrites them all.
    let operation = &Contract::get().document["paths"]["/api/{user_id}/tasks/{task_id}"]["patch"];
    for (media_type, content) in operation["requestBody"]["content"].as_object().expect("content") {
        let examples = content["examples"].as_object().expect("examples");
        let values: Vec<_> = examples.values().map(|example| &example["value"]).collect();
        assert!(values.iter().any(|value| value["title"].is_string()), "{media_type}: rename");
        assert!(values.contains(&&json!({"description": null})), "{media_type}: clear the description");
        assert!(values.contains(&&json!({"completed": true})), "{media_type}: complete");
    }
}

#[tokio::test]
async fn contract_and_server_agree_on_every_limit_of_a_page() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = ada.create("Buy milk").await;
    let mut walked = 0;
    for (path, _, operation) in Contract::get().operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["name"] == "limit") {
            let own =
                path.strip_prefix("/api/{user_id}").expect("a user's list").replace("{task_id}", &task.id.to_string());
            let bound = |name: &str| parameter["schema"][name].as_i64().unwrap_or_else(|| panic!("{path}: no {name}"));
            let ask = |limit: i64| ada.get(&format!("{own}?limit={limit}"));
            assert!((bound("minimum")..=bound("maximum")).contains(&bound("default")));
            for allowed in [bound("minimum"), bound("maximum")] {
                ask(allowed).expect(200).await;
            }
            for refused in [bound("minimum") - 1, bound("maximum") + 1] {
                ask(refused).invalid("limit").await;
            }
            walked += 1;
        }
    }
    assert!(walked >= 2, "there are no lists");
}

#[test]
fn each_error_is_a_problem_and_each_code_is_documented() {
    let document = &Contract::get().document;
    let mut codes = Vec::new();
    for (name, response) in document["components"]["responses"].as_object().expect("responses") {
        let content = &response["content"]["application/problem+json"];
        assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{name}");
        Contract::get().check_component(name, "Problem", &content["example"]);
        assert!(response["headers"].get("X-Request-Id").is_some(), "{name}");
        codes.push(content["example"]["code"].clone());
    }
    // All codes except the one for a wrong method, which no operation can document.
    codes.push(json!("METHOD_NOT_ALLOWED"));
    let Value::Array(known) = document["components"]["schemas"]["ProblemCode"]["enum"].clone() else {
        panic!("ProblemCode lists no codes");
    };
    let sorted = |mut codes: Vec<Value>| {
        codes.sort_by_key(Value::to_string);
        // A code may have several responses with different texts.
        codes.dedup();
        codes
    };
    assert_eq!(sorted(codes), sorted(known));
}
