//! The texts that were given for settings, and their conversion to values. An invalid text is added to
//! the list of errors, and reading continues, so that one start reports all errors.

use std::collections::BTreeMap;

use super::ConfigErrors;
use super::setting::{InWords, Is, Setting};

/// The text of each given setting, by the name of its variable.
// Without `Debug`, because the texts contain secrets.
#[derive(Default)]
pub struct Given(BTreeMap<&'static str, String>);

impl Given {
    pub fn insert(&mut self, name: &'static str, text: String) {
        self.0.insert(name, text);
    }

    pub fn is_given<T, D>(&self, setting: &Setting<T, D>) -> bool {
        self.text(setting).is_some()
    }

    /// The value, or the default if none was given. For an invalid value the result is the default too,
    /// but then `errors` is not empty and the configuration is rejected.
    pub fn value<T: Clone>(&self, setting: &Setting<T, Is<T>>, errors: &mut ConfigErrors) -> T {
        self.checked(setting, errors).unwrap_or_else(|| setting.default.0.clone())
    }

    /// The value, if one was given.
    pub fn optional<T>(&self, setting: &Setting<T, InWords>, errors: &mut ConfigErrors) -> Option<T> {
        self.checked(setting, errors)
    }

    /// The entries of a list that is separated by commas. Each invalid entry is a separate error.
    pub fn list<T, L: FromIterator<T>>(&self, setting: &Setting<T, InWords>, errors: &mut ConfigErrors) -> L {
        let entries = self.text(setting).unwrap_or_default().split(',').map(str::trim);
        let given = entries.filter(|entry| !entry.is_empty());
        given.filter_map(|entry| errors.check(setting.name, setting.values.read(entry))).collect()
    }

    fn checked<T, D>(&self, setting: &Setting<T, D>, errors: &mut ConfigErrors) -> Option<T> {
        let text = self.text(setting)?;
        errors.check(setting.name, setting.values.read(text))
    }

    /// The text, if it is not empty. An empty text counts as not given, because many tools can set a
    /// variable to an empty text but cannot remove it.
    fn text<T, D>(&self, setting: &Setting<T, D>) -> Option<&str> {
        let text = self.0.get(setting.name)?;
        let text = if setting.values.are_exact() { text } else { text.trim() };
        (!text.is_empty()).then_some(text)
    }
}
