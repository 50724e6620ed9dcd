//! Limits the sockets that have not authenticated yet, in total and for each client subnet. They use memory
//! before their user is known, so no limit of a user applies to them.

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
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place for one socket. Dropping the permit gives the place back.
pub struct Permit {
    sockets: UnauthenticatedSockets,
    address: IpAddr,
}

impl UnauthenticatedSockets {
    pub fn new(limit: usize, limit_per_address: usize) -> Self {
        Self(Arc::new(Inner { limit, limit_per_address, counts: Mutex::default() }))
    }

    /// A permit for one more socket from this address, unless a limit is reached.
    pub fn admit(&self, address: IpAddr) -> Option<Permit> {
        let address = client_subnet(address);
        let mut counts = self.0.counts.lock();
        let count = counts.by_address.get(&address).copied().unwrap_or_default();
        if counts.total >= self.0.limit || count >= self.0.limit_per_address {
            return None;
        }
        counts.total += 1;
        counts.by_address.insert(address, count + 1);
        Some(Permit { sockets: self.clone(), address })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.sockets.0.counts.lock();
        counts.total -= 1;
        if let Some(count) = counts.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&self.address);
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
        assert_eq!(sockets.0.counts.lock().by_address.len(), 2, "an address without sockets is forgotten");
    }

    #[test]
    fn addresses_of_one_subnet_share_a_limit() {
        let sockets = UnauthenticatedSockets::new(9, 1);
        let _first = sockets.admit(address("2001:db8::1"));
        assert!(sockets.admit(address("2001:db8::2")).is_none());
        assert!(sockets.admit(address("2001:db8:0:1::2")).is_some());
        let _v4 = sockets.admit(address("::ffff:192.0.2.1"));
        assert!(sockets.admit(address("192.0.2.1")).is_none());
    }
}
