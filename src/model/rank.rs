//! Where a task stands in the order that its owner gives by hand: a [`Rank`] is the hexadecimal
//! text of a fractional index, so that a task moves between two others by writing its own rank
//! alone. Ranks grow where many tasks are moved to one place; [`rebalance`] shortens them again.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use fractional_index::FractionalIndex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Seq;

/// Where a task stands in the order that its owner gives by hand: the smaller text comes first,
/// compared byte by byte. It is the server that chooses it.
// In SQL the comparison is `COLLATE "C"`; hexadecimal digits sort as the bytes that they spell.
// Every rank of an owner is below `Rank::appended(last_seq + 1)`, so what is appended is last.
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

/// Before all that was ever appended: of tasks in changes from before there were ranks.
impl Default for Rank {
    fn default() -> Self {
        Self::appended(Seq::ZERO)
    }
}

/// The text is not a rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the rank of a task, such as 00000000002a80")]
pub struct MalformedRank;

/// How many bytes count down for tasks that are put first.
const FIRST: usize = 10;

impl Rank {
    /// The most characters that the database takes. Far beyond what is reached: a rank gains at
    /// most two characters over those that it is put between, and [`Rank::is_long`] comes first.
    pub const MAX: usize = 200;
    /// The characters from which on a rank asks to be shortened together with its neighbours.
    const LONG: usize = 96;
    /// The most characters of a rank that a rebalance gives: well below `LONG`, or the next move
    /// would ask again.
    const SHORT: usize = 40;

    /// The rank of a task that is put last by the change with this number. In SQL:
    /// `lpad(to_hex(seq), 12, '0') || '80'`. Twelve digits are enough for 281 million million
    /// changes of one owner.
    pub fn appended(seq: Seq) -> Self {
        Self(format!("{:012x}80", seq.get()))
    }

    /// A rank between two others, or before the first when there is no lower one. There is always
    /// room; `None` means that `lower` is not below `upper`.
    ///
    /// There is no "after the last" here: such a rank could be larger than those appended later.
    /// What is moved to the end is [`Rank::appended`] by the very change that moves it.
    pub fn between(lower: Option<&Self>, upper: &Self) -> Option<Self> {
        let Some(lower) = lower else {
            return upper.index().map(|upper| Self::first(&upper));
        };
        if lower >= upper {
            return None;
        }
        let (low, high) = (lower.index()?, upper.index()?);
        // The crate subtracts one from a byte that may be 0, which panics or, with checks off,
        // gives a wrong place. It is never 0 in the first byte that differs, so begin there. The
        // last byte stays in any case: without it the rest would be no index.
        let shared = shared_bytes(&low, &high).min(low.len().min(high.len()) - 1);
        let rest = |index: &FractionalIndex| FractionalIndex::from_bytes(index.as_bytes()[shared..].to_vec()).ok();
        let middle = FractionalIndex::new_between(&rest(&low)?, &rest(&high)?)?;
        Some(Self(format!("{}{}", lower.0.get(..shared * 2)?, middle.to_string())))
    }

    /// A rank before all others. People put tasks first again and again, and the crate would go
    /// one byte deeper every 128 times; counting down in ten bytes lasts for good.
    fn first(upper: &FractionalIndex) -> Self {
        let head = (0..FIRST).fold(0_u128, |head, at| head << 8 | u128::from(byte(upper, at)));
        match head.checked_sub(1) {
            Some(head) => Self(format!("{head:0width$x}80", width = FIRST * 2)),
            None => Self(FractionalIndex::new_before(upper).to_string()),
        }
    }

    /// As it was stored, when it was checked.
    pub const fn from_column(rank: String) -> Self {
        Self(rank)
    }

