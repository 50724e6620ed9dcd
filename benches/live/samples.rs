//! Samples and their exact percentiles.

/// In microseconds, sorted.
pub struct Samples(Vec<i64>);

impl Samples {
    pub fn new(samples: impl Iterator<Item = i64>) -> Self {
        let mut samples: Vec<_> = samples.collect();
        samples.sort_unstable();
        Self(samples)
    }

    /// The smallest sample that at least this many of a thousand do not exceed, in milliseconds.
    pub fn per_mille(&self, share: usize) -> f64 {
        let rank = (self.0.len() * share).div_ceil(1000).max(1);
        self.0.get(rank - 1).map_or(f64::NAN, |sample| *sample as f64 / 1000.0)
    }
}

/// The median of a few figures.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
