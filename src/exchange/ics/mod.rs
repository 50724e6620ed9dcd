//! Tasks as a calendar of to-dos (RFC 5545), written in the form that common calendar programs read.

mod lines;
mod properties;
mod read;
mod zones;

use super::queries::ExportRow;
use super::writer::{FileHeader, FileWriter};
use crate::model::Due;
use properties::{ORDER, PROJECT, PROJECT_ID, escaped, instant, line, local, priority_number};

pub use read::read;

#[derive(Debug)]
pub struct IcsWriter;

impl FileWriter for IcsWriter {
    fn start(&mut self, out: &mut Vec<u8>, header: &FileHeader) {
        line(out, "BEGIN", "VCALENDAR");
        line(out, "VERSION", "2.0");
        line(out, "PRODID", concat!("-//Taskwire//Taskwire ", env!("CARGO_PKG_VERSION"), "//EN"));
        line(out, "CALSCALE", "GREGORIAN");
        for zone in &header.zones {
            zones::write(out, zone, header.exported_at);
        }
    }

    fn task(&mut self, out: &mut Vec<u8>, row: &ExportRow) {
        let task = &row.task;
        line(out, "BEGIN", "VTODO");
        line(out, "UID", &task.id.to_string());
        line(out, "DTSTAMP", &instant(row.updated_at));
        line(out, "LAST-MODIFIED", &instant(row.updated_at));
        if let Some(created_at) = task.created_at {
            line(out, "CREATED", &instant(created_at));
        }
        line(out, "SUMMARY", &escaped(&task.title));
        if let Some(description) = &task.description {
            line(out, "DESCRIPTION", &escaped(description));
        }
        if let Some(priority) = priority_number(task.priority) {
            line(out, "PRIORITY", priority);
        }
        if let Some(due) = &task.due {
            if let Some(recurrence) = &task.recurrence {
                // A rule counts from DTSTART, so a recurring to-do needs DTSTART as well as DUE.
                write_due(out, "DTSTART", due);
                line(out, "RRULE", recurrence.as_str());
            }
            write_due(out, "DUE", due);
        }
        if task.completed {
            line(out, "STATUS", "COMPLETED");
            line(out, "PERCENT-COMPLETE", "100");
        } else {
            line(out, "STATUS", "NEEDS-ACTION");
        }
        if let Some(completed_at) = task.completed_at {
            line(out, "COMPLETED", &instant(completed_at));
        }
        if !task.labels.is_empty() {
            let labels: Vec<String> = task.labels.as_slice().iter().map(|label| escaped(label)).collect();
            line(out, "CATEGORIES", &labels.join(","));
        }
        if let Some(parent) = task.parent_id {
            line(out, "RELATED-TO;RELTYPE=PARENT", &parent.to_string());
        }
        if let Some(project) = task.project_id {
            line(out, PROJECT_ID, &project.to_string());
            line(out, PROJECT, &escaped(row.project_name.as_deref().unwrap_or_default()));
        }
        if let Some(order) = task.order {
            line(out, ORDER, &order.to_string());
        }
        line(out, "END", "VTODO");
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        line(out, "END", "VCALENDAR");
    }
}

fn write_due(out: &mut Vec<u8>, name: &str, due: &Due) {
    match due.time_zone() {
        None => line(out, &format!("{name};VALUE=DATE"), &due.date().format("%Y%m%d").to_string()),
        Some(zone) if zone.name() == "UTC" => line(out, name, &instant(due.instant())),
        Some(zone) => line(out, &format!("{name};TZID={}", zone.name()), &local(due.local_time())),
    }
}
