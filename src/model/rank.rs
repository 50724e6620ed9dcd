//! The order that an owner gives to tasks and projects by hand. A [`Rank`] is the hexadecimal text of
//! a fractional index, so moving a task between two others changes only its own rank. Many moves to
//! one place make ranks long; [`rebalance`] shortens them again.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use fractional_index::FractionalIndex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Seq;

/// The place of a task or project in the order that its owner gives by hand: the smaller text comes
/// first, compared byte by byte. The server chooses the ranks.
// SQL compares with `COLLATE "C"`; hexadecimal digits sort like the bytes that they encode. Every rank
// of an owner is below `Rank::appended(last_seq + 1)`, so an appended task is last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(try_from = "Cow<str>")]
#[sqlx(transparent)]
#[schema(
    value_type = String,
    min_length = 2,
    max_length = 200,
    pattern = "^([0-9a-f]{2})*80$",
    example = "00000000002a80"
)]
pub struct Rank(String);

/// Below every appended rank. Tasks have it in entries of the log that are older than ranks.
impl Default for Rank {
    fn default() -> Self {
        Self::appended(Seq::ZERO)
    }
}

/// The text is not a rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the rank of a task, such as 00000000002a80")]
pub struct MalformedRank;

/// The number of leading bytes that form a counter, which [`Rank::first`] decrements.
const COUNTER_BYTES: usize = 10;

impl Rank {
    /// The largest length that the database accepts, in characters. No rank comes near it: a new rank
    /// is at most two characters longer than its neighbours, and ranks are rebalanced once
    /// [`Rank::is_long`].
    pub const MAX: usize = 200;
    /// A rank with more characters is to be rebalanced.
    const LONG: usize = 96;
    /// The largest length of a rank that a rebalance gives, in characters. It is well below `LONG`, so
    /// that the next moves cause no further rebalance.
    const SHORT: usize = 40;

    /// The rank of a task that the change with this number puts last. In SQL:
    /// `lpad(to_hex(seq), 12, '0') || '80'`. Twelve digits are enough for 281 million million
    /// changes of one owner.
    pub fn appended(seq: Seq) -> Self {
        Self(format!("{:012x}80", seq.get()))
    }

    /// A rank between two others; without `lower`, one before `upper`. There is always a rank in
    /// between; `None` means that `lower` is not below `upper`.
    ///
    /// There is no rank "after the last", because it could be larger than ranks that are appended
    /// later. A task that is moved to the end gets [`Rank::appended`] with the number of that change.
    pub fn between(lower: Option<&Self>, upper: &Self) -> Option<Self> {
        let Some(lower) = lower else {
            return upper.index().map(|upper| Self::first(&upper));
        };
        if lower >= upper {
            return None;
        }
        let (low, high) = (lower.index()?, upper.index()?);
        // The crate subtracts one from a byte that may be 0. That panics or, without overflow checks,
        // gives a rank in the wrong place. The first byte that differs is never 0 in `high`, so only
        // the rest from there goes to the crate. The last byte always goes with it, because an index
        // must end with it.
        let shared = shared_bytes(&low, &high).min(low.len().min(high.len()) - 1);
        let rest = |index: &FractionalIndex| FractionalIndex::from_bytes(index.as_bytes()[shared..].to_vec()).ok();
        let middle = FractionalIndex::new_between(&rest(&low)?, &rest(&high)?)?;
        Some(Self(format!("{}{}", lower.0.get(..shared * 2)?, middle.to_string())))
    }

    /// A rank before `upper`. People often move tasks to the top. With the crate alone, a rank would
    /// grow by one byte every 128 moves; a counter of ten bytes is never used up.
    fn first(upper: &FractionalIndex) -> Self {
        let counter = (0..COUNTER_BYTES).fold(0_u128, |counter, i| counter << 8 | u128::from(byte(upper, i)));
        match counter.checked_sub(1) {
            Some(counter) => Self(format!("{counter:0width$x}80", width = COUNTER_BYTES * 2)),
            None => Self(FractionalIndex::new_before(upper).to_string()),
        }
    }

    /// The rank in a row. It was checked when it was stored.
    pub const fn from_column(rank: String) -> Self {
        Self(rank)
    }

