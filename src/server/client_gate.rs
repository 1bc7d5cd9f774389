//! How many connections one certificate may hold, from wherever they come.
//!
//! Who was let in is known, so what it holds is counted by who it is: one client that is
//! slow with every request takes no places from others behind its address.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

type Clients = HashMap<Arc<str>, usize>;

#[derive(Debug, Default)]
pub(crate) struct ClientGate(Arc<Mutex<Clients>>);

/// One connection's place among those of its client, given back when dropped.
#[derive(Debug)]
pub(crate) struct ClientPlace {
    clients: Arc<Mutex<Clients>>,
    fingerprint: Arc<str>,
}

fn lock(clients: &Mutex<Clients>) -> MutexGuard<'_, Clients> {
    // A poisoned lock only means that another thread panicked; the map is whole.
    clients.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientGate {
    /// A place, unless this certificate holds so many.
    pub(crate) fn enter(&self, fingerprint: &str, most: usize) -> Option<ClientPlace> {
        let mut clients = lock(&self.0);
        let fingerprint: Arc<str> = fingerprint.into();
        let held = clients.entry(Arc::clone(&fingerprint)).or_default();
        if *held >= most {
            return None;
        }
        *held += 1;
        Some(ClientPlace {
            clients: Arc::clone(&self.0),
            fingerprint,
        })
    }
}

impl Drop for ClientPlace {
    fn drop(&mut self) {
        let mut clients = lock(&self.clients);
        if let Some(held) = clients.get_mut(&self.fingerprint) {
            *held -= 1;
            if *held == 0 {
                clients.remove(&self.fingerprint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_holds_so_many_connections_and_is_forgotten_with_the_last() {
        let gate = ClientGate::default();
        let first = gate.enter("a", 2).expect("a place");
        let second = gate.enter("a", 2).expect("a place");
        assert!(gate.enter("a", 2).is_none());
        assert!(gate.enter("b", 2).is_some());
        drop(first);
        assert!(gate.enter("a", 2).is_some());
        drop(second);
        assert!(lock(&gate.0).is_empty());
    }
}
