//! Positions in a change log: a [`Position`] is a sequence number in one [`History`]. On the wire it is
//! an opaque string. The server recognises a position of another history and never continues from it.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The sequence number of a change in its owner's log. The first change has 1; 0 is the position
/// before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Seq(i64);

impl Seq {
    pub const ZERO: Self = Self(0);

    pub const fn new(seq: i64) -> Self {
        Self(seq)
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialSchema for Seq {
    fn schema() -> RefOr<Schema> {
        // Without `format: int64`, because generators would make it a bigint.
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).into()
    }
}

impl ToSchema for Seq {}

/// One history: the epoch of the database and the generation of the owner. Positions can be
/// continued only within one history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct History {
    epoch: i64,
    /// `None` before the owner's first write.
    generation: Option<i64>,
}

impl History {
    pub const fn new(epoch: i64, generation: Option<i64>) -> Self {
        Self { epoch, generation }
    }

    pub const fn epoch(self) -> i64 {
        self.epoch
    }

    pub const fn generation(self) -> Option<i64> {
        self.generation
    }

    pub const fn at(self, seq: Seq) -> Position {
        Position { history: self, seq }
    }

    /// Whether a client at `position` can continue in this history. The position before an owner's
    /// first write has no generation; it continues in whichever generation that write begins.
    pub fn continues(self, position: Position) -> bool {
        self == position.history
            || (self.epoch == position.history.epoch
                && position.history.generation.is_none()
                && position.seq == Seq::ZERO)
    }
}

/// A place in a history. A client at this position has received all changes up to and including
/// `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub history: History,
    pub seq: Seq,
}

const BYTES: usize = 24;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&self.history.epoch.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.history.generation.unwrap_or(0).to_be_bytes());
        bytes[16..].copy_from_slice(&self.seq.get().to_be_bytes());
        let mut text = [0; BYTES / 3 * 4];
        BASE64_URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// The text is not a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a position must be one that a list, a change or the live channel gave")]
pub struct MalformedPosition;

impl FromStr for Position {
    type Err = MalformedPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedPosition)?;
        let bytes: [u8; BYTES] = bytes.try_into().map_err(|_| MalformedPosition)?;
        let number = |from: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[from..from + 8]);
            i64::from_be_bytes(word)
        };
        let (epoch, generation, seq) = (number(0), number(8), number(16));
        if seq < 0 {
            return Err(MalformedPosition);
        }
        Ok(Self { history: History::new(epoch, (generation != 0).then_some(generation)), seq: Seq::new(seq) })
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Position {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("An opaque place in the user's change log. Store it and send it back; do not parse it."))
            .min_length(Some(32))
            .max_length(Some(32))
            .examples(["hJ0mY3mQv1uXq8c2m0Zt5wAAAAAAAAAq"])
            .into()
    }
}

impl ToSchema for Position {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_serialisation() {
        for generation in [None, Some(-7), Some(i64::MAX)] {
            let position = History::new(i64::MIN, generation).at(Seq::new(i64::MAX));
            assert_eq!(position.to_string().parse(), Ok(position));
            assert_eq!(position.to_string().len(), 32);
        }
    }

    #[test]
    fn malformed_positions_are_rejected() {
        let negative = History::new(1, Some(1)).at(Seq::new(-1)).to_string();
        for text in ["", "42", "AAAA", "hJ0mY3mQv1uXq8c2m0Zt5wAAAAAAAAA=", negative.as_str()] {
            assert_eq!(text.parse::<Position>(), Err(MalformedPosition), "{text}");
        }
    }

    #[test]
    fn only_a_position_of_the_same_history_continues() {
        let history = History::new(1, Some(2));
        assert!(history.continues(history.at(Seq::new(9))));
        assert!(!history.continues(History::new(1, Some(3)).at(Seq::new(9))));
        assert!(!history.continues(History::new(2, Some(2)).at(Seq::new(9))));
    }

    #[test]
    fn the_position_before_the_first_write_continues_in_any_generation() {
        let history = History::new(1, Some(2));
        let before_first_write = History::new(1, None);
        assert!(history.continues(before_first_write.at(Seq::ZERO)));
        assert!(!history.continues(before_first_write.at(Seq::new(1))));
        assert!(!History::new(7, Some(2)).continues(before_first_write.at(Seq::ZERO)));
    }

    proptest::proptest! {
        #[test]
        fn every_position_survives_serialisation(epoch: i64, generation: Option<i64>, seq in 0..=i64::MAX) {
            // On the wire, generation 0 stands for a user who has never written.
            let generation = generation.filter(|generation| *generation != 0);
            let position = History::new(epoch, generation).at(Seq::new(seq));
            proptest::prop_assert_eq!(position.to_string().parse(), Ok(position));
        }

        #[test]
        fn different_positions_have_different_texts(one: (i64, i64), other: (i64, i64), seqs in (0..9_i64, 0..9_i64)) {
            let position = |(epoch, generation), seq| History::new(epoch, Some(generation)).at(Seq::new(seq));
            let (one, other) = (position(one, seqs.0), position(other, seqs.1));
            proptest::prop_assert_eq!(one == other, one.to_string() == other.to_string());
        }

        #[test]
        fn a_text_that_parses_is_the_text_of_its_position(text in "[A-Za-z0-9_=-]{30,34}|.{0,40}") {
            if let Ok(position) = text.parse::<Position>() {
                proptest::prop_assert_eq!(position.to_string(), text);
            }
        }
    }
}
