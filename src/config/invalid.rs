//! Why a value is not valid, and which values are, in one line that repeats no secret.

use std::{borrow::Cow, fmt::Display};

/// What is wrong with a value, and what is allowed instead. Fits on one line whatever the value is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; allowed: {allowed}")]
pub struct Invalid {
    wrong: String,
    allowed: Cow<'static, str>,
}

impl Invalid {
    /// A value that may be repeated: `value` and then what is wrong with it.
    pub fn shown(value: &str, wrong: impl Display, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self { wrong: format!("{} {wrong}", quoted(value)), allowed: allowed.into() }
    }

    /// A value that must not be repeated, or that is missing.
    pub fn hidden(wrong: impl Display, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self { wrong: wrong.to_string(), allowed: allowed.into() }
    }
}

/// The value in quotes, on one line, without the part before an `@`: in a URL that part is a
/// password, and a URL can end up in any setting by mistake.
fn quoted(value: &str) -> String {
    const LONGEST: usize = 100;
    let shown = match value.rfind('@') {
        Some(at) => format!("…{}", &value[at..]),
        None => value.to_owned(),
    };
    match shown.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &shown[..end]),
        None => format!("{shown:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_values_stay_short_on_one_line_and_without_passwords() {
        let message = |value: &str| Invalid::shown(value, "is wrong", "something else").to_string();
        assert_eq!(message("1"), "\"1\" is wrong; allowed: something else");
        assert!(!message("1\n2\u{1b}[31m").contains(['\n', '\u{1b}']));
        assert!(message(&"9".repeat(10_000)).len() < 250);
        let url = message("postgres://me:hunter2@db");
        assert!(url.contains("…@db") && !url.contains("hunter2"), "{url}");
    }
}
