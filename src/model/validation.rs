//! Converts the errors of `validator` and serde to the field errors of a problem: which field is wrong,
//! the kind of error, and what is allowed.

use std::borrow::Cow;

use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::{FieldError, Problem};

/// Checks the limits of a value, and returns it if they hold.
pub fn checked<T: Validate>(value: T) -> Result<T, Problem> {
    value.validate().map_err(|errors| Problem::invalid(field_errors(&errors)))?;
    Ok(value)
}

/// Converts an error message of serde to a field error. `path` is the path that `serde_path_to_error`
/// reports.
pub fn serde_error(path: &str, message: &str) -> FieldError {
    let kind = ["unknown field", "duplicate field", "missing field", "invalid type", "unknown variant"]
        .into_iter()
        .find(|kind| message.starts_with(kind));
    // The message names an unknown, duplicate or missing field; the path may name only the object that contains it.
    let named = kind.filter(|kind| kind.ends_with("field")).and_then(|_| message.split('`').nth(1)).map(str::to_owned);
    let field = match (named, path) {
        (Some(name), "." | "") => name,
        (Some(name), path) if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        (Some(name), path) => format!("{path}.{name}"),
        (None, "." | "") => "body".to_owned(),
        (None, path) => path.to_owned(),
    };
    let code = kind.map_or("invalid_value".to_owned(), |kind| kind.replace(' ', "_"));
    // Serde calls arrays sequences, and objects maps.
    let mut message = Cow::Borrowed(message);
    for (serde_name, json_name) in [
        ("invalid type: sequence", "invalid type: array"),
        ("invalid type: map", "invalid type: object"),
        ("expected a sequence", "expected an array"),
        ("expected a map", "expected an object"),
    ] {
        if message.contains(serde_name) {
            message = message.replacen(serde_name, json_name, 1).into();
        }
    }
    let message =
        if message.starts_with("must ") { message.into_owned() } else { format!("is not acceptable: {message}") };
    FieldError::new(field, code, message)
}

fn field_errors(errors: &ValidationErrors) -> Vec<FieldError> {
    let mut found = Vec::new();
    collect(errors, "", &mut found);
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn collect(errors: &ValidationErrors, prefix: &str, found: &mut Vec<FieldError>) {
    for (field, kind) in errors.errors() {
        match kind {
            ValidationErrorsKind::Field(field_errors) => found.extend(field_errors.iter().map(|error| {
                let message = error.message.clone().unwrap_or(Cow::Borrowed("is not acceptable"));
                // An error of the whole object has the name of the field as its code.
                let field = if field == "__all__" { &error.code } else { field };
                FieldError::new(format!("{prefix}{field}"), error.code.clone(), message)
            })),
            ValidationErrorsKind::Struct(inner) => collect(inner, &format!("{prefix}{field}."), found),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect(inner, &format!("{prefix}{field}[{index}]."), found);
                }
            }
        }
    }
}
