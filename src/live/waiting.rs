//! Sockets that have not said who they are yet. They cost memory before anyone is known to answer
//! for it, so there may be only so many, in total and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::http::address::neighbourhood;

/// Counts them.
#[derive(Clone)]
pub struct Waiting(Arc<Room>);

struct Room {
    limit: usize,
    limit_per_address: usize,
    present: Mutex<Present>,
}

#[derive(Default)]
struct Present {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place among them, given back when dropped.
pub struct Place {
    waiting: Waiting,
    address: IpAddr,
}

impl Waiting {
    pub fn new(limit: usize, limit_per_address: usize) -> Self {
        Self(Arc::new(Room { limit, limit_per_address, present: Mutex::default() }))
    }

    /// A place for one more socket from this address, if there is one.
    pub fn admit(&self, address: IpAddr) -> Option<Place> {
        let address = neighbourhood(address);
        let mut present = self.0.present.lock();
        let here = present.by_address.get(&address).copied().unwrap_or_default();
        if present.total >= self.0.limit || here >= self.0.limit_per_address {
            return None;
        }
        present.total += 1;
        present.by_address.insert(address, here + 1);
        Some(Place { waiting: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut present = self.waiting.0.present.lock();
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
    fn there_are_only_so_many_places_and_they_are_given_back() {
        let waiting = Waiting::new(3, 2);
        let first = waiting.admit(address("192.0.2.1"));
        let _second = waiting.admit(address("192.0.2.1"));
        assert!(first.is_some());
        assert!(waiting.admit(address("192.0.2.1")).is_none(), "two from one address are enough");
        let _third = waiting.admit(address("192.0.2.2"));
        assert!(waiting.admit(address("192.0.2.3")).is_none(), "three in all are enough");
        drop(first);
        assert!(waiting.admit(address("192.0.2.1")).is_some());
        assert_eq!(waiting.0.present.lock().by_address.len(), 2, "nobody is remembered who is not there");
    }

    #[test]
    fn a_network_cannot_pass_for_many_addresses() {
        let waiting = Waiting::new(9, 1);
        let _first = waiting.admit(address("2001:db8::1"));
        assert!(waiting.admit(address("2001:db8::2")).is_none());
        assert!(waiting.admit(address("2001:db8:0:1::2")).is_some());
        let _v4 = waiting.admit(address("::ffff:192.0.2.1"));
        assert!(waiting.admit(address("192.0.2.1")).is_none());
    }
}
