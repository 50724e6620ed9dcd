//! The JSON document, written item by item, one on each line, and read item by item, so that each error
//! names its line and its path.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::document::VERSION;
use super::draft::{Context, Draft, Location};
use super::errors::Errors;
use super::limits::ITEMS_MAX;
use super::queries::Exported;
use super::text::text;
use super::writer::{FileHeader, FileWriter};
use super::{ExportHeader, ExportedProject, ExportedTask};
use crate::model::validation::serde_error;

/// Where in the document the writer is.
#[derive(Debug, Default, PartialEq)]
enum Part {
    #[default]
    Projects,
    Tasks,
}

#[derive(Debug, Default)]
pub struct JsonWriter {
    part: Part,
    /// Whether the array has an item yet.
    begun: bool,
}

impl JsonWriter {
    fn item(&mut self, out: &mut Vec<u8>, item: &impl Serialize) {
        out.extend_from_slice(if self.begun { b",\n" } else { b"\n" });
        self.begun = true;
        append(out, item);
    }

    fn go_on_to_tasks(&mut self, out: &mut Vec<u8>) {
        if self.part == Part::Projects {
            out.extend_from_slice(b"\n],\n\"tasks\":[");
            *self = Self { part: Part::Tasks, begun: false };
        }
    }
}

impl FileWriter for JsonWriter {
    fn start(&mut self, out: &mut Vec<u8>, header: &FileHeader) {
        let export_header = ExportHeader {
            version: VERSION,
            exported_at: Some(header.exported_at),
            position: Some(header.position.to_string()),
        };
        out.extend_from_slice(b"{\"taskwire\":");
        append(out, &export_header);
        out.extend_from_slice(b",\n\"projects\":[");
    }

    fn project(&mut self, out: &mut Vec<u8>, project: &ExportedProject) {
        self.item(out, project);
    }

    fn task(&mut self, out: &mut Vec<u8>, exported: &Exported) {
        self.go_on_to_tasks(out);
        self.item(out, &exported.task);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.go_on_to_tasks(out);
        out.extend_from_slice(b"\n]}\n");
    }
}

/// Neither the items nor the buffer can fail.
fn append(out: &mut Vec<u8>, item: &impl Serialize) {
    let _ = serde_json::to_writer(out, item);
}

/// A document whose items have not been looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unread<'a> {
    taskwire: ExportHeader,
    #[serde(borrow, default)]
    projects: Items<'a>,
    #[serde(borrow, default)]
    tasks: Items<'a>,
}

/// The texts of an array's items, if they are not too many.
#[derive(Default)]
struct Items<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Array<'a> {
            type Value = Items<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Items<'a>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = array.next_element()? {
                    if items.len() == ITEMS_MAX {
                        return Err(A::Error::custom(format_args!("must be at most {ITEMS_MAX} items")));
                    }
                    items.push(item);
                }
                Ok(Items(items))
            }
        }

        deserializer.deserialize_seq(Array(PhantomData))
    }
}

pub fn read(bytes: &[u8], context: &Context, errors: &mut Errors) -> Draft {
    let mut draft = Draft::default();
    let Some(text) = text(bytes, errors) else { return draft };
    if !text.trim_start().starts_with('{') {
        errors.add("line 1".to_owned(), "malformed", "must be the beginning of a JSON object");
        return draft;
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let document: Result<Unread<'_>, _> = serde_path_to_error::deserialize(&mut json);
    let document = match document.map(|document| json.end().map(|()| document)) {
        Ok(Ok(document)) => document,
        Ok(Err(error)) => {
            malformed(&error, errors);
            return draft;
        }
        Err(error) => {
            let path = error.path().to_string();
            let error = error.into_inner();
            if error.is_data() {
                let (line, fault) = (error.line(), serde_error(&path, &sentence(&error)));
                errors.add(format!("line {line}, {}", fault.field), fault.code, fault.message);
            } else {
                malformed(&error, errors);
            }
            return draft;
        }
    };
    if document.taskwire.version != VERSION {
        let message = format!("must be {VERSION}: this server knows no other form of the document");
        errors.add("taskwire.version".to_owned(), "invalid_value", message);
        return draft;
    }
    let mut lines = Lines { text, at: 0, line: 1 };
    // The arrays may come in either order, but lines are counted forwards.
    for (kind, items) in [("projects", &document.projects.0), ("tasks", &document.tasks.0)] {
        lines.at_start_of(items.first().copied());
        for (index, item) in items.iter().enumerate() {
            let location = Location::path(lines.of(item), format!("{kind}[{index}]."));
            if kind == "projects" {
                if let Some(project) = parse::<ExportedProject>(item, &location, errors) {
                    draft.add_project(location, project, errors);
                }
            } else if let Some(mut task) = parse::<ExportedTask>(item, &location, errors) {
                task.project_id = task.project_id.or(context.project_id);
                draft.add_task(location, task, errors);
            }
        }
    }
    draft
}

fn parse<T: DeserializeOwned>(item: &RawValue, location: &Location, errors: &mut Errors) -> Option<T> {
    if !item.get().starts_with('{') {
        errors.add(location.of("").trim_end_matches('.').to_owned(), "invalid_type", "must be an object");
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(item.get());
    match serde_path_to_error::deserialize(&mut json) {
        Ok(value) => Some(value),
        Err(error) => {
            let path = error.path().to_string();
            let fault = serde_error(&path, &sentence(&error.into_inner()));
            errors.add(location.of(&fault.field), fault.code, fault.message);
            None
        }
    }
}

/// What serde says, without where it counts that to be.
fn sentence(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    let location = format!(" at line {} column {}", error.line(), error.column());
    sentence.strip_suffix(&location).unwrap_or(&sentence).to_owned()
}

fn malformed(error: &serde_json::Error, errors: &mut Errors) {
    let field = format!("line {}, column {}", error.line(), error.column());
    errors.add(field, "malformed", format!("is not valid JSON: {}", sentence(error)));
}

/// Finds the lines of parts of a text, as long as they come in its order.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn offset(&self, part: &RawValue) -> usize {
        (part.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    /// Goes back to the beginning if this part lies before where we are.
    fn at_start_of(&mut self, part: Option<&RawValue>) {
        if part.is_some_and(|part| self.offset(part) < self.at) {
            (self.at, self.line) = (0, 1);
        }
    }

    fn of(&mut self, part: &RawValue) -> u64 {
        let offset = self.offset(part);
        let between = self.text.get(self.at..offset).unwrap_or_default();
        self.line += between.matches('\n').count() as u64;
        self.at = offset;
        self.line
    }
}
