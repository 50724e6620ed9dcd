//! The table of permissions, `table.txt`: `what : where`, one a line.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use crate::circles::circles;

pub const PATH: &str = "tests/floor_plan/table.txt";

/// Something that is wrong, and where.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub file: String,
    pub line: usize,
    pub text: String,
}

impl Finding {
    pub fn in_source(file: &str, line: usize, text: String) -> Self {
        Self { file: format!("src/{file}"), line, text }
    }

    fn in_table(line: usize, text: String) -> Self {
        Self { file: PATH.to_owned(), line, text }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Room,
    Crate,
    Statements,
    Write,
    Call,
    Construct,
}

struct Line {
    number: usize,
    kind: Kind,
    subjects: Vec<String>,
    /// Rooms, or folders or files below src.
    places: Vec<String>,
}

pub struct Table {
    lines: Vec<Line>,
    /// The permissions that were needed, as line and place.
    used: RefCell<BTreeSet<(usize, String)>>,
}

impl Table {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = Vec::new();
        for (index, text) in text.lines().enumerate() {
            let text = text.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            // Only ` : `, or `:` at the end, separates: `OwnerId::verified` contains colons too.
            let (what, places) = text
                .split_once(" : ")
                .or_else(|| text.strip_suffix(':').map(|what| (what, "")))
                .ok_or_else(|| format!("{PATH}:{}: expected `what : where`", index + 1))?;
            let mut subjects: Vec<String> = what.split_whitespace().map(str::to_owned).collect();
            let kind = match subjects.first().map(String::as_str) {
                Some("crate") => Kind::Crate,
                Some("statements") => Kind::Statements,
                Some("write") => Kind::Write,
                Some("call") => Kind::Call,
                Some("construct") => Kind::Construct,
                _ => Kind::Room,
            };
            if !matches!(kind, Kind::Room | Kind::Statements) {
                subjects.remove(0);
            }
            let places = places.split_whitespace().map(str::to_owned).collect();
            lines.push(Line { number: index + 1, kind, subjects, places });
        }
        Ok(Self { lines, used: RefCell::default() })
    }

    pub fn knows(&self, kind: Kind, subject: &str) -> bool {
        self.lines_of(kind, subject).next().is_some()
    }

    /// Whether the file or the room may do this. Also records that the permission is needed.
    pub fn permits(&self, kind: Kind, subject: &str, place: &str) -> bool {
        let mut found = false;
        for line in self.lines_of(kind, subject) {
            for permitted in line.places.iter().filter(|permitted| contains(permitted, place)) {
                self.used.borrow_mut().insert((line.number, permitted.clone()));
                found = true;
            }
        }
        found
    }

    /// The permitted places, as the end of a message.
    pub fn places(&self, kind: Kind, subject: &str) -> String {
        let places: Vec<&str> =
            self.lines_of(kind, subject).flat_map(|line| line.places.iter().map(String::as_str)).collect();
        if places.is_empty() { "nothing".to_owned() } else { places.join(", ") }
    }

    pub fn subjects(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |line| line.kind == kind).flat_map(|line| &line.subjects).map(String::as_str)
    }

    /// Rooms that are unknown, and circles of rooms.
    pub fn check(&self) -> Vec<Finding> {
        let rooms: Vec<&str> = self.subjects(Kind::Room).collect();
        let mut findings = Vec::new();
        let mut arrows = Vec::new();
        for line in &self.lines {
            for place in &line.places {
                let room = place.split('/').next().unwrap_or(place);
                match rooms.iter().position(|known| known == &room) {
                    None => findings.push(Finding::in_table(line.number, format!("there is no room `{room}`"))),
                    Some(to) if line.kind == Kind::Room => {
                        arrows.extend(rooms.iter().position(|known| *known == line.subjects[0]).map(|from| (from, to)));
                    }
                    Some(_) => {}
                }
            }
        }
        for circle in circles(rooms.len(), &arrows) {
            let mut names: Vec<&str> = circle.shortest.iter().map(|room| rooms[*room]).collect();
            names.push(names[0]);
            let number = self.lines_of(Kind::Room, names[0]).next().map_or(0, |line| line.number);
            findings.push(Finding::in_table(number, format!("the rooms form a circle: {}", names.join(" → "))));
        }
        findings
    }

    /// Permissions that no file needs. Call this last, because the other checks record which are needed.
    pub fn unused(&self) -> Vec<Finding> {
        let used = self.used.borrow();
        let mut findings = Vec::new();
        for line in &self.lines {
            for place in line.places.iter().filter(|place| !used.contains(&(line.number, (*place).clone()))) {
                let text = format!("nothing needs `{place}` in the line of `{}`; remove it", line.subjects.join(" "));
                findings.push(Finding::in_table(line.number, text));
            }
        }
        findings
    }

    fn lines_of<'a>(&'a self, kind: Kind, subject: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.kind == kind && line.subjects.iter().any(|known| known == subject))
    }
}

/// `engine` contains `engine/plan/tasks.rs`, `identity/accounts` contains `identity/accounts.rs`.
fn contains(permitted: &str, place: &str) -> bool {
    place.strip_prefix(permitted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".rs")
}
