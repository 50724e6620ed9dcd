//! The delays between attempts of a background task whose statement failed.

use std::time::Duration;

use backon::ExponentialBuilder;

/// Tries again after 250 ms, doubles the delay each time, up to 4 s, and never gives up.
pub const RETRY: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(250))
    .with_max_delay(Duration::from_secs(4))
    .without_max_times();
