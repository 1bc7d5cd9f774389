//! Counters of what the server did, and their Prometheus text.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use serde::Serialize;

use crate::{question::Time, verdict::Reason};

/// Upper bounds of the latency buckets, in microseconds.
const BOUNDS: [u64; 12] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000,
];

/// Why a connection was closed without a handshake being judged, or a request being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shed {
    PerAddress,
    PerClient,
    Rate,
    Deadline,
    Crowded,
    Abandoned,
}

const SHED: [(Shed, &str); 6] = [
    (Shed::PerAddress, "connections-per-address"),
    (Shed::PerClient, "connections-per-client"),
    (Shed::Rate, "rate-per-address"),
    (Shed::Deadline, "handshake-deadline"),
    (Shed::Crowded, "crowded"),
    (Shed::Abandoned, "abandoned"),
];

#[derive(Debug)]
pub(crate) struct Metrics {
    full: AtomicU64,
    resumed: AtomicU64,
    refused: Vec<AtomicU64>,
    shed: [AtomicU64; SHED.len()],
    latency: [AtomicU64; BOUNDS.len() + 1],
    latency_sum: AtomicU64,
    opened: AtomicU64,
    closed: AtomicU64,
    requests: [AtomicU64; 5],
    reloads: AtomicU64,
    failed_reloads: AtomicU64,
    generation: AtomicU64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            full: AtomicU64::new(0),
            resumed: AtomicU64::new(0),
            refused: Reason::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            shed: Default::default(),
            latency: Default::default(),
            latency_sum: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            requests: Default::default(),
            reloads: AtomicU64::new(0),
            failed_reloads: AtomicU64::new(0),
            generation: AtomicU64::new(0),
        }
    }

    pub(crate) fn admitted(&self, resumed: bool, took: Duration) {
        if resumed { &self.resumed } else { &self.full }.fetch_add(1, Relaxed);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS
            .iter()
            .position(|bound| took <= *bound)
            .unwrap_or(BOUNDS.len());
        self.latency[bucket].fetch_add(1, Relaxed);
        self.latency_sum.fetch_add(took, Relaxed);
    }

    pub(crate) fn refused(&self, reason: Reason) {
        if let Some(index) = Reason::ALL.iter().position(|known| *known == reason) {
            self.refused[index].fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn shed(&self, shed: Shed) {
        if let Some(index) = SHED.iter().position(|(known, _)| *known == shed) {
            self.shed[index].fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn opened(&self) {
        self.opened.fetch_add(1, Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.closed.fetch_add(1, Relaxed);
    }

    pub(crate) fn request(&self, status: u16) {
        if let Some(class) = self.requests.get(usize::from(status / 100).wrapping_sub(1)) {
            class.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn reloaded(&self, generation: u64) {
        self.reloads.fetch_add(1, Relaxed);
        self.generation.store(generation, Relaxed);
    }

    pub(crate) fn reload_failed(&self) {
        self.failed_reloads.fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> MetricsSnapshot {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        let closed = read(&self.closed);
        MetricsSnapshot {
            full_handshakes: read(&self.full),
            resumed_handshakes: read(&self.resumed),
            refused: Reason::ALL
                .iter()
                .zip(&self.refused)
                .map(|(reason, count)| (*reason, read(count)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            shed: SHED
                .iter()
                .zip(&self.shed)
                .map(|((_, name), count)| (*name, read(count)))
                .collect(),
            latency: self.latency.iter().map(read).collect(),
            latency_sum_microseconds: read(&self.latency_sum),
            connections_opened: read(&self.opened),
            connections_open: read(&self.opened).saturating_sub(closed),
            requests: self.requests.iter().map(read).collect(),
            reloads: read(&self.reloads),
            failed_reloads: read(&self.failed_reloads),
            generation: read(&self.generation),
            failed_fetches: 0,
            certificate_end: None,
            evidence_end: None,
        }
    }
}

/// The counters at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// Handshakes in which a certificate was judged and let in.
    pub full_handshakes: u64,
    /// Handshakes in which a ticket stood for it.
    pub resumed_handshakes: u64,
    /// Handshakes refused, by first reason; only reasons that occurred.
    pub refused: Vec<(Reason, u64)>,
    /// Connections closed before a verdict, or before a request because their client has too
    /// many, by cause.
    pub shed: Vec<(&'static str, u64)>,
    /// Handshakes by duration, one count a bucket and one for what is beyond.
    pub latency: Vec<u64>,
    /// The sum of all durations, in microseconds.
    pub latency_sum_microseconds: u64,
    /// Connections accepted since the start.
    pub connections_opened: u64,
    /// Connections open now.
    pub connections_open: u64,
    /// Requests answered, by class of status: 1xx to 5xx.
    pub requests: Vec<u64>,
    /// Changes of configuration taken over.
    pub reloads: u64,
    /// Changes refused, the old state kept.
    pub failed_reloads: u64,
    /// The number of the configuration in force; it begins at 0.
    pub generation: u64,
    /// Fetches of URLs that failed.
    pub failed_fetches: u64,
    /// When the server's own chain ends.
    pub certificate_end: Option<Time>,
    /// When the first CRL or OCSP response ends, and clients are refused.
    pub evidence_end: Option<Time>,
}

impl MetricsSnapshot {
    /// Handshakes refused for this reason first of all.
    pub fn refused_for(&self, reason: Reason) -> u64 {
        self.refused
            .iter()
            .find(|(known, _)| *known == reason)
            .map_or(0, |(_, count)| *count)
    }

    /// The text that Prometheus reads, version 0.0.4.
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, lines: &[(String, String)]| {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "# HELP gatecrash_{name} {help}\n# TYPE gatecrash_{name} {kind}"
            );
            for (suffix, value) in lines {
                let _ = writeln!(text, "gatecrash_{name}{suffix} {value}");
            }
        };
        let one = |value: u64| vec![(String::new(), value.to_string())];
        let mut handshakes = vec![
            (
                "{outcome=\"full\"}".to_owned(),
                self.full_handshakes.to_string(),
            ),
            (
                "{outcome=\"resumed\"}".to_owned(),
                self.resumed_handshakes.to_string(),
            ),
        ];
        handshakes.extend(self.refused.iter().map(|(reason, count)| {
            (
                format!("{{outcome=\"refused\",reason=\"{reason}\"}}"),
                count.to_string(),
            )
        }));
        family(
            "handshakes_total",
            "counter",
            "Handshakes by outcome and first reason.",
            &handshakes,
        );
        let shed: Vec<_> = self
            .shed
            .iter()
            .map(|(cause, count)| (format!("{{cause=\"{cause}\"}}"), count.to_string()))
            .collect();
        family(
            "connections_shed_total",
            "counter",
            "Connections closed before a verdict, or because their client has too many.",
            &shed,
        );
        let mut sum = 0;
        let mut buckets = Vec::new();
        for (index, count) in self.latency.iter().enumerate() {
            sum += count;
            let bound = BOUNDS.get(index).map_or("+Inf".to_owned(), |micros| {
                format!("{}", *micros as f64 / 1e6)
            });
            buckets.push((format!("_bucket{{le=\"{bound}\"}}"), sum.to_string()));
        }
        buckets.push((
            "_sum".to_owned(),
            format!("{}", self.latency_sum_microseconds as f64 / 1e6),
        ));
        buckets.push(("_count".to_owned(), sum.to_string()));
        family(
            "handshake_seconds",
            "histogram",
            "Duration of handshakes that let somebody in.",
            &buckets,
        );
        family(
            "connections_total",
            "counter",
            "Connections accepted.",
            &one(self.connections_opened),
        );
        family(
            "connections_open",
            "gauge",
            "Connections open now.",
            &one(self.connections_open),
        );
        let requests: Vec<_> = self
            .requests
            .iter()
            .enumerate()
            .map(|(class, count)| (format!("{{class=\"{}xx\"}}", class + 1), count.to_string()))
            .collect();
        family(
            "requests_total",
            "counter",
            "Requests by class of status.",
            &requests,
        );
        let reloads = [
            ("{outcome=\"taken\"}".to_owned(), self.reloads.to_string()),
            (
                "{outcome=\"refused\"}".to_owned(),
                self.failed_reloads.to_string(),
            ),
        ];
        family(
            "reloads_total",
            "counter",
            "Changes of configuration.",
            &reloads,
        );
        family(
            "generation",
            "gauge",
            "The configuration in force.",
            &one(self.generation),
        );
        family(
            "fetch_failures_total",
            "counter",
            "Fetches of CRLs and OCSP responses that failed.",
            &one(self.failed_fetches),
        );
        let ends = [
            ("certificate", self.certificate_end),
            ("revocation", self.evidence_end),
        ];
        let ends: Vec<_> = ends
            .into_iter()
            .filter_map(|(what, end)| {
                let end = end?.unix_seconds().to_string();
                Some((format!("{{what=\"{what}\"}}"), end))
            })
            .collect();
        family(
            "ends_timestamp_seconds",
            "gauge",
            "When the server's certificate chain, and the first CRL or OCSP response, end.",
            &ends,
        );
        text
    }
}
