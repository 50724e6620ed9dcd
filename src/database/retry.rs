//! The delays between attempts of a background task whose statement failed.

use std::time::Duration;

use backon::ExponentialBuilder;

/// Tries again after 250 ms, then after twice the delay before, up to 4 s; without an end.
pub const RETRY: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(250))
    .with_max_delay(Duration::from_secs(4))
    .without_max_times();
