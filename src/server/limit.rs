//! What one client, and all of them together, may cost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The limits of a server. Times are in whole milliseconds, sizes in octets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Connections open at once, handshakes included. More wait in the system's backlog.
    pub connections: usize,
    /// Handshakes in progress at once, counted from the ClientHello.
    pub handshakes: usize,
    /// Handshakes in progress at once from one address. More wait for each other.
    pub handshakes_per_address: usize,
    /// How long an unfinished handshake may have been waiting for its peer, all silences together,
    /// before it loses its place to others who wait for one, in milliseconds. A tenth of it does
    /// where its address holds more places than theirs, or as many wait as there are places.
    pub patience_milliseconds: u64,
    /// Connections open at once from one address. One more takes the place of the unfinished
    /// handshake of that address that has been silent the longest, if that is a tenth of
    /// patience at the least.
    pub connections_per_address: usize,
    /// Connections open at once with one certificate.
    pub connections_per_client: usize,
    /// New connections from one address within one second, with a burst of as many. 0 is no limit.
    pub rate_per_address: u32,
    /// How long a handshake may take from the first octet to the last, in milliseconds.
    pub handshake_milliseconds: u64,
    /// Octets read before the handshake is done.
    pub handshake_octets: usize,
    /// Octets of all certificates that a client shows. More are refused unread.
    pub certificate_octets: usize,
    /// How long a connection may go without a request, an answer or octets, in milliseconds.
    /// Octets alone, such as HTTP/2 PINGs, do not keep it open.
    pub idle_milliseconds: u64,
    /// How long the head of a request may take, in milliseconds.
    pub header_milliseconds: u64,
    /// The size of a request's head.
    pub header_octets: usize,
    /// The size of a request's body.
    pub body_octets: usize,
    /// The sizes of all bodies together that one connection holds in memory.
    pub connection_body_octets: usize,
    /// The sizes of all bodies together that the server holds in memory. When they are more, the
    /// body that has been on its way the longest gives way, once it has been for as long as patience.
    pub bodies_octets: usize,
    /// Requests of one client within one second, with a burst of as many: of one certificate,
    /// or of one address where none is shown. 0 is no limit.
    pub requests_per_client: u32,
    /// How long a request may take in all, its body included, in milliseconds.
    pub request_milliseconds: u64,
    /// Requests in progress at once on one HTTP/2 connection.
    pub streams: u32,
    /// How long a graceful shutdown waits for connections to end, in milliseconds.
    pub drain_milliseconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            handshakes: 512,
            handshakes_per_address: 128,
            patience_milliseconds: 500,
            connections_per_address: 1024,
            connections_per_client: 512,
            rate_per_address: 0,
            handshake_milliseconds: 10_000,
            handshake_octets: 64 * 1024,
            certificate_octets: 32 * 1024,
            idle_milliseconds: 60_000,
            header_milliseconds: 10_000,
            header_octets: 16 * 1024,
            body_octets: 1024 * 1024,
            connection_body_octets: 2 * 1024 * 1024,
            bodies_octets: 64 * 1024 * 1024,
            requests_per_client: 0,
            request_milliseconds: 30_000,
            streams: 64,
            drain_milliseconds: 10_000,
        }
    }
}

impl Limits {
    pub(crate) fn handshake_deadline(&self) -> Duration {
        Duration::from_millis(self.handshake_milliseconds)
    }

    pub(crate) fn patience(&self) -> Duration {
        Duration::from_millis(self.patience_milliseconds)
    }

    pub(crate) fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_milliseconds)
    }

    pub(crate) fn header_deadline(&self) -> Duration {
        Duration::from_millis(self.header_milliseconds)
    }

    pub(crate) fn request_deadline(&self) -> Duration {
        Duration::from_millis(self.request_milliseconds)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_milliseconds)
    }

    /// Limits under which nobody could be served, as a sentence.
    pub(crate) fn check(&self) -> Result<(), String> {
        // hyper panics below 8 KiB of buffer
        let floors = [
            ("connections", self.connections as u64, 1),
            ("handshakes", self.handshakes as u64, 1),
            (
                "handshakes-per-address",
                self.handshakes_per_address as u64,
                1,
            ),
            (
                "connections-per-address",
                self.connections_per_address as u64,
                1,
            ),
            (
                "connections-per-client",
                self.connections_per_client as u64,
                1,
            ),
            ("patience-milliseconds", self.patience_milliseconds, 1),
            ("handshake-milliseconds", self.handshake_milliseconds, 1),
            ("handshake-octets", self.handshake_octets as u64, 1024),
            ("certificate-octets", self.certificate_octets as u64, 1024),
            ("idle-milliseconds", self.idle_milliseconds, 1),
            ("header-milliseconds", self.header_milliseconds, 1),
            ("header-octets", self.header_octets as u64, 8192),
            (
                "connection-body-octets",
                self.connection_body_octets as u64,
                self.body_octets.max(1024) as u64,
            ),
            (
                "bodies-octets",
                self.bodies_octets as u64,
                self.body_octets.max(1024) as u64,
            ),
            ("request-milliseconds", self.request_milliseconds, 1),
            ("streams", u64::from(self.streams), 1),
        ];
        match floors.iter().find(|(_, value, floor)| value < floor) {
            Some((name, value, floor)) => Err(format!(
                "limits: {name} = {value} is too small; at least {floor}"
            )),
            None => Ok(()),
        }
    }
}
