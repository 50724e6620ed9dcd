//! The file formats: the only place that knows the writer, the reader and the names of each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::csv::{self, CsvWriter};
use super::draft::{Context, Draft};
use super::errors::Errors;
use super::ics::{self, IcsWriter};
use super::json::{self, JsonWriter};
use super::writer::FileWriter;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = ExportFormat)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    #[default]
    Json,
    Ics,
    Csv,
}

impl FileFormat {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Ics => "text/calendar; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ics => "ics",
            Self::Csv => "csv",
        }
    }

    pub fn writer(self) -> Box<dyn FileWriter> {
        match self {
            Self::Json => Box::new(JsonWriter::default()),
            Self::Ics => Box::new(IcsWriter),
            Self::Csv => Box::new(CsvWriter::default()),
        }
    }

    /// Reads a file into a draft.
    pub fn read(self, bytes: &[u8], context: &Context, errors: &mut Errors) -> Draft {
        match self {
            Self::Json => json::read(bytes, context, errors),
            Self::Ics => ics::read(bytes, context, errors),
            Self::Csv => csv::read(bytes, context, errors),
        }
    }
}