    /// Whether the task with this rank and its neighbours are due for [`rebalance`].
    pub const fn is_long(&self) -> bool {
        self.0.len() > Self::LONG
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `None` for a text that is no rank; only a damaged database could hold one.
    fn index(&self) -> Option<FractionalIndex> {
        // The crate slices the text blindly, so it must not see any other.
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

/// How many neighbours on each side of a long rank to load for [`rebalance`] at first.
pub const NEIGHBOURS: usize = 64;

/// How many places to leave for each task that is spread: room for later moves, so that one
/// crowded spot does not ask for its neighbours again and again.
const ROOM: u128 = 256;

/// Shortens the rank at `crowded` together with as few of its neighbours as suffice.
///
/// `ranks` is a run of the owner's tasks, ascending and without holes. `lower` is the rank before
/// the run, `None` where the run begins with the first task. `upper` is the rank after the run,
/// or `Rank::appended(last_seq + 1)` where it ends with the last task.
///
/// The answer holds places in `ranks` with their new ranks, **in the order in which they must be
/// written**: the order of the tasks is the same after each single step. `None` means that this
/// run is crowded as a whole: ask again with a longer one. All tasks of an owner always suffice.
///
/// The caller holds the owner's lock, loads the long rank with [`NEIGHBOURS`] on each side (and
/// one more for the bounds), and on `None` again with four times as many.
pub fn rebalance(ranks: &[Rank], crowded: usize, lower: Option<&Rank>, upper: &Rank) -> Option<Vec<(usize, Rank)>> {
    let mut reach = 4;
    loop {
        let (from, to) = (crowded.saturating_sub(reach), ranks.len().min(crowded + reach + 1));
        let run = ranks.get(from..to)?;
        let below = if from == 0 { lower } else { ranks.get(from - 1) };
        let above = ranks.get(to).unwrap_or(upper);
        if let Some(spread) = spread(run.len(), below, above) {
            return Some(steps(run, spread, from));
        }
        if run.len() == ranks.len() {
            return None;
        }
        reach *= 2;
    }
}

/// So many ranks between two others, at even distances; `None` if they would not be short.
fn spread(many: usize, lower: Option<&Rank>, upper: &Rank) -> Option<Vec<Rank>> {
    let lower = lower.map_or(Some(Vec::new()), |rank| Some(rank.index()?.as_bytes().to_vec()))?;
    let (text, upper) = (upper.as_str(), upper.index()?.as_bytes().to_vec());
    // Both as numbers of as many bytes as are looked at. A number in between, with the terminator
    // after it, is then a rank in between, whatever follows in the bounds.
    let most = Rank::SHORT / 2 - 1;
    let shared = (0..most).take_while(|&at| byte(&lower, at) == byte(&upper, at)).count();
    let parts = u128::try_from(many).ok()? + 1;
    let (mut low, mut high) = (0_u128, 0_u128);
    // Sixteen bytes is all that fits; a gap that is still too small then is as good as none.
    for at in (shared..most).take(16) {
        low = low << 8 | u128::from(byte(&lower, at));
        high = high << 8 | u128::from(byte(&upper, at));
        let gap = high.checked_sub(low)?;
        if gap >= ROOM * parts {
            let prefix = format!("{:0<shared$}", text, shared = shared * 2).get(..shared * 2)?.to_owned();
            let width = (at + 1 - shared) * 2;
            return Some(
                (1..parts).map(|part| Rank(format!("{prefix}{:0width$x}80", low + gap * part / parts))).collect(),
            );
        }
    }
    None
}

/// The order in which to write the new ranks. Who goes up goes before those below, beginning with
/// the highest; then those who go down, beginning with the lowest. So nobody meets a neighbour:
/// one that goes the same way has gone already, and one that goes the other way makes room.
fn steps(run: &[Rank], spread: Vec<Rank>, from: usize) -> Vec<(usize, Rank)> {
    let moves = run.iter().zip(spread).enumerate().map(|(place, (old, new))| (from + place, old, new));
    let (up, down): (Vec<_>, Vec<_>) = moves.filter(|(_, old, new)| *old != new).partition(|(_, old, new)| *old < new);
    up.into_iter().rev().chain(down).map(|(place, _, new)| (place, new)).collect()
}

/// A byte of an index; to the eye of the order there are zeros behind its end.
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn shared_bytes(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
