//! The errors of the configuration. They are collected, so that one start reports all of them.

use std::{error::Error, fmt};

use super::setting::flag;

/// All errors of the configuration, one line each, without secrets.
#[derive(Debug, Default)]
pub struct ConfigErrors(Vec<Problem>);

#[derive(Debug)]
struct Problem {
    variable: &'static str,
    what: String,
}

impl ConfigErrors {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn report(&mut self, variable: &'static str, problem: impl fmt::Display) {
        self.0.push(Problem { variable, what: problem.to_string() });
    }

    /// Returns the value. An error is added to the list, and the result is `None`.
    pub(super) fn check<T>(&mut self, variable: &'static str, checked: Result<T, impl fmt::Display>) -> Option<T> {
        checked.map_err(|problem| self.report(variable, problem)).ok()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (--{}): {}", self.variable, flag(self.variable), self.what)
    }
}

impl Error for ConfigErrors {}
