//! The address of the client that sent a request.

use std::net::{IpAddr, Ipv4Addr};

use salvo::prelude::*;

use crate::api::app::App;

/// The address of the client. Behind trusted proxies it comes from `X-Forwarded-For`.
pub fn client_address(app: &App, req: &Request) -> IpAddr {
    let peer = req.remote_addr().ip().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let forwarded = req.headers().get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or_default());
    app.http().trusted_proxies.client_address(peer, forwarded)
}
