//! Tasks as a table (RFC 4180): writes and reads Taskwire's own columns, and reads the columns of Todoist's
//! template.

mod dates;
mod own;
mod table;
mod todoist;

pub use own::CsvWriter;

use super::draft::{Context, Draft};
use super::errors::Errors;
use super::text::text;
use table::Table;

pub fn read(bytes: &[u8], context: &Context, errors: &mut Errors) -> Draft {
    let Some(text) = text(bytes, errors) else { return Draft::default() };
    let mut table = Table::new(text);
    let Some(header) = table.next(errors) else { return Draft::default() };
    let names: Vec<String> = header.cells.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    if has("type") && has("content") {
        todoist::read(&mut table, &names, context, errors)
    } else if has("title") {
        own::read(&mut table, &names, header.line, context, errors)
    } else {
        let message = "must be a header with the column title, or with TYPE and CONTENT as in Todoist's template";
        errors.add(format!("line {}", header.line), "malformed", message);
        Draft::default()
    }
}
