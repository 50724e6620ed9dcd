//! Tasks as a table (RFC 4180): written and read with columns of our own, and read with those of
//! Todoist's template. What a spreadsheet could take for a formula is written with an apostrophe
//! before it, which is taken away again.

mod dates;
mod own;
mod table;
mod todoist;

use chrono::{DateTime, SecondsFormat, Utc};
use salvo::hyper::body::Bytes;

use super::draft::{Context, Draft};
use super::export::{FileWriter, Head};
use super::faults::Faults;
use super::store::Exported;
use table::Table;

/// The columns that are written, and all that are known when they are read.
const COLUMNS: [&str; 16] = [
    "id",
    "title",
    "description",
    "completed",
    "completed_at",
    "priority",
    "due_date",
    "due_time",
    "due_time_zone",
    "recurrence",
    "labels",
    "project_id",
    "project",
    "parent_id",
    "order",
    "created_at",
];

#[derive(Debug, Default)]
pub struct CsvWriter {
    begun: bool,
}

impl CsvWriter {
    fn cell(&mut self, out: &mut Vec<u8>, text: &str) {
        if self.begun {
            out.push(b',');
        }
        self.begun = true;
        if text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
            out.push(b'"');
            out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// A cell of people's own words.
    fn words(&mut self, out: &mut Vec<u8>, text: &str) {
        if seems_formula(text) {
            self.cell(out, &format!("'{text}"));
        } else {
            self.cell(out, text);
        }
    }

    fn end_row(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
        self.begun = false;
    }
}

impl FileWriter for CsvWriter {
    fn start(&mut self, out: &mut Vec<u8>, _head: &Head) {
        for name in COLUMNS {
            self.cell(out, name);
        }
        self.end_row(out);
    }

    fn task(&mut self, out: &mut Vec<u8>, exported: &Exported) {
        let task = &exported.task;
        let text = |part: Option<&dyn std::fmt::Display>| part.map(ToString::to_string).unwrap_or_default();
        let at = |time: Option<DateTime<Utc>>| time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let (date, time, zone) = task.due.map_or((None, None, None), |due| {
            let (date, time, zone) = due.parts();
            (Some(date), time.map(|time| time.format("%H:%M").to_string()), zone)
        });
        self.cell(out, &task.id.to_string());
        self.words(out, &task.title);
        self.words(out, task.description.as_deref().unwrap_or_default());
        self.cell(out, &task.completed.to_string());
        self.cell(out, &at(task.completed_at).unwrap_or_default());
        self.cell(out, task.priority.word());
        self.cell(out, &text(date.as_ref().map(|date| date as _)));
        self.cell(out, time.as_deref().unwrap_or_default());
        self.cell(out, zone.unwrap_or_default());
        self.cell(out, &text(task.recurrence.as_ref().map(|rule| rule as _)));
        self.words(out, &task.labels.as_slice().join(","));
        self.cell(out, &text(task.project_id.as_ref().map(|id| id as _)));
        self.words(out, exported.project.as_deref().unwrap_or_default());
        self.cell(out, &text(task.parent_id.as_ref().map(|id| id as _)));
        self.cell(out, &text(task.order.as_ref().map(|order| order as _)));
        self.cell(out, &at(task.created_at).unwrap_or_default());
        self.end_row(out);
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}

/// Whether a spreadsheet could take it for a formula, as it is or once an apostrophe is gone.
fn seems_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell of people's own words as they were before [`CsvWriter::words`].
fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| seems_formula(rest)).unwrap_or(text)
}

pub fn read(bytes: &Bytes, context: &Context, faults: &mut Faults) -> Draft {
    let Some(text) = super::import::text(bytes, faults) else { return Draft::default() };
    let mut table = Table::new(text);
    let Some(header) = table.next(faults) else { return Draft::default() };
    let names: Vec<String> = header.cells.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    if has("type") && has("content") {
        todoist::read(&mut table, &names, context, faults)
    } else if has("title") {
        own::read(&mut table, &names, header.line, context, faults)
    } else {
        let message = "must be a header with the column title, or with TYPE and CONTENT as in Todoist's template";
        faults.add(format!("line {}", header.line), "malformed", message);
        Draft::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_seems_a_formula_is_told_and_comes_back() {
        for text in ["=1+1", "+49 30", "-1", "@home", "'=1", "''-x", "'quoted'", "plain", "", "'", "\tx"] {
            let mut out = Vec::new();
            CsvWriter::default().words(&mut out, text);
            let written = String::from_utf8(out).expect("text");
            assert_eq!(plain(written.trim_matches('"')), text);
            assert!(!written.starts_with(['=', '+', '-', '@', '\t']), "{written}");
        }
    }
}
