//! Checks responses against the contract: each must have a status, media type and body that
//! `openapi.yaml` documents for its operation. The check is stricter than the document in one
//! point: an undocumented field fails the test, so that the document stays complete.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use jsonschema::Validator;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub struct Contract {
    pub document: Value,
    /// The document for validation: no object allows a field that is not documented.
    closed: Value,
    validators: Mutex<HashMap<String, &'static Validator>>,
}

impl Contract {
    pub fn get() -> &'static Self {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| {
            let yaml = include_str!("../../../openapi.yaml");
            let document: Value = yaml_serde::from_str(yaml).expect("openapi.yaml is YAML");
            let mut closed = document.clone();
            close_objects(&mut closed);
            Self { document, closed, validators: Mutex::default() }
        })
    }

    /// Fails the test unless the document allows this response.
    pub fn check(&self, method: &Method, path: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
        let what = format!("{method} {path} answered {status}");
        let path = path.split('?').next().unwrap_or_default();
        let Some(template) = self.template(path) else {
            // Web pages and unknown paths are not operations.
            if status.is_client_error() {
                self.check_problem(&what, status, headers, body, method);
            }
            return;
        };
        let documented = match *method {
            Method::HEAD => "get".to_owned(),
            _ => method.as_str().to_lowercase(),
        };
        let Some(operation) = self.document["paths"][&template].get(&documented) else {
            assert!(
                status == StatusCode::METHOD_NOT_ALLOWED || *method == Method::OPTIONS,
                "{what}, but the document has no such operation"
            );
            return;
        };
        let responses = &operation["responses"];
        let response = responses
            .get(status.as_str())
            .unwrap_or_else(|| panic!("{what}, an undocumented status: {}", String::from_utf8_lossy(body)));
        let (response, pointer) = self.resolve(response, &template, &documented, status);
        if *method == Method::HEAD {
            assert!(body.is_empty(), "{what} with a body");
            return;
        }
        let Some(content) = response.get("content").and_then(Value::as_object) else {
            assert!(body.is_empty(), "{what} with an undocumented body");
            return;
        };
        let media_type = media_type(headers);
        assert!(content.contains_key(&media_type), "{what} with the undocumented media type {media_type:?}");
        let pointer = format!("{pointer}/content/{}/schema", escape(&media_type));
        if !media_type.ends_with("json") {
            let text = std::str::from_utf8(body)
                .unwrap_or_else(|error| panic!("{what} with a body that is not text: {error}"));
            self.check_schema(&what, &pointer, &json!(text));
            return;
        }
        self.check_schema(&what, &pointer, &parse(&what, body));
    }

    /// Fails the test unless the value matches the component schema with this name.
    pub fn check_component(&self, what: &str, name: &str, value: &Value) {
        self.check_schema(what, &format!("/components/schemas/{name}"), value);
    }

    /// Whether the value matches the component schema with this name.
    pub fn allows(&self, name: &str, value: &Value) -> bool {
        self.validator(&format!("/components/schemas/{name}")).is_valid(value)
    }

    /// Every operation: path template, method, and the operation itself.
    pub fn operations(&self) -> Vec<(String, Method, &Value)> {
        let paths = self.document["paths"].as_object().expect("paths");
        paths
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().expect("a path item").iter().filter_map(move |(method, operation)| {
                    let method = Method::from_bytes(method.to_uppercase().as_bytes()).ok()?;
                    operation.get("operationId").map(|_| (path.clone(), method, operation))
                })
            })
            .collect()
    }

    fn template(&self, path: &str) -> Option<String> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let paths = self.document["paths"].as_object()?;
        paths
            .keys()
            .find(|template| {
                let parts: Vec<&str> = template.trim_matches('/').split('/').collect();
                parts.len() == segments.len()
                    && parts.iter().zip(&segments).all(|(part, segment)| part.starts_with('{') || part == segment)
            })
            .cloned()
    }

    fn resolve<'a>(
        &'a self,
        response: &'a Value,
        template: &str,
        method: &str,
        status: StatusCode,
    ) -> (&'a Value, String) {
        match response.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let pointer = reference.trim_start_matches('#').to_owned();
                (self.document.pointer(&pointer).expect("a reference to an existing part"), pointer)
            }
            None => (response, format!("/paths/{}/{method}/responses/{}", escape(template), status.as_str())),
        }
    }

    fn check_problem(&self, what: &str, status: StatusCode, headers: &HeaderMap, body: &[u8], method: &Method) {
        assert_eq!(media_type(headers), "application/problem+json", "{what}");
        if *method != Method::HEAD {
            let problem = parse(what, body);
            self.check_component(what, "Problem", &problem);
            assert_eq!(problem["status"], status.as_u16(), "{what}");
        }
    }

    fn check_schema(&self, what: &str, pointer: &str, value: &Value) {
        let validator = self.validator(pointer);
        let faults: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{what} violates the contract: {faults:#?} in {value:#}");
    }

    fn validator(&self, pointer: &str) -> &'static Validator {
        let mut validators = self.validators.lock().expect("no panic while locked");
        validators.entry(pointer.to_owned()).or_insert_with(|| {
            let mut schema = self.closed.as_object().expect("an object").clone();
            schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
            schema.insert("$ref".to_owned(), json!(format!("#{pointer}")));
            let validator = jsonschema::options()
                .should_validate_formats(true)
                .build(&Value::Object(schema))
                .unwrap_or_else(|error| panic!("{pointer} is not a schema: {error}"));
            Box::leak(Box::new(validator))
        })
    }
}

fn close_objects(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(close_objects);
            if object.get("type") == Some(&json!("object")) && object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close_objects),
        _ => {}
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_owned()
}

fn parse(what: &str, body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|error| panic!("{what} with a body that is not JSON: {error}"))
}

fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1").replace('{', "%7B").replace('}', "%7D")
}
