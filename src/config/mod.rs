//! The configuration of the server. `settings/` is the table of all settings. [`Settings`] contains the
//! texts that were given for them. [`Settings::resolve`] converts these to a [`Config`], or reports all
//! errors.

mod accounts;
mod arguments;
mod data_dir;
mod database;
mod document;
mod durations;
mod errors;
mod given;
mod http;
mod invalid;
mod issuers;
mod key_url;
mod live;
mod misspelt;
mod numbers;
mod origin;
mod proxies;
mod resolve;
mod secret;
mod setting;
pub mod settings;
mod tokens;

pub use accounts::AccountsConfig;
pub use arguments::{Settings, TokenSettings};
pub use database::{DatabaseSource, PoolConfig, default_pool_size};
pub use document::documents;
pub use durations::duration;
pub use errors::ConfigErrors;
pub use http::HttpConfig;
pub use invalid::Invalid;
pub use issuers::{IssuerConfig, KeyFetchPolicy, KeySource, Prefix};
pub use key_url::KeyUrl;
pub use live::LiveConfig;
pub use misspelt::{MisspeltVariable, misspelt_variables};
pub use origin::{Origin, is_loopback};
pub use proxies::{TrustedProxies, client_subnet};
pub use resolve::{Config, LogConfig};
pub use secret::Secret;
pub use settings::accounts::ACCESS_TOKEN_LIFETIME_MAX;
pub use settings::database::DatabaseProxy;
pub use settings::logging::LogFormat;
pub use tokens::JwtConfig;