    /// Whether the task with this rank must be rebalanced, see [`rebalance`].
    pub const fn is_long(&self) -> bool {
        self.0.len() > Self::LONG
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The fractional index. `None` if the text is not a rank, which only a damaged database contains.
    fn index(&self) -> Option<FractionalIndex> {
        // The crate slices the text without checks, so it must only get valid text.
        is_rank(&self.0).then(|| FractionalIndex::from_string(&self.0).ok()).flatten()
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Rank {
    type Err = MalformedRank;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        is_rank(text).then(|| Self(text.to_owned())).ok_or(MalformedRank)
    }
}

fn is_rank(text: &str) -> bool {
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    digits && text.len() <= Rank::MAX && text.len().is_multiple_of(2) && text.ends_with("80")
}

impl TryFrom<Cow<'_, str>> for Rank {
    type Error = MalformedRank;

    fn try_from(text: Cow<'_, str>) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// How many neighbours on each side of a long rank the caller of [`rebalance`] loads at first.
pub const NEIGHBOURS: usize = 64;

/// How many free places a rebalance leaves per task, so that later moves to the same place do not
/// cause the next rebalance at once.
const FREE_PLACES: u128 = 256;

/// Shortens the rank at the index `crowded`, together with as few of its neighbours as possible.
///
/// `ranks` are consecutive ranks of the owner's tasks, ascending and without gaps. `lower` is the rank
/// before them, `None` if they begin with the first task. `upper` is the rank after them, or
/// `Rank::appended(last_seq + 1)` if they end with the last task.
///
/// The result contains indices of `ranks` with their new ranks, **in the order in which they must be
/// written**: the tasks keep their order after every single write. `None` means that there is not
/// enough room for these ranks, and the caller must call again with more of them. All tasks of an owner
/// always have enough room.
///
/// The caller holds the owner's lock. It loads the long rank with [`NEIGHBOURS`] on each side, and one
/// more on each side for the bounds; after `None` it loads four times as many.
pub fn rebalance(ranks: &[Rank], crowded: usize, lower: Option<&Rank>, upper: &Rank) -> Option<Vec<(usize, Rank)>> {
    let mut radius = 4;
    loop {
        let (from, to) = (crowded.saturating_sub(radius), ranks.len().min(crowded + radius + 1));
        let run = ranks.get(from..to)?;
        let below = if from == 0 { lower } else { ranks.get(from - 1) };
        let above = ranks.get(to).unwrap_or(upper);
        if let Some(spread) = spread(run.len(), below, above) {
            return Some(in_write_order(run, spread, from));
        }
        if run.len() == ranks.len() {
            return None;
        }
        radius *= 2;
    }
}

/// As many ranks as `count`, evenly spaced between two others. `None` if they would be longer than
/// [`Rank::SHORT`] or leave too few free places.
fn spread(count: usize, lower: Option<&Rank>, upper: &Rank) -> Option<Vec<Rank>> {
    let lower = lower.map_or(Some(Vec::new()), |rank| Some(rank.index()?.as_bytes().to_vec()))?;
    let (text, upper) = (upper.as_str(), upper.index()?.as_bytes().to_vec());
    // Both bounds are read as numbers, first of one byte, then of one more byte each time. A number
    // between the two, followed by the terminator, is a rank between the bounds, whatever bytes follow
    // in these.
    let max_bytes = Rank::SHORT / 2 - 1;
    let shared = (0..max_bytes).take_while(|&i| byte(&lower, i) == byte(&upper, i)).count();
    let parts = u128::try_from(count).ok()? + 1;
    let (mut low, mut high) = (0_u128, 0_u128);
    // A `u128` has sixteen bytes. If the gap is still too small then, there is no room.
    for i in (shared..max_bytes).take(16) {
        low = low << 8 | u128::from(byte(&lower, i));
        high = high << 8 | u128::from(byte(&upper, i));
        let gap = high.checked_sub(low)?;
        if gap >= FREE_PLACES * parts {
            let prefix = format!("{:0<shared$}", text, shared = shared * 2).get(..shared * 2)?.to_owned();
            let width = (i + 1 - shared) * 2;
            return Some(
                (1..parts).map(|part| Rank(format!("{prefix}{:0width$x}80", low + gap * part / parts))).collect(),
            );
        }
    }
    None
}

/// Sorts the new ranks into the order of writing: first those that increase, beginning with the
/// highest; then those that decrease, beginning with the lowest. So no rank passes its neighbour: a
/// neighbour that moves in the same direction has already moved, and one that moves in the other
/// direction moves away.
fn in_write_order(run: &[Rank], spread: Vec<Rank>, from: usize) -> Vec<(usize, Rank)> {
    let moves = run.iter().zip(spread).enumerate().map(|(i, (old, new))| (from + i, old, new));
    let (up, down): (Vec<_>, Vec<_>) = moves.filter(|(_, old, new)| *old != new).partition(|(_, old, new)| *old < new);
    up.into_iter().rev().chain(down).map(|(index, _, new)| (index, new)).collect()
}

/// A byte of an index. In the order, missing bytes count as zeros.
fn byte(bytes: &[u8], i: usize) -> u8 {
    bytes.get(i).copied().unwrap_or(0)
}

/// The number of leading bytes that are the same.
fn shared_bytes(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
