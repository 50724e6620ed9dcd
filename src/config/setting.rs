//! What the table knows about one setting. Everything else follows from it: the flag, the help,
//! the check of a value, the documentation and `.env.example`. The table itself is in `settings/`.

use std::{borrow::Cow, fmt::Display, ops::RangeInclusive};

use super::Invalid;

/// One setting. `T` is the type of its value; `D` is [`Is`] or [`InWords`].
pub struct Setting<T: 'static, D> {
    /// Its environment variable. The flag has the same name, in lower case and with hyphens.
    pub name: &'static str,
    /// What it means: one sentence without a full stop, in Markdown. The help adds the range
    /// before the first semicolon.
    pub meaning: &'static str,
    pub values: Values<T>,
    pub default: D,
    /// A value that is allowed and that somebody could want.
    pub example: &'static str,
}

/// The default is this value.
pub struct Is<T>(pub T);

/// The default is no single value; these words describe it.
pub struct InWords(pub &'static str);

/// Which values a setting takes, and how they are read.
pub enum Values<T: 'static> {
    /// Numbers of one kind, within a range.
    Range(&'static Scale<T>, RangeInclusive<T>),
    Text(Text<T>),
}

/// How people write numbers of one kind.
pub struct Scale<T: 'static> {
    /// What stands for a value in the help.
    pub placeholder: &'static str,
    pub read: fn(&str, &RangeInclusive<T>) -> Result<T, &'static str>,
    pub show: fn(&T) -> String,
    /// What follows the range in messages and in the documentation: the units.
    pub units: fn(&RangeInclusive<T>) -> String,
}

/// Values that a function of their own reads.
pub struct Text<T: 'static> {
    /// What stands for a value in the help.
    pub placeholder: &'static str,
    /// Which values are allowed, for the documentation.
    pub allowed: &'static str,
    pub read: fn(&str) -> Result<T, Invalid>,
    pub show: fn(&T) -> String,
    /// Whether nobody may see the value.
    pub secret: bool,
    /// Whether white space around the value belongs to it.
    pub exact: bool,
}

impl<T: Display> Values<T> {
    /// Values that anybody may see and that `read` reads.
    pub const fn text(placeholder: &'static str, allowed: &'static str, read: fn(&str) -> Result<T, Invalid>) -> Self {
        Self::Text(Text { placeholder, allowed, read, show: T::to_string, secret: false, exact: false })
    }
}

impl<T> Values<T> {
    pub fn read(&self, text: &str) -> Result<T, Invalid> {
        match self {
            Self::Range(scale, range) => {
                (scale.read)(text, range).map_err(|wrong| Invalid::shown(text, wrong, self.allowed()))
            }
            Self::Text(values) => (values.read)(text),
        }
    }

    pub fn are_exact(&self) -> bool {
        matches!(self, Self::Text(Text { exact: true, .. }))
    }

    fn allowed(&self) -> Cow<'static, str> {
        match self {
            Self::Range(scale, range) => format!("{}{}", scale.range(range), (scale.units)(range)).into(),
            Self::Text(values) => values.allowed.into(),
        }
    }

    fn show(&self, value: &T) -> String {
        match self {
            Self::Range(scale, _) => (scale.show)(value),
            Self::Text(values) => (values.show)(value),
        }
    }
}

impl<T> Scale<T> {
    fn range(&self, range: &RangeInclusive<T>) -> String {
        format!("{} to {}", (self.show)(range.start()), (self.show)(range.end()))
    }
}

/// Settings about one subject, in the order in which people read them.
pub struct Group {
    pub title: &'static str,
    /// What has to be said before the settings, in Markdown; may be empty.
    pub introduction: &'static str,
    pub settings: &'static [&'static dyn Described],
}

impl Group {
    pub fn described(&self) -> impl Iterator<Item = Description> {
        self.settings.iter().map(|setting| setting.describe())
    }
}

/// A setting of any type, in texts.
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

pub enum DefaultText {
    /// A value, as people write it.
    Value(String),
    /// A description, in Markdown.
    Words(&'static str),
}

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
            Values::Range(scale, range) => (scale.placeholder, Some(scale.range(range)), false),
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
    /// The meaning and the range, without marks of Markdown.
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

/// Markdown as plain text; the table uses no marks other than those of code.
pub fn plain(markdown: &str) -> String {
    markdown.replace('`', "")
}
