//! From the errors of `validator` and serde to the field errors of a problem: which field is wrong,
//! what kind of fault it is, and what is allowed.

use std::borrow::Cow;

use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::{FieldError, Problem};

/// Checks a value against its limits.
pub fn checked<T: Validate>(value: T) -> Result<T, Problem> {
    value.validate().map_err(|errors| Problem::invalid(field_errors(&errors)))?;
    Ok(value)
}

/// Turns serde's sentence into a field error: which field, what kind of fault, what is allowed.
pub fn serde_error(path: &str, sentence: &str) -> FieldError {
    let kind = ["unknown field", "duplicate field", "missing field", "invalid type", "unknown variant"]
        .into_iter()
        .find(|kind| sentence.starts_with(kind));
    // For a field that is unknown, doubled or missing the path ends at the object around it.
    let named = kind.filter(|kind| kind.ends_with("field")).and_then(|_| sentence.split('`').nth(1)).map(str::to_owned);
    let field = match (named, path) {
        (Some(name), "." | "") => name,
        (Some(name), path) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        (Some(name), path) => format!("{path}.{name}"),
        (None, "." | "") => "body".to_owned(),
        (None, path) => path.to_owned(),
    };
    let code = kind.map_or("invalid_value".to_owned(), |kind| kind.replace(' ', "_"));
    // Serde has names of its own for arrays and objects.
    let mut sentence = Cow::Borrowed(sentence);
    for (theirs, ours) in [
        ("invalid type: sequence", "invalid type: array"),
        ("invalid type: map", "invalid type: object"),
        ("expected a sequence", "expected an array"),
        ("expected a map", "expected an object"),
    ] {
        if sentence.contains(theirs) {
            sentence = sentence.replacen(theirs, ours, 1).into();
        }
    }
    let message =
        if sentence.starts_with("must ") { sentence.into_owned() } else { format!("is not acceptable: {sentence}") };
    FieldError::new(field, code, message)
}

fn field_errors(errors: &ValidationErrors) -> Vec<FieldError> {
    let mut found = Vec::new();
    collect(errors, "", &mut found);
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn collect(errors: &ValidationErrors, within: &str, found: &mut Vec<FieldError>) {
    for (field, kind) in errors.errors() {
        match kind {
            ValidationErrorsKind::Field(faults) => found.extend(faults.iter().map(|fault| {
                let message = fault.message.clone().unwrap_or(Cow::Borrowed("is not acceptable"));
                // An error of several fields together names, as its code, the field that reports it.
                let field = if field == "__all__" { &fault.code } else { field };
                FieldError::new(format!("{within}{field}"), fault.code.clone(), message)
            })),
            ValidationErrorsKind::Struct(inner) => collect(inner, &format!("{within}{field}."), found),
            ValidationErrorsKind::List(items) => {
                for (place, inner) in items {
                    collect(inner, &format!("{within}{field}[{place}]."), found);
                }
            }
        }
    }
}
