//! The proxies whose `X-Forwarded-For` the server believes, and the addresses of clients behind them.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::Invalid;

pub const ALLOWED: &str = "IP addresses and CIDR networks, such as 127.0.0.1,10.0.0.0/8,fd00::/8";

/// The networks of the trusted proxies; by default there are none. An IPv4 address and its IPv4-mapped
/// IPv6 form count as the same address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of the client. `peer` is the address of the connection; `forwarded_for` are the
    /// values of all `X-Forwarded-For` headers, in their order.
    ///
    /// Every proxy appends the address of its own peer. So the entries are read from the right, as long
    /// as the last address is that of a trusted proxy. The client may have invented everything further
    /// left, also to the left of an entry that is not an address. Therefore the caller must not leave
    /// out a header value that is not text; it must pass any text that is not an address instead.
    #[must_use]
    pub fn client_address<'a>(&self, peer: IpAddr, forwarded_for: impl Iterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.contains(client) {
            return client;
        }
        let values: Vec<&str> = forwarded_for.collect();
        for entry in values.into_iter().rev().flat_map(|value| value.rsplit(',')) {
            let Some(address) = forwarded_address(entry.trim()) else { break };
            client = address.to_canonical();
            if !self.contains(client) {
                break;
            }
        }
        client
    }
}

/// The client subnet of an address, under which limits count a client: the /64 network of an IPv6
/// address, because one client usually has the whole network; otherwise the IPv4 address.
pub fn client_subnet(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

impl FromIterator<IpNet> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self(networks.into_iter().map(canonical).collect())
    }
}

/// Parses a network. An address alone is the network of only this address.
pub fn network(text: &str) -> Result<IpNet, Invalid> {
    let network = if text.contains('/') { text.parse().ok() } else { text.parse().ok().map(IpAddr::into) };
    network.ok_or_else(|| Invalid::shown(text, "is neither an IP address nor a network", ALLOWED))
}

/// The network without bits after the prefix, and as IPv4 if it is IPv4-mapped IPv6.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED_PREFIX: u8 = 96;
    let address = network.addr().to_canonical();
    let network = match network.prefix_len().checked_sub(MAPPED_PREFIX) {
        Some(prefix) if address != network.addr() => IpNet::new(address, prefix).unwrap_or(network),
        _ => network,
    };
    network.trunc()
}

/// Parses an entry of `X-Forwarded-For`. Some proxies add the port, and brackets around IPv6 addresses.
fn forwarded_address(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    bare.parse().ok().or_else(|| entry.parse().ok().as_ref().map(SocketAddr::ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(networks: &[&str]) -> TrustedProxies {
        networks.iter().map(|text| network(text).unwrap()).collect()
    }

    fn client(proxies: &TrustedProxies, peer: &str, forwarded_for: &[&str]) -> String {
        proxies.client_address(peer.parse().unwrap(), forwarded_for.iter().copied()).to_string()
    }

    #[test]
    fn addresses_and_networks_contain_their_addresses() {
        let proxies = trusted(&["127.0.0.1", "10.1.2.3/8", "::1", "fd00::/8"]);
        for inside in ["127.0.0.1", "::ffff:127.0.0.1", "10.0.0.0", "10.255.255.255", "::1", "fd12:3456::7"] {
            assert!(proxies.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["127.0.0.2", "11.0.0.0", "::2", "::", "fe80::1", "::ffff:11.0.0.0"] {
            assert!(!proxies.contains(outside.parse().unwrap()), "{outside}");
        }
        assert!(!TrustedProxies::default().contains([127, 0, 0, 1].into()));
    }

    #[test]
    fn an_ipv6_client_is_its_network_and_an_ipv4_client_its_address() {
        let subnet = |address: &str| client_subnet(address.parse().unwrap()).to_string();
        assert_eq!(subnet("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(subnet("192.0.2.7"), "192.0.2.7");
        assert_eq!(subnet("::ffff:192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn mapped_networks_are_networks_of_ipv4() {
        assert_eq!(trusted(&["::ffff:10.1.2.3"]), trusted(&["10.1.2.3"]));
        assert_eq!(trusted(&["::ffff:10.0.0.0/104"]), trusted(&["10.0.0.0/8"]));
        // Networks that contain all of IPv4 and more remain networks of IPv6.
        for wide in ["::/0", "::ffff:0:0/95"] {
            assert!(!trusted(&[wide]).contains([10, 1, 2, 3].into()), "{wide}");
        }
    }

    #[test]
    fn anything_but_addresses_and_networks_is_rejected() {
        for text in
            ["", "*", "localhost", "proxy.example", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "/8", "[::1]"]
        {
            assert!(network(text).is_err(), "{text}");
        }
        let message = network("10.0.0.0/33").unwrap_err().to_string();
        assert!(message.starts_with("\"10.0.0.0/33\" is neither an IP address nor a network; allowed: "), "{message}");
    }

    #[test]
    fn only_the_headers_of_trusted_peers_count() {
        let proxies = trusted(&["10.0.0.0/8"]);
        assert_eq!(client(&proxies, "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client(&TrustedProxies::default(), "127.0.0.1", &["198.51.100.7"]), "127.0.0.1");
        assert_eq!(client(&proxies, "10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(&proxies, "::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn the_client_is_the_first_from_the_right_that_is_not_trusted() {
        let proxies = trusted(&["10.0.0.0/8", "fd00::/8"]);
        for forwarded_for in [
            &["6.6.6.6, 198.51.100.7, fd00::1,10.0.0.2"][..],
            &["6.6.6.6", "198.51.100.7,fd00::1", "10.0.0.2"],
            &["6.6.6.6, 10.0.0.9, ::ffff:198.51.100.7", "::ffff:10.0.0.2"],
            &["nonsense, 198.51.100.7"],
            &["198.51.100.7:4711, [fd00::1]:4711, [fd00::1]"],
        ] {
            assert_eq!(client(&proxies, "10.0.0.1", forwarded_for), "198.51.100.7", "{forwarded_for:?}");
        }
    }

    #[test]
    fn if_all_are_trusted_the_client_is_the_first_proxy() {
        let proxies = trusted(&["10.0.0.0/8"]);
        assert_eq!(client(&proxies, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(&proxies, "::ffff:10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(&proxies, "10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn entries_left_of_a_malformed_one_do_not_count() {
        let proxies = trusted(&["10.0.0.0/8"]);
        for malformed in ["unknown", "", "_hidden", "10.0.0.300", "198.51.100.7:port", "[10.0.0.2", "é"] {
            let joined = format!("6.6.6.6, {malformed}, 10.0.0.2");
            assert_eq!(client(&proxies, "10.0.0.1", &[&joined]), "10.0.0.2", "{malformed}");
            assert_eq!(client(&proxies, "10.0.0.1", &["6.6.6.6", malformed]), "10.0.0.1", "{malformed}");
        }
    }
}
