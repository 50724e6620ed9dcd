//! What is known of the client that signs in or changes a password.

use std::net::IpAddr;

use super::sessions::{Token, Visitor};

/// The client of a request.
pub struct Client {
    pub address: IpAddr,
    pub user_agent: Option<String>,
    /// The session token in its cookie, if there is one. A sign-in never continues that session, so
    /// that nobody can be made to use a session of somebody else's choice.
    pub token: Option<Token>,
}

impl Client {
    /// What a new session stores of the client.
    pub fn visitor(&self, remembered: bool) -> Visitor {
        Visitor { user_agent: self.user_agent.clone(), ip: self.address.to_canonical().to_string(), remembered }
    }
}
