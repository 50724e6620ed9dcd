//! Reads the to-dos of a calendar from any program.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::lines::{Lines, Property};
use super::properties::{ORDER, PROJECT, PROJECT_ID, parse_priority};
use crate::exchange::ExportedTask;
use crate::exchange::draft::{Context, Draft, Location};
use crate::exchange::errors::Errors;
use crate::exchange::limits::ITEMS_MAX;
use crate::model::labels::label_key;
use crate::model::{Due, Id, Labels, Recurrence, TaskId, TimeZone};

/// Properties that have no counterpart in Taskwire.
const UNSUPPORTED: [&str; 4] = ["EXDATE", "RDATE", "EXRULE", "DURATION"];

/// What the reader needs to interpret the to-dos of a calendar.
struct Calendar<'a> {
    context: &'a Context,
    /// Time zones by the names that the file defines.
    zones: HashMap<String, TimeZone>,
}

pub fn read(bytes: &[u8], context: &Context, errors: &mut Errors) -> Draft {
    let mut draft = Draft::default();
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut calendar = Calendar { context, zones: HashMap::new() };
    let mut lines = Lines::new(bytes);
    // The open components from the outside in, and the properties of the current to-do or time zone.
    let mut open: Vec<String> = Vec::new();
    let mut current: Vec<Property> = Vec::new();
    let mut todos: Vec<Vec<Property>> = Vec::new();
    let mut errors_before = 0;
    let mut unsupported = HashSet::new();
    let mut calendars = 0;
    while let Some(property) = lines.next(errors) {
        let kind = property.value.trim().to_ascii_uppercase();
        match property.name.as_str() {
            "BEGIN" => {
                if open.is_empty() != (kind == "VCALENDAR") {
                    errors.add(format!("line {}, BEGIN", property.line), "malformed", "must be in one VCALENDAR");
                    return draft;
                }
                if open.len() == 1 {
                    if !["VTODO", "VTIMEZONE"].contains(&kind.as_str()) && unsupported.insert(kind.clone()) {
                        let field = format!("line {}, {kind}", property.line);
                        errors.warn(field, "left_behind", "is no to-do and is left behind");
                    }
                    current = vec![property];
                    errors_before = errors.count();
                }
                calendars += usize::from(open.is_empty());
                open.push(kind);
            }
            "END" => {
                if open.pop().as_ref() != Some(&kind) {
                    let message = "must end the component that began last";
                    errors.add(format!("line {}, END", property.line), "malformed", message);
                    return draft;
                }
                match (open.len(), kind.as_str()) {
                    (1, "VTODO") => {
                        if todos.len() >= ITEMS_MAX {
                            let message = format!("must be the end: at most {ITEMS_MAX} to-dos");
                            errors.add(format!("line {}", property.line), "length", message);
                            return draft;
                        }
                        // The errors of a damaged to-do are reported already.
                        if errors.count() == errors_before {
                            todos.push(std::mem::take(&mut current));
                        }
                    }
                    (1, "VTIMEZONE") => calendar.add_zone(&current),
                    _ => {}
                }
            }
            _ if open.is_empty() => {
                errors.add(format!("line {}", property.line), "malformed", "must be BEGIN:VCALENDAR");
                return draft;
            }
            _ if open.len() == 2 && open.last().is_some_and(|kind| kind == "VTODO" || kind == "VTIMEZONE") => {
                current.push(property);
            }
            _ => {}
        }
    }
    if let Some(kind) = open.last() {
        let message = format!("is where the file ends, but END:{kind} is missing");
        errors.add(format!("line {}", lines.line()), "malformed", message);
    } else if calendars == 0 && errors.is_empty() {
        errors.add("line 1".to_owned(), "malformed", "must be BEGIN:VCALENDAR");
    }
    for todo in todos {
        calendar.todo(&todo, &mut draft, errors);
    }
    draft
}

/// The property that contains a field, given by the field's name in the API.
fn property_name(field: &str) -> &str {
    match field {
        "id" => "UID",
        "title" => "SUMMARY",
        "description" => "DESCRIPTION",
        "completed" => "STATUS",
        "completed_at" => "COMPLETED",
        "priority" => "PRIORITY",
        "due" => "DUE",
        "recurrence" => "RRULE",
        "labels" => "CATEGORIES",
        "project_id" => PROJECT_ID,
        "parent_id" => "RELATED-TO",
        "order" => ORDER,
        "created_at" => "CREATED",
        other => other,
    }
}

