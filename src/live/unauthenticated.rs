//! Counts the sockets that have not authenticated yet. They use memory before their user is known, so
//! their number is limited, in total and for each client network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::config::client_subnet;

/// Counts the sockets that have not authenticated. Cheap to clone.
#[derive(Clone)]
pub struct UnauthenticatedSockets(Arc<Inner>);

struct Inner {
    limit: usize,
    limit_per_address: usize,
    present: Mutex<Present>,
}

#[derive(Default)]
struct Present {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Counts one such socket until it is dropped.
pub struct Permit {
    sockets: UnauthenticatedSockets,
    address: IpAddr,
}

impl UnauthenticatedSockets {
    pub fn new(limit: usize, limit_per_address: usize) -> Self {
        Self(Arc::new(Inner { limit, limit_per_address, present: Mutex::default() }))
    }

    /// A permit for one more socket from this address, unless the limits are reached.
    pub fn admit(&self, address: IpAddr) -> Option<Permit> {
        let address = client_subnet(address);
        let mut present = self.0.present.lock();
        let here = present.by_address.get(&address).copied().unwrap_or_default();
        if present.total >= self.0.limit || here >= self.0.limit_per_address {
            return None;
        }
        present.total += 1;
        present.by_address.insert(address, here + 1);
        Some(Permit { sockets: self.clone(), address })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut present = self.sockets.0.present.lock();
        present.total -= 1;
        if let Some(here) = present.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                present.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn permits_are_limited_and_dropping_one_frees_it() {
        let sockets = UnauthenticatedSockets::new(3, 2);
        let first = sockets.admit(address("192.0.2.1"));
        let _second = sockets.admit(address("192.0.2.1"));
        assert!(first.is_some());
        assert!(sockets.admit(address("192.0.2.1")).is_none(), "two from one address are enough");
        let _third = sockets.admit(address("192.0.2.2"));
        assert!(sockets.admit(address("192.0.2.3")).is_none(), "three in all are enough");
        drop(first);
        assert!(sockets.admit(address("192.0.2.1")).is_some());
        assert_eq!(sockets.0.present.lock().by_address.len(), 2, "an address without sockets is forgotten");
    }

    #[test]
    fn a_network_cannot_pass_for_many_addresses() {
        let sockets = UnauthenticatedSockets::new(9, 1);
        let _first = sockets.admit(address("2001:db8::1"));
        assert!(sockets.admit(address("2001:db8::2")).is_none());
        assert!(sockets.admit(address("2001:db8:0:1::2")).is_some());
        let _v4 = sockets.admit(address("::ffff:192.0.2.1"));
        assert!(sockets.admit(address("192.0.2.1")).is_none());
    }
}
