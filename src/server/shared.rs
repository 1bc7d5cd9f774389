//! What every connection of one server sees: the configuration in force, counters, outcomes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::{
    board::Board,
    budget::BodyBudget,
    client_gate::ClientGate,
    config::ServerConfig,
    descriptor,
    error::ServerError,
    gate::AddressGate,
    generation::Generation,
    metrics::{Metrics, MetricsSnapshot},
    rate::ClientRates,
    stamp::Stamp,
    trust::Trust,
    turn::Turns,
};

pub(crate) struct Shared {
    current: ArcSwap<Generation>,
    /// Changes are made one at a time; readers never wait for them.
    change: Mutex<()>,
    /// Held from reading files to taking them over, so that an earlier state never comes later.
    reading: Mutex<()>,
    /// The files as they were when they were last read to be taken over, whatever came of it.
    last_read: Mutex<Vec<Option<Stamp>>>,
    pub(crate) metrics: Metrics,
    pub(crate) board: Board,
    /// Held by each connection until it ends; unfinished until its peer is known.
    pub(crate) connections: Arc<Turns>,
    /// Held by each handshake from the ClientHello to its end.
    pub(crate) handshakes: Arc<Turns>,
    pub(crate) addresses: AddressGate,
    pub(crate) connected: ClientGate,
    /// Held by each request's body from its first octet to the answer.
    pub(crate) bodies: Arc<BodyBudget>,
    pub(crate) clients: ClientRates,
    pub(crate) stopping: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(config: ServerConfig) -> Result<Arc<Self>, ServerError> {
        let limits = config.limits.clone();
        let generation = Generation::first(config)?;
        generation.keep_fetched();
        let stamps = generation.config.stamps.clone();
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(generation),
            change: Mutex::new(()),
            reading: Mutex::new(()),
            last_read: Mutex::new(stamps),
            metrics: Metrics::new(),
            board: Board::default(),
            connections: Turns::new(descriptor::within_reach(limits.connections)),
            handshakes: Turns::new(limits.handshakes),
            addresses: AddressGate::default(),
            connected: ClientGate::default(),
            bodies: Arc::default(),
            clients: ClientRates::default(),
            stopping: watch::Sender::new(false),
        }))
    }

    /// Ends when the server is told to stop.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // The sender is here, so it is not gone.
        let _ = stopping.wait_for(|stop| *stop).await;
    }

    /// The configuration in force.
    pub(crate) fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    pub(crate) fn replace_trust(&self, trust: Trust) -> Result<u64, ServerError> {
        self.replace(|current| current.with_trust(trust))
    }

    pub(crate) fn replace_config(&self, config: ServerConfig) -> Result<u64, ServerError> {
        let keys: Vec<_> = self.current().config.needs_restart_for(&config).collect();
        let taken = self.replace(|current| current.with_config(config))?;
        for key in keys {
            tracing::warn!(
                "{key} has changed, which takes a restart: until then the old value stays in force"
            );
        }
        Ok(taken)
    }

    fn replace(
        &self,
        next: impl FnOnce(&Generation) -> Result<Generation, ServerError>,
    ) -> Result<u64, ServerError> {
        let _one_at_a_time = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        match next(&self.current.load()) {
            Ok(generation) => {
                let number = generation.number;
                generation.keep_fetched();
                self.current.store(Arc::new(generation));
                self.metrics.reloaded(number);
                Ok(number)
            }
            Err(error) => {
                self.metrics.reload_failed();
                Err(error)
            }
        }
    }

    /// Reads the files again, checks them whole and takes them over. It blocks.
    pub(crate) fn reload(&self) -> Result<u64, ServerError> {
        let _in_order = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let config = self.read_again()?;
        self.replace_config(config)
    }

    /// The same if anchors, CRLs or OCSP responses have changed. What stays the same
    /// keeps its tickets.
    pub(crate) fn refresh(&self) -> Result<Option<u64>, ServerError> {
        let _in_order = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let config = self.read_again()?;
        if config.trust == *self.current().trust() {
            return Ok(None);
        }
        self.replace_config(config).map(Some)
    }

    /// Whether the files are as they were when they were last read.
    pub(crate) fn has_read(&self, stamps: &[Option<Stamp>]) -> bool {
        *self.last_read() == stamps
    }

    fn last_read(&self) -> MutexGuard<'_, Vec<Option<Stamp>>> {
        self.last_read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read_again(&self) -> Result<ServerConfig, ServerError> {
        let current = self.current();
        let settings = current
            .config
            .settings
            .as_ref()
            .ok_or(ServerError::NoFiles)?;
        *self.last_read() = Stamp::of_all(settings);
        let read = settings
            .read_again()
            .and_then(|settings| settings.load(current.clock()));
        match read {
            Ok(mut config) => {
                config.application.clone_from(&current.config.application);
                config.verifier.clone_from(&current.config.verifier);
                // Another configuration may have other files.
                self.last_read().clone_from(&config.stamps);
                Ok(config)
            }
            Err(error) => {
                self.metrics.reload_failed();
                Err(error)
            }
        }
    }

    /// The counters of now, and what is known of the configuration in force.
    pub(crate) fn snapshot(&self) -> MetricsSnapshot {
        let current = self.current();
        let settings = current.config.settings.as_ref();
        MetricsSnapshot {
            failed_fetches: settings.map_or(0, |settings| settings.kept().failures()),
            certificate_end: Some(current.own_end()),
            evidence_end: current.evidence_end(),
            ..self.metrics.snapshot()
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("generation", &self.current.load().number)
            .finish_non_exhaustive()
    }
}