/// The properties that contain fields, with the names of the fields in the API.
const FIELDS: [(&str, &str); 13] = [
    ("UID", "id"),
    ("SUMMARY", "title"),
    ("DESCRIPTION", "description"),
    ("STATUS", "completed"),
    ("COMPLETED", "completed_at"),
    ("PRIORITY", "priority"),
    ("DUE", "due"),
    ("RRULE", "recurrence"),
    ("CATEGORIES", "labels"),
    (PROJECT_ID, "project_id"),
    ("RELATED-TO", "parent_id"),
    (ORDER, "order"),
    ("CREATED", "created_at"),
];

/// The properties that a to-do may have more than once.
const REPEATABLE: [&str; 2] = ["CATEGORIES", "RELATED-TO"];

impl Calendar<'_> {
    /// Some programs use their own names for zones and give the IANA name as `X-LIC-LOCATION`.
    fn add_zone(&mut self, properties: &[Property]) {
        let find = |name: &str| properties.iter().find(|property| property.name == name);
        if let (Some(name), Some(zone)) = (find("TZID"), find("X-LIC-LOCATION"))
            && let Ok(zone) = zone.value.trim().parse()
        {
            self.zones.insert(name.value.trim().to_owned(), zone);
        }
    }

    /// The time zone of a TZID. Some programs write a prefix before the IANA name.
    fn zone(&self, name: &str) -> Option<TimeZone> {
        let suffixes = || name.match_indices('/').filter_map(|(at, _)| name.get(at + 1..)?.parse().ok());
        name.parse().ok().or_else(|| self.zones.get(name).copied()).or_else(|| suffixes().next())
    }

    fn todo(&self, properties: &[Property], draft: &mut Draft, errors: &mut Errors) {
        let Some((begin, properties)) = properties.split_first() else { return };
        let mut location = Location::at_line(begin.line, property_name);
        for property in properties {
            if let Some((_, field)) = FIELDS.iter().find(|(name, _)| *name == property.name) {
                location.with_field(field, property.line);
            }
        }
        let find = |name: &str| properties.iter().find(|property| property.name == name && !property.value.is_empty());
        let field_at = |name: &str, line: u64| format!("line {line}, {name}");
        if let Some(exception) = find("RECURRENCE-ID") {
            let field = field_at(&exception.name, exception.line);
            errors.warn(field, "left_behind", "is an exception to a recurrence and is left behind");
            return;
        }
        for property in properties.iter().filter(|property| UNSUPPORTED.contains(&property.name.as_str())) {
            let field = field_at(&property.name, property.line);
            errors.warn(field, "left_behind", "has no counterpart here and is left behind");
        }
        let Some(uid) = find("UID") else {
            errors.add(location.field("id"), "missing_field", "must be there");
            return;
        };
        let mut invalid = false;
        let mut report = |field: &str, message: String| {
            invalid = true;
            errors.add(location.field(field), "invalid_value", message);
        };
        for (name, field) in FIELDS {
            let found = properties.iter().filter(|property| property.name == name && !property.value.is_empty());
            if found.count() > 1 && !REPEATABLE.contains(&name) {
                report(field, "must be there only once".to_owned());
            }
        }
        let mut task =
            ExportedTask::titled(self.id(&uid.text()), find("SUMMARY").map(Property::text).unwrap_or_default().trim());
        task.description = find("DESCRIPTION").map(Property::text).filter(|text| !text.is_empty());
        match find("STATUS").map(|status| status.value.trim().to_ascii_uppercase()).as_deref() {
            Some("COMPLETED" | "CANCELLED") => task.completed = true,
            None => task.completed = find("COMPLETED").is_some(),
            Some("NEEDS-ACTION" | "IN-PROCESS") => {}
            Some(_) => report("completed", "must be NEEDS-ACTION, IN-PROCESS, COMPLETED or CANCELLED".to_owned()),
        }
        match find("PRIORITY").map(|priority| parse_priority(priority.value.trim())) {
            Some(Some(priority)) => task.priority = priority,
            Some(None) => report("priority", "must be a whole number from 0 to 9".to_owned()),
            None => {}
        }
        for (name, field) in [("COMPLETED", "completed_at"), ("CREATED", "created_at")] {
            match find(name).map(|property| self.time(property)) {
                Some(Some(time)) if field == "created_at" => task.created_at = Some(time),
                Some(Some(time)) => task.completed_at = Some(time).filter(|_| task.completed),
                Some(None) => report(field, "must be an instant in UTC such as 20261125T083000Z".to_owned()),
                None => {}
            }
        }
        if let Some(property) = find("DUE").or_else(|| find("DTSTART")) {
            match self.due(property) {
                Ok(due) => task.due = Some(due),
                Err(message) => report("due", message),
            }
        }
        match find("RRULE").map(|rule| rule.value.trim().parse::<Recurrence>()) {
            Some(Ok(rule)) => task.recurrence = Some(task.due.map_or(rule.clone(), |due| rule.adapted_to(&due))),
            Some(Err(error)) => report("recurrence", error.to_string()),
            None => {}
        }
        match labels(properties) {
            Ok(labels) => task.labels = labels,
            Err(message) => report("labels", message),
        }
        match find(ORDER).map(|order| order.value.trim().parse::<i64>()) {
            // Other programs may write numbers outside our range; only the order of the numbers matters.
            Some(Ok(order)) => task.order = Some(u32::try_from(order.max(0)).unwrap_or(u32::MAX)),
            Some(Err(_)) => report("order", "must be a whole number".to_owned()),
            None => {}
        }
        let parent = properties
            .iter()
            .filter(|property| property.name == "RELATED-TO")
            .find(|property| property.parameter("RELTYPE").is_none_or(|kind| kind.eq_ignore_ascii_case("PARENT")));
        task.parent_id = parent.map(|parent| self.id(&parent.text()));
        let project = match find(PROJECT_ID).map(|id| id.value.trim().parse()) {
            Some(Err(error)) => {
                report("project_id", format!("{error}"));
                None
            }
            Some(Ok(id)) => Some(id),
            None => None,
        };
        let name = find(PROJECT).map(Property::text);
        if !invalid {
            task.project_id = draft.project_of(&location, project, name.as_deref(), self.context, errors);
            draft.add_task(location, task, errors);
        }
    }

    /// A UID that is a valid task id stays; any other gives a derived id.
    fn id(&self, uid: &str) -> TaskId {
        let uid = uid.trim();
        uid.parse().unwrap_or_else(|_| Id::from(self.context.derive_id(&["uid", uid])))
    }

    fn time(&self, property: &Property) -> Option<DateTime<Utc>> {
        let value = property.value.trim();
        match date_time(value.strip_suffix('Z').unwrap_or(value)) {
            Some(time) if value.ends_with('Z') => Some(time.and_utc()),
            // The RFC requires UTC here, but a time with a TZID is not ambiguous.
            Some(time) => Some(self.zone(property.parameter("TZID")?)?.instant(time)),
            None => None,
        }
    }

    fn due(&self, property: &Property) -> Result<Due, String> {
        let value = property.value.trim();
        if value.len() == 8 {
            let date = NaiveDate::parse_from_str(value, "%Y%m%d").ok().filter(|_| is_digits(value));
            return in_range(date.map(Due::on));
        }
        let (local, zone) = match (value.strip_suffix('Z'), property.parameter("TZID")) {
            (Some(local), _) => (local, TimeZone::UTC),
            (None, None) => (value, self.context.time_zone),
            (None, Some(name)) => {
                let message = "must have a TZID that is an IANA time zone such as Europe/Berlin, or whose VTIMEZONE \
                               has one as X-LIC-LOCATION";
                (value, self.zone(name.trim()).ok_or_else(|| message.to_owned())?)
            }
        };
        in_range(date_time(local).map(|time| Due::at(time.date(), time.time(), zone)))
    }
}

fn in_range(due: Option<Due>) -> Result<Due, String> {
    let message = "must be a date such as 20261125 or a time such as 20261125T093000, from the year 1900 on";
    due.and_then(|due| due.moved_to(due.date())).ok_or_else(|| message.to_owned())
}

fn date_time(text: &str) -> Option<NaiveDateTime> {
    let has_shape = text.len() == 15 && is_digits(&text.replacen('T', "", 1));
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok().filter(|_| has_shape)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The labels of a to-do. Other programs may write empty categories, or one twice.
fn labels(properties: &[Property]) -> Result<Labels, String> {
    let mut seen = HashSet::new();
    let all = properties.iter().filter(|property| property.name == "CATEGORIES").flat_map(Property::texts);
    // A label cannot contain a comma.
    let labels = all.map(|label| label.replace(',', " ").trim().to_owned()).filter(|label| !label.is_empty());
    Labels::new(labels.filter(|label| seen.insert(label_key(label))))
}
