//! What every connection of one server sees: the configuration in force, counters, outcomes.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, watch};

use super::{
    board::Board, config::ServerConfig, error::ServerError, gate::AddressGate,
    generation::Generation, metrics::Metrics, trust::Trust,
};

pub(crate) struct Shared {
    current: ArcSwap<Generation>,
    /// Changes are made one at a time; readers never wait for them.
    change: Mutex<()>,
    pub(crate) metrics: Metrics,
    pub(crate) board: Board,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) handshakes: Arc<Semaphore>,
    pub(crate) addresses: AddressGate,
    pub(crate) stopping: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(config: ServerConfig) -> Result<Arc<Self>, ServerError> {
        let limits = config.limits.clone();
        let generation = Generation::new(0, config)?;
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(generation),
            change: Mutex::new(()),
            metrics: Metrics::new(),
            board: Board::default(),
            connections: Arc::new(Semaphore::new(
                limits.connections.min(Semaphore::MAX_PERMITS),
            )),
            handshakes: Arc::new(Semaphore::new(
                limits.handshakes.min(Semaphore::MAX_PERMITS),
            )),
            addresses: AddressGate::default(),
            stopping: watch::Sender::new(false),
        }))
    }

    /// The configuration in force.
    pub(crate) fn current(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    pub(crate) fn replace_trust(&self, trust: Trust) -> Result<u64, ServerError> {
        self.replace(|current| current.with_trust(trust))
    }

    pub(crate) fn replace_config(&self, config: ServerConfig) -> Result<u64, ServerError> {
        self.replace(|current| Generation::new(current.number + 1, config))
    }

    fn replace(
        &self,
        next: impl FnOnce(&Generation) -> Result<Generation, ServerError>,
    ) -> Result<u64, ServerError> {
        let _one_at_a_time = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        match next(&self.current.load()) {
            Ok(generation) => {
                let number = generation.number;
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

    /// Reads the files again, checks them whole and takes them over.
    pub(crate) fn reload(&self) -> Result<u64, ServerError> {
        let current = self.current();
        let settings = current
            .config
            .settings
            .as_ref()
            .ok_or(ServerError::NoFiles)?;
        match settings.load(current.clock()) {
            Ok(mut config) => {
                config.application.clone_from(&current.config.application);
                config.verifier = Arc::clone(&current.config.verifier);
                self.replace_config(config)
            }
            Err(error) => {
                self.metrics.reload_failed();
                Err(error)
            }
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
