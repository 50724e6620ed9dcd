//! What is wrong with a file: each fault by line and field, the first hundred of them; and what is
//! not wrong but lost on the way.

use std::borrow::Cow;

use crate::problem::{FieldError, Problem};

/// How many faults of one file are told; and how many warnings.
const TOLD: usize = 100;

#[derive(Debug, Default)]
pub struct Faults {
    told: Vec<FieldError>,
    count: usize,
    warnings: Vec<FieldError>,
}

impl Faults {
    pub fn add(&mut self, field: String, code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(FieldError::new(field, code, message));
        }
    }

    /// Something that is left behind.
    pub fn warn(&mut self, field: String, code: &'static str, message: impl Into<Cow<'static, str>>) {
        if self.warnings.len() < TOLD {
            self.warnings.push(FieldError::new(field, code, message));
        }
    }

    pub const fn are_none(&self) -> bool {
        self.count == 0
    }

    /// How many there are, told or not.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The warnings, if there is nothing wrong; otherwise the refusal of the file.
    pub fn into_warnings(self) -> Result<Vec<FieldError>, Problem> {
        if self.are_none() {
            return Ok(self.warnings);
        }
        let first = self.told.first().map(|fault| format!("{} {}", fault.field, fault.message)).unwrap_or_default();
        let detail = match (self.count, self.told.len()) {
            (1, _) => format!("nothing was imported: {first}"),
            (count, told) if told < count => {
                format!("nothing was imported: {count} faults, the first {told} of which are in errors; {first}")
            }
            (count, _) => format!("nothing was imported: {count} faults, see errors; {first}"),
        };
        Err(Problem::invalid(self.told).with_detail(detail))
    }
}
