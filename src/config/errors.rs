//! The list of everything that is wrong with the configuration, so that one start reports it all.

use std::{error::Error, fmt};

use super::setting::flag;

/// All that is wrong with the configuration, one line each, without any secret.
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

    /// The value; or `None`, and the list has one more problem.
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
