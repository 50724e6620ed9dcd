//! The errors of a file, each with its line and field, and its warnings: parts of the file that are valid
//! but that the import drops. The first hundred of each are reported.

use std::borrow::Cow;

use crate::model::{FieldError, Problem};

/// How many errors of one file are reported, and how many warnings.
const REPORTED: usize = 100;

#[derive(Debug, Default)]
pub struct Errors {
    reported: Vec<FieldError>,
    count: usize,
    warnings: Vec<FieldError>,
}

impl Errors {
    pub fn add(&mut self, field: String, code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        self.count += 1;
        if self.reported.len() < REPORTED {
            self.reported.push(FieldError::new(field, code, message));
        }
    }

    /// Reports a part of the file that the import drops.
    pub fn warn(&mut self, field: String, code: &'static str, message: impl Into<Cow<'static, str>>) {
        if self.warnings.len() < REPORTED {
            self.warnings.push(FieldError::new(field, code, message));
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many errors there are, including those beyond the hundred that are reported.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The warnings if there are no errors; otherwise the problem that rejects the file.
    pub fn into_warnings(self) -> Result<Vec<FieldError>, Problem> {
        if self.is_empty() {
            return Ok(self.warnings);
        }
        let first = self.reported.first().map(|error| format!("{} {}", error.field, error.message)).unwrap_or_default();
        let detail = match (self.count, self.reported.len()) {
            (1, _) => format!("nothing was imported: {first}"),
            (count, reported) if reported < count => {
                format!("nothing was imported: {count} faults, the first {reported} of which are in errors; {first}")
            }
            (count, _) => format!("nothing was imported: {count} faults, see errors; {first}"),
        };
        Err(Problem::invalid(self.reported).with_detail(detail))
    }
}
