//! How many connections one address may hold, and how fast it may open them.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use super::{limit::Limits, metrics::Shed, rate::Bucket};

/// Addresses remembered at most; beyond that those without connections are forgotten.
const REMEMBERED: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct AddressGate {
    addresses: Arc<Mutex<HashMap<IpAddr, Address>>>,
}

#[derive(Debug)]
struct Address {
    open: usize,
    opened: Bucket,
}

/// One connection's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    addresses: Arc<Mutex<HashMap<IpAddr, Address>>>,
    address: IpAddr,
}

impl AddressGate {
    /// One connection more of this address. Where it has all that it may have, one of them
    /// must make way: `make_way` tells it to, and says whether there is one.
    pub(crate) fn enter(
        &self,
        address: IpAddr,
        limits: &Limits,
        now: Instant,
        make_way: impl FnOnce() -> bool,
    ) -> Result<Place, Shed> {
        let address = network(address);
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= REMEMBERED {
            addresses.retain(|_, known| known.open > 0);
        }
        let known = addresses.entry(address).or_insert(Address {
            open: 0,
            opened: Bucket::full(limits.rate_per_address, now),
        });
        if !known.opened.take(limits.rate_per_address, now) {
            return Err(Shed::Rate);
        }
        if known.open >= limits.connections_per_address && !make_way() {
            return Err(Shed::PerAddress);
        }
        known.open += 1;
        Ok(Place {
            addresses: Arc::clone(&self.addresses),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = addresses.get_mut(&self.address) {
            known.open = known.open.saturating_sub(1);
        }
    }
}

/// An IPv6 host owns its /64, so that is what counts.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6((u128::from(six) & !u128::from(u64::MAX)).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_address_holds_so_many_connections_and_gets_places_back() {
        let gate = AddressGate::default();
        let limits = Limits {
            connections_per_address: 2,
            ..Limits::default()
        };
        let (ours, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let enter = |address, makes_way| gate.enter(address, &limits, Instant::now(), || makes_way);
        let first = enter(ours, false).expect("a place");
        let _second = enter(ours, false).expect("a place");
        assert_eq!(enter(ours, false).err(), Some(Shed::PerAddress));
        assert!(enter(ours, true).is_ok(), "one of them makes way");
        assert!(enter(other, false).is_ok());
        drop(first);
        assert!(enter(ours, false).is_ok());
    }

    #[test]
    fn an_address_opens_connections_at_its_rate() {
        let gate = AddressGate::default();
        let limits = Limits {
            rate_per_address: 2,
            ..Limits::default()
        };
        let ours = IpAddr::from([127, 0, 0, 1]);
        let start = Instant::now();
        let table = [
            (0, true),
            (0, true),
            (0, false),
            (400, false),
            (500, true),
            (600, false),
            (9_000, true),
        ];
        for (milliseconds, enters) in table {
            let now = start + Duration::from_millis(milliseconds);
            let entered = gate.enter(ours, &limits, now, || false);
            assert_eq!(entered.is_ok(), enters, "after {milliseconds} ms");
        }
    }

    #[test]
    fn hosts_of_one_ipv6_network_are_one() {
        let address = |text: &str| network(text.parse().expect(text));
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:2"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:127.0.0.1"), address("127.0.0.1"));
    }
}
