//! Ratios of a run, with their spread over its rounds, as JSON. A later run is compared with them: times depend on
//! the machine, ratios on the code.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Result;

/// A ratio: the median of all rounds, and the best and the worst round.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Ratio {
    pub median: f64,
    pub best: f64,
    pub worst: f64,
}

/// Ratios by their names.
pub type Ratios = BTreeMap<String, Ratio>;

impl Ratio {
    /// From the values of the rounds. For costs the lowest is best, for rates the highest.
    pub fn new(rounds: impl Iterator<Item = f64>, lower_is_better: bool) -> Self {
        let mut values: Vec<f64> = rounds.collect();
        values.sort_by(f64::total_cmp);
        let (first, last) = (values.first().copied().unwrap_or(f64::NAN), values.last().copied().unwrap_or(f64::NAN));
        let (best, worst) = if lower_is_better { (first, last) } else { (last, first) };
        Self { median: median(values.into_iter()), best, worst }
    }

    /// Whether the median is worse than the worst round of the other run.
    fn is_worse_than(self, other: Self) -> bool {
        if other.worst >= other.best { self.median > other.worst } else { self.median < other.worst }
    }
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

pub fn write(ratios: &Ratios, file: &Path) -> Result<()> {
    Ok(fs::write(file, serde_json::to_string_pretty(ratios)? + "\n")?)
}

/// Fails, and names each ratio, if any is worse than the recorded ones by more than their spread.
pub fn check(ratios: &Ratios, recorded: &Path) -> Result<()> {
    let recorded: Ratios = serde_json::from_slice(&fs::read(recorded)?)?;
    let mut worse = String::new();
    for (name, new) in ratios {
        if let Some(old) = recorded.get(name).filter(|old| new.is_worse_than(**old)) {
            let Ratio { median, best, worst } = old;
            write!(worse, "\n  {name}: {:.2}, was {median:.2} ({best:.2} to {worst:.2})", new.median)?;
        }
    }
    if worse.is_empty() { Ok(()) } else { Err(format!("worse by more than the spread:{worse}").into()) }
}
