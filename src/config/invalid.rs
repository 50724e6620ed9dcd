//! The error of an invalid value: what is wrong and what is allowed, on one line and without secrets.

use std::{borrow::Cow, fmt::Display};

/// What is wrong with a value, and which values are allowed. The message is one line for any value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; allowed: {allowed}")]
pub struct Invalid {
    wrong: String,
    allowed: Cow<'static, str>,
}

impl Invalid {
    /// An error that shows the value: `value` and then what is wrong with it.
    pub fn shown(value: &str, wrong: impl Display, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self { wrong: format!("{} {wrong}", quoted(value)), allowed: allowed.into() }
    }

    /// An error that does not show the value, because it is secret or missing.
    pub fn hidden(wrong: impl Display, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self { wrong: wrong.to_string(), allowed: allowed.into() }
    }
}

/// The value in quotes, on one line, and without the part before an `@`. In a URL that part contains a
/// password, and somebody may put a URL into any setting by mistake.
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
    fn an_error_is_short_on_one_line_and_without_passwords() {
        let message = |value: &str| Invalid::shown(value, "is wrong", "something else").to_string();
        assert_eq!(message("1"), "\"1\" is wrong; allowed: something else");
        assert!(!message("1\n2\u{1b}[31m").contains(['\n', '\u{1b}']));
        assert!(message(&"9".repeat(10_000)).len() < 250);
        let url = message("postgres://me:hunter2@db");
        assert!(url.contains("…@db") && !url.contains("hunter2"), "{url}");
    }
}
