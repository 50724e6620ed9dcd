//! The table of settings: the only place that defines the name, range, default, meaning and example of
//! each. To add a setting, declare it in the file of its group, add it to the group, and read it in the
//! file of `config` that owns the subject.

pub(crate) mod accounts;
pub mod database;
pub(crate) mod live;
pub(crate) mod logging;
pub(crate) mod network;
pub(crate) mod tokens;

use super::setting::Group;

/// All groups, in the order of the documentation.
pub static ALL: [&Group; 6] = [
    &network::NETWORK,
    &live::LIVE_CHANNEL,
    &database::DATABASE,
    &tokens::TOKENS,
    &accounts::ACCOUNT_SETTINGS,
    &logging::LOGGING,
];

/// The names of the settings in these groups.
pub fn names(groups: &[&'static Group]) -> impl Iterator<Item = &'static str> {
    groups.iter().flat_map(|group| group.described()).map(|setting| setting.name)
}

#[cfg(test)]
mod tests;
