//! Measures one list: every page from the first to the last, and three of them repeatedly.

use crate::Result;
use crate::combinations::{Combination, Promise};
use crate::pages::Pages;

/// After this many runs Postgres has decided whether to use a generic plan.
const DECIDED: usize = 6;
const RUNS: usize = 11;

/// The results of a list. Times are the database's, in milliseconds.
pub struct Measured {
    pub of: Combination,
    pub pages: usize,
    pub first: f64,
    pub middle: f64,
    pub last: f64,
    /// Of all pages.
    pub median: f64,
    pub slowest: f64,
    pub indexes: Vec<String>,
    pub astray: Vec<String>,
}

impl Promise {
    const fn milliseconds(self) -> f64 {
        match self {
            Self::View => 10.0,
            Self::Bounded => 150.0,
        }
    }
}

impl Measured {
    pub fn holds(&self) -> bool {
        self.slowest <= self.of.promise.milliseconds() && self.astray.is_empty()
    }
}

/// `timed` reports durations and `planned` reports plans; `limit` is the page size for the walk
/// through all pages.
pub async fn measure(of: Combination, timed: &mut Pages, planned: &mut Pages, limit: u16) -> Result<Measured> {
    let join = |path: &str, with: &str| format!("{path}{}{with}", if path.ends_with('?') { "" } else { "&" });
    let whole = if of.path.starts_with("/tasks") { join(&of.path, &format!("limit={limit}")) } else { of.path.clone() };
    let mut at = vec![whole.clone()];
    let mut durations = Vec::new();
    while let Some(path) = at.get(durations.len()).cloned() {
        let page = timed.get(&path).await?;
        durations.push(steady(timed, &path, page.milliseconds, of.promise.milliseconds()).await?);
        at.extend(page.next.map(|cursor| join(&whole, &format!("cursor={cursor}"))));
    }
    let places = [&at[0], &at[at.len() / 2], &at[at.len() - 1]].map(Clone::clone);
    let mut medians = [0.0; 3];
    for (path, median) in places.iter().zip(&mut medians) {
        *median = again(timed, path, RUNS).await?;
    }
    let (mut indexes, mut astray) = (Vec::new(), Vec::new());
    for path in &places {
        for _ in 0..=DECIDED {
            let plan = planned.get(path).await?.plan.ok_or("Postgres did not tell its plan")?;
            indexes.extend(plan.indexes.into_iter().filter(|index| of.indexes.contains(&index.as_str())));
            astray.extend(plan.astray);
        }
    }
    indexes.sort();
    indexes.dedup();
    let slowest = durations.iter().copied().fold(0.0, f64::max);
    let [first, middle, last] = medians;
    Ok(Measured {
        of,
        pages: durations.len(),
        first,
        middle,
        last,
        median: median(durations),
        slowest,
        indexes,
        astray,
    })
}

/// Requests a page again if it took too long: other load on the machine delays random pages, but
/// not always the same one.
async fn steady(timed: &mut Pages, path: &str, took: f64, may: f64) -> Result<f64> {
    if took > may { again(timed, path, RUNS).await } else { Ok(took) }
}

async fn again(timed: &mut Pages, path: &str, runs: usize) -> Result<f64> {
    let mut durations = Vec::with_capacity(runs);
    for _ in 0..runs {
        durations.push(timed.get(path).await?.milliseconds);
    }
    Ok(median(durations))
}

fn median(mut durations: Vec<f64>) -> f64 {
    durations.sort_by(f64::total_cmp);
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}
