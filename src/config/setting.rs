//! The types of the table of settings, which is in `settings/`. The flags, the help, the checks of
//! values, the documentation and `.env.example` are derived from the table.

use std::{borrow::Cow, fmt::Display, ops::RangeInclusive};

use super::Invalid;

/// One setting. `T` is the type of the value. `D` is the kind of default: [`Is`] or [`InWords`].
pub struct Setting<T: 'static, D> {
    /// The environment variable. The flag has the same name, in lower case and with hyphens.
    pub name: &'static str,
    /// The meaning: one sentence without a full stop, in Markdown. The help inserts the range before the
    /// first semicolon.
    pub meaning: &'static str,
    pub values: Values<T>,
    pub default: D,
    /// A useful value that is allowed.
    pub example: &'static str,
}

/// A default that is a value.
pub struct Is<T>(pub T);

/// A default that is not a single value, with its description in Markdown.
pub struct InWords(pub &'static str);

/// The allowed values of a setting, and how they are parsed.
pub enum Values<T: 'static> {
    /// Numbers in a range.
    Range(&'static NumberFormat<T>, RangeInclusive<T>),
    Text(Text<T>),
}

/// The text format of numbers of one kind, such as durations or sizes.
pub struct NumberFormat<T: 'static> {
    /// The placeholder for a value in the help.
    pub placeholder: &'static str,
    pub read: fn(&str, &RangeInclusive<T>) -> Result<T, &'static str>,
    pub show: fn(&T) -> String,
    /// The text after the range in messages and in the documentation, which names the units.
    pub units: fn(&RangeInclusive<T>) -> String,
}

/// The text format of all other values.
pub struct Text<T: 'static> {
    /// The placeholder for a value in the help.
    pub placeholder: &'static str,
    /// Which values are allowed, for the documentation.
    pub allowed: &'static str,
    pub read: fn(&str) -> Result<T, Invalid>,
    pub show: fn(&T) -> String,
    /// Whether the value must not be shown.
    pub secret: bool,
    /// Whether white space around the value is a part of it.
    pub exact: bool,
}

impl<T: Display> Values<T> {
    /// Values that are not secret and that `read` parses.
    pub const fn text(placeholder: &'static str, allowed: &'static str, read: fn(&str) -> Result<T, Invalid>) -> Self {
        Self::Text(Text { placeholder, allowed, read, show: T::to_string, secret: false, exact: false })
    }
}

impl<T> Values<T> {
    pub fn read(&self, text: &str) -> Result<T, Invalid> {
        match self {
            Self::Range(format, range) => {
                (format.read)(text, range).map_err(|wrong| Invalid::shown(text, wrong, self.allowed()))
            }
            Self::Text(values) => (values.read)(text),
        }
    }

    pub fn are_exact(&self) -> bool {
        matches!(self, Self::Text(Text { exact: true, .. }))
    }

    fn allowed(&self) -> Cow<'static, str> {
        match self {
            Self::Range(format, range) => format!("{}{}", format.range(range), (format.units)(range)).into(),
            Self::Text(values) => values.allowed.into(),
        }
    }

    fn show(&self, value: &T) -> String {
        match self {
            Self::Range(format, _) => (format.show)(value),
            Self::Text(values) => (values.show)(value),
        }
    }
}

impl<T> NumberFormat<T> {
    fn range(&self, range: &RangeInclusive<T>) -> String {
        format!("{} to {}", (self.show)(range.start()), (self.show)(range.end()))
    }
}

/// The settings of one subject, in the order of the documentation.
pub struct Group {
    pub title: &'static str,
    /// The text before the settings, in Markdown; may be empty.
    pub introduction: &'static str,
    pub settings: &'static [&'static dyn Described],
}

impl Group {
    pub fn described(&self) -> impl Iterator<Item = Description> {
        self.settings.iter().map(|setting| setting.describe())
    }
}

/// The description of a setting as texts, for any type of value.
pub struct Description {
    pub name: &'static str,
    pub placeholder: &'static str,
    pub meaning: &'static str,
    /// The bounds of a number, as `1 to 1000`.
    pub range: Option<String>,
    pub allowed: Cow<'static, str>,
    pub default: DefaultText,
    pub example: &'static str,
    pub secret: bool,
}

/// The default of a setting as a text.
pub enum DefaultText {
    /// The text of a value.
    Value(String),
    /// A description, in Markdown.
    Words(&'static str),
}

/// A setting of any type that can describe itself.
pub trait Described: Sync {
    fn describe(&self) -> Description;
}

impl<T: Sync> Described for Setting<T, Is<T>> {
    fn describe(&self) -> Description {
        self.described_with(DefaultText::Value(self.values.show(&self.default.0)))
    }
}

impl<T: Sync> Described for Setting<T, InWords> {
    fn describe(&self) -> Description {
        self.described_with(DefaultText::Words(self.default.0))
    }
}

impl<T, D> Setting<T, D> {
    fn described_with(&self, default: DefaultText) -> Description {
        let (placeholder, range, secret) = match &self.values {
            Values::Range(format, range) => (format.placeholder, Some(format.range(range)), false),
            Values::Text(values) => (values.placeholder, None, values.secret),
        };
        Description {
            name: self.name,
            placeholder,
            meaning: self.meaning,
            range,
            allowed: self.values.allowed(),
            default,
            example: self.example,
            secret,
        }
    }
}

impl Description {
    /// The meaning and the range, without Markdown.
    pub fn plain_meaning(&self) -> String {
        let range = self.range.as_ref().map(|range| format!(", {range}")).unwrap_or_default();
        let meaning = match self.meaning.split_once(';') {
            Some((what, more)) => format!("{what}{range};{more}"),
            None => format!("{}{range}", self.meaning),
        };
        plain(&meaning)
    }
}

/// The flag of a variable, without its two hyphens.
pub fn flag(variable: &str) -> String {
    variable.to_ascii_lowercase().replace('_', "-")
}

/// Markdown as plain text. The table uses no Markdown except backticks.
pub fn plain(markdown: &str) -> String {
    markdown.replace('`', "")
}
