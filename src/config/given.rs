//! The texts that people gave for settings, and reading them by the table. A text that is wrong
//! is reported, and reading goes on, so that one start reports every mistake.

use std::collections::BTreeMap;

use super::ConfigErrors;
use super::setting::{InWords, Is, Setting};

/// The text of each setting that was given, by the name of its variable.
// No `Debug`: these hold secrets as plain text.
#[derive(Default)]
pub struct Given(BTreeMap<&'static str, String>);

impl Given {
    pub fn insert(&mut self, name: &'static str, text: String) {
        self.0.insert(name, text);
    }

    pub fn is_given<T, D>(&self, setting: &Setting<T, D>) -> bool {
        self.text(setting).is_some()
    }

    /// The value, or the default. The default also takes the place of a wrong value, which
    /// nobody uses, because `errors` then has a problem.
    pub fn value<T: Clone>(&self, setting: &Setting<T, Is<T>>, errors: &mut ConfigErrors) -> T {
        self.checked(setting, errors).unwrap_or_else(|| setting.default.0.clone())
    }

    /// The value, if one was given.
    pub fn optional<T>(&self, setting: &Setting<T, InWords>, errors: &mut ConfigErrors) -> Option<T> {
        self.checked(setting, errors)
    }

    /// The entries of a list separated by commas. Each wrong one is a problem of its own.
    pub fn list<T, L: FromIterator<T>>(&self, setting: &Setting<T, InWords>, errors: &mut ConfigErrors) -> L {
        let entries = self.text(setting).unwrap_or_default().split(',').map(str::trim);
        let given = entries.filter(|entry| !entry.is_empty());
        given.filter_map(|entry| errors.check(setting.name, setting.values.read(entry))).collect()
    }

    fn checked<T, D>(&self, setting: &Setting<T, D>, errors: &mut ConfigErrors) -> Option<T> {
        let text = self.text(setting)?;
        errors.check(setting.name, setting.values.read(text))
    }

    /// The text, if it is not empty: many ways to set an environment can empty a variable but
    /// cannot remove it.
    fn text<T, D>(&self, setting: &Setting<T, D>) -> Option<&str> {
        let text = self.0.get(setting.name)?;
        let text = if setting.values.are_exact() { text } else { text.trim() };
        (!text.is_empty()).then_some(text)
    }
}
