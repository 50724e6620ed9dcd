//! Writes and reads the JSON document. The writer puts each item on a line of its own. The reader parses
//! each item separately, so that each error names its line and its path.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::document::VERSION;
use super::draft::{Context, Draft, Location};
use super::errors::Errors;
use super::limits::ITEMS_MAX;
use super::queries::ExportRow;
use super::text::text;
use super::writer::{FileHeader, FileWriter};
use super::{ExportHeader, ExportedProject, ExportedTask};
use crate::model::validation::serde_error;

/// The array that the writer is in.
#[derive(Debug, Default, PartialEq)]
enum Part {
    #[default]
    Projects,
    Tasks,
}

#[derive(Debug, Default)]
pub struct JsonWriter {
    part: Part,
    /// Whether the array has an item already.
    has_items: bool,
}

impl JsonWriter {
    fn item(&mut self, out: &mut Vec<u8>, item: &impl Serialize) {
        out.extend_from_slice(if self.has_items { b",\n" } else { b"\n" });
        self.has_items = true;
        append(out, item);
    }

    fn start_tasks(&mut self, out: &mut Vec<u8>) {
        if self.part == Part::Projects {
            out.extend_from_slice(b"\n],\n\"tasks\":[");
            *self = Self { part: Part::Tasks, has_items: false };
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

    fn task(&mut self, out: &mut Vec<u8>, row: &ExportRow) {
        self.start_tasks(out);
        self.item(out, &row.task);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.start_tasks(out);
        out.extend_from_slice(b"\n]}\n");
    }
}

/// Cannot fail: the items always serialise, and the buffer accepts every write.
fn append(out: &mut Vec<u8>, item: &impl Serialize) {
    let _ = serde_json::to_writer(out, item);
}

/// A document whose items are not parsed yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnparsedDocument<'a> {
    taskwire: ExportHeader,
    #[serde(borrow, default)]
    projects: Items<'a>,
    #[serde(borrow, default)]
    tasks: Items<'a>,
}

/// The JSON texts of an array's items. Rejects more than [`ITEMS_MAX`].
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
    let document: Result<UnparsedDocument<'_>, _> = serde_path_to_error::deserialize(&mut json);
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
                let (line, error) = (error.line(), serde_error(&path, &message_without_position(&error)));
                errors.add(format!("line {line}, {}", error.field), error.code, error.message);
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
    let mut lines = LineCounter { text, offset: 0, line: 1 };
    // Tasks may come before projects in the file, but the counter only moves forwards.
    for (kind, items) in [("projects", &document.projects.0), ("tasks", &document.tasks.0)] {
        lines.rewind_to(items.first().copied());
        for (index, item) in items.iter().enumerate() {
            let location = Location::at_path(lines.line_of(item), format!("{kind}[{index}]."));
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
        errors.add(location.field("").trim_end_matches('.').to_owned(), "invalid_type", "must be an object");
        return None;
    }
    let mut json = serde_json::Deserializer::from_str(item.get());
    match serde_path_to_error::deserialize(&mut json) {
        Ok(value) => Some(value),
        Err(error) => {
            let path = error.path().to_string();
            let error = serde_error(&path, &message_without_position(&error.into_inner()));
            errors.add(location.field(&error.field), error.code, error.message);
            None
        }
    }
}

/// The message of a serde error without its position, which counts from the beginning of the item.
fn message_without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).unwrap_or(&message).to_owned()
}

fn malformed(error: &serde_json::Error, errors: &mut Errors) {
    let field = format!("line {}, column {}", error.line(), error.column());
    errors.add(field, "malformed", format!("is not valid JSON: {}", message_without_position(error)));
}

/// Finds the line numbers of parts of a text. Counts on from the last part, so the parts must come in
/// the order of the text.
struct LineCounter<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl LineCounter<'_> {
    fn offset_of(&self, part: &RawValue) -> usize {
        (part.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    /// Starts again at the first line if this part is before the last one.
    fn rewind_to(&mut self, part: Option<&RawValue>) {
        if part.is_some_and(|part| self.offset_of(part) < self.offset) {
            (self.offset, self.line) = (0, 1);
        }
    }

    fn line_of(&mut self, part: &RawValue) -> u64 {
        let offset = self.offset_of(part);
        let between = self.text.get(self.offset..offset).unwrap_or_default();
        self.line += between.matches('\n').count() as u64;
        self.offset = offset;
        self.line
    }
}
