//! Labels of tasks. A label keeps its spelling, but two labels that differ only in case, or in how their
//! characters are composed (NFC), are the same label.

use std::collections::HashSet;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The largest number of labels of one task.
pub const LABELS_MAX: usize = 20;
/// The longest label, in characters.
pub const LABEL_MAX: usize = 50;

/// The labels of a task, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Labels(Vec<String>);

impl Labels {
    /// Trims each label, then checks them all.
    ///
    /// # Errors
    ///
    /// A sentence that says what is allowed, for the response.
    pub fn new(labels: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, String> {
        let labels: Vec<String> = labels.into_iter().map(|label| label.as_ref().trim().to_owned()).collect();
        if labels.len() > LABELS_MAX {
            return Err(format!("must be at most {LABELS_MAX} labels"));
        }
        let mut seen = HashSet::new();
        for label in &labels {
            check(label)?;
            if !seen.insert(label_key(label)) {
                return Err(format!("must not name a label twice, whatever its case: {label}"));
            }
        }
        Ok(Self(labels))
    }

    /// The labels in a row. They were checked when they were stored.
    pub const fn from_column(labels: Vec<String>) -> Self {
        Self(labels)
    }

    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is equal for two spellings of the same label. The database compares them the same way
/// (`taskwire_label_keys`).
pub fn label_key(label: &str) -> String {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    nfc.normalize(&nfc.normalize(label).to_lowercase()).into_owned()
}

/// Checks one label. The error says what is allowed.
pub fn check(label: &str) -> Result<(), String> {
    if label.is_empty() || label.chars().count() > LABEL_MAX {
        return Err(format!("must hold labels of 1 to {LABEL_MAX} characters after trimming"));
    }
    if label.contains([',', '\0']) {
        return Err("must hold labels without a comma and without the character U+0000".to_owned());
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::<String>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Labels {
    fn schema() -> RefOr<Schema> {
        let label = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(LABEL_MAX));
        ArrayBuilder::new()
            .items(label)
            .max_items(Some(LABELS_MAX))
            .description(Some(
                "Up to 20 labels of 1 to 50 characters each, without commas. A label keeps its spelling, but two \
                 that differ only in case, or that are equal under NFC, are the same label, and a task has each \
                 label only once.",
            ))
            .examples([serde_json::json!(["home", "Errands"])])
            .into()
    }
}

impl ToSchema for Labels {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_trimmed_and_keep_their_case_and_order() {
        assert_eq!(
            Labels::new([" Home ", "errands"]).map(|labels| labels.0),
            Ok(vec!["Home".into(), "errands".into()])
        );
    }

    #[test]
    fn a_wrong_label_is_rejected_with_what_is_allowed() {
        let long = "ä".repeat(LABEL_MAX + 1);
        let many: Vec<String> = (0..=LABELS_MAX).map(|number| format!("label {number}")).collect();
        for (labels, part) in [
            (vec![""], "1 to 50 characters"),
            (vec![long.as_str()], "1 to 50 characters"),
            (vec!["a,b"], "without a comma"),
            (vec!["a\0"], "U+0000"),
            (vec!["Ähre", "ähre"], "twice"),
            (vec!["Cafe\u{301}", "CAF\u{c9}"], "twice"),
            (many.iter().map(String::as_str).collect(), "at most 20"),
        ] {
            let error = Labels::new(labels).expect_err("must be rejected");
            assert!(error.starts_with("must ") && error.contains(part), "{error}");
        }
        assert!(Labels::new(["ä".repeat(LABEL_MAX)]).is_ok());
    }
}
