//! The client that signs in or changes a password, as far as its request shows it.

use std::net::IpAddr;

use super::sessions::{ClientDetails, Token};

/// The client of a request.
pub struct Client {
    pub address: IpAddr,
    pub user_agent: Option<String>,
    /// The session token in its cookie. A sign-in ends that session and never continues it, because an
    /// attacker may have planted the cookie (session fixation).
    pub token: Option<Token>,
}

impl Client {
    /// What a new session stores about the client.
    pub fn details(&self, remembered: bool) -> ClientDetails {
        ClientDetails { user_agent: self.user_agent.clone(), ip: self.address.to_canonical().to_string(), remembered }
    }
}
