//! Positions in a change log. A [`Position`] names one change: the history that it belongs to, its number,
//! and its time. On the wire it is an opaque string. The server continues only from a change that its log
//! contains, so it recognises every position of a future that a restore of the database has lost.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
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

/// The name of a history: the epoch of the database and the generation of the owner, combined by exclusive or.
///
/// Both are random numbers of 64 bits. So a position of another epoch, generation or user has the id of this
/// history with a probability of 2⁻⁶⁴, and then it must also name a change by its time in microseconds.
/// Exclusive or instead of a hash lets the sweep compare ids in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HistoryId(i64);

impl HistoryId {
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// The time of a change as a position carries it: microseconds since 1970, exactly as in the log. No two
/// changes of an owner have the same time. A number that is given again after a restore gets another time, because
/// the clock has moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChangeTime(i64);

impl ChangeTime {
    /// The time in the position 0, which names no change.
    pub const NONE: Self = Self(0);

    const fn of(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }

    /// The time, unless there is none or a client made it up.
    pub const fn get(self) -> Option<DateTime<Utc>> {
        match self {
            Self::NONE => None,
            Self(micros) => DateTime::from_timestamp_micros(micros),
        }
    }
}

/// One history: the log of one generation of an owner in one epoch of the database. Positions can be continued
/// only within one history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct History {
    epoch: i64,
    id: HistoryId,
}

impl History {
    /// `generation` is `None` before the owner's first write. The id is then the epoch itself.
    pub const fn new(epoch: i64, generation: Option<i64>) -> Self {
        let generation = match generation {
            Some(generation) => generation,
            None => 0,
        };
        Self { epoch, id: HistoryId(epoch ^ generation) }
    }

    /// The history of a position that was given out in this epoch.
    pub const fn of(epoch: i64, position: Position) -> Self {
        Self { epoch, id: position.history }
    }

    /// The position before the first change.
    pub const fn beginning(self) -> Position {
        Position { history: self.id, seq: Seq::ZERO, time: ChangeTime::NONE }
    }

    /// The position of the change with this number and time.
    pub const fn at(self, seq: Seq, at: DateTime<Utc>) -> Position {
        Position { history: self.id, seq, time: ChangeTime::of(at) }
    }

    /// The position of the newest change, from the owner's row: its number, and its time if there is a row. A
    /// row can exist before the first change; the time in it is not that of a change then.
    pub fn head(self, last_seq: Seq, last_at: Option<DateTime<Utc>>) -> Position {
        match last_at {
            Some(at) if last_seq > Seq::ZERO => self.at(last_seq, at),
            _ => self.beginning(),
        }
    }

    /// Whether a position is of this history. The position before an owner's first write has no generation; it
    /// continues in whichever generation that write begins.
    pub fn continues(self, position: Position) -> bool {
        let never_wrote = Self::new(self.epoch, None);
        self.id == position.history || position == never_wrote.beginning()
    }

    pub const fn epoch(self) -> i64 {
        self.epoch
    }
}

/// A place in a history. A client at this position has received all changes up to and including the one that
/// it names.
///
/// On the wire it is the base64 of 24 bytes: the id of the history, the time, and the number, each in 8 bytes.
/// The release before had epoch, generation and number there, in the same length. Neither takes the other's
/// positions for its own: the first 8 bytes differ unless a generation is 0, one case in 2⁶⁴. Only the position
/// before an owner's first write is the same in both, and it means the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub history: HistoryId,
    pub seq: Seq,
    pub time: ChangeTime,
}

const BYTES: usize = 24;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&self.history.0.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.time.0.to_be_bytes());
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
        let (history, time, seq) = (number(0), number(8), number(16));
        if seq < 0 {
            return Err(MalformedPosition);
        }
        Ok(Self { history: HistoryId(history), seq: Seq::new(seq), time: ChangeTime(time) })
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
            .description(Some(
                "An opaque place in the user's change log. It names one change, or the beginning. Store it and send \
                 it back; do not parse it.",
            ))
            .min_length(Some(32))
            .max_length(Some(32))
            .pattern(Some("^[0-9A-Za-z_-]{32}$"))
            .examples(["hJ0mY3mQv1sABmBzD_sYQAAAAAAAAAAq"])
            .into()
    }
}

impl ToSchema for Position {}

#[cfg(test)]
mod tests;
