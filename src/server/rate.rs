//! How often somebody may come: so many times a second, with a burst of as many.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Clients remembered at most; beyond that those who have come seldom are forgotten.
const REMEMBERED: usize = 16_384;

/// What is left of somebody's second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    refilled: Instant,
}

impl Bucket {
    pub(crate) fn full(rate: u32, now: Instant) -> Self {
        Self {
            tokens: f64::from(rate),
            refilled: now,
        }
    }

    /// Whether one more may come now. A rate of 0 is no limit.
    pub(crate) fn take(&mut self, rate: u32, now: Instant) -> bool {
        if rate == 0 {
            return true;
        }
        self.refill(rate, now);
        let has_one = self.tokens >= 1.0;
        if has_one {
            self.tokens -= 1.0;
        }
        has_one
    }

    fn refill(&mut self, rate: u32, now: Instant) {
        let rate = f64::from(rate);
        let elapsed = now.saturating_duration_since(self.refilled).as_secs_f64();
        self.tokens = (self.tokens + elapsed * rate).min(rate);
        self.refilled = now;
    }

    fn is_full(&mut self, rate: u32, now: Instant) -> bool {
        self.refill(rate, now);
        self.tokens >= f64::from(rate)
    }
}

/// Who asks: a certificate, or an address where none was shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// By the fingerprint of its certificate.
    Certificate(String),
    /// An anonymous client.
    Address(IpAddr),
}

/// The requests of each client.
#[derive(Debug, Default)]
pub(crate) struct ClientRates(Mutex<HashMap<Client, Bucket>>);

impl ClientRates {
    /// Whether this client may ask once more. A rate of 0 is no limit.
    pub(crate) fn admit(&self, client: impl FnOnce() -> Client, rate: u32, now: Instant) -> bool {
        if rate == 0 {
            return true;
        }
        // A poisoned lock only means that another thread panicked; the map is whole.
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= REMEMBERED {
            clients.retain(|_, bucket| !bucket.is_full(rate, now));
        }
        clients
            .entry(client())
            .or_insert(Bucket::full(rate, now))
            .take(rate, now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_client_has_a_rate_of_its_own_and_its_second_comes_back() {
        let clients = ClientRates::default();
        let begin = Instant::now();
        let table = [
            ("a", 2, 0, true),
            ("a", 2, 0, true),
            ("a", 2, 0, false),
            ("b", 2, 0, true),
            ("a", 0, 0, true),
            ("a", 2, 400, false),
            ("a", 2, 500, true),
            ("a", 2, 600, false),
        ];
        for (who, rate, milliseconds, admitted) in table {
            let now = begin + Duration::from_millis(milliseconds);
            let client = || Client::Certificate(who.to_owned());
            let found = clients.admit(client, rate, now);
            assert_eq!(found, admitted, "{who} after {milliseconds} ms");
        }
    }
}
