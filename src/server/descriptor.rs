//! Each connection is a file descriptor, and the system gives a process only so many.
//!
//! A server that allows more connections than it has descriptors cannot accept at all once
//! they are used up, and then nobody is told to make room. So connections are kept within
//! what the system gives, and a program may ask the system for what it allows itself.

/// Descriptors that are not connections: listeners, files that are read, the runtime's own.
const RESERVE: u64 = 128;

/// Asks the system for as many descriptors as these connections need, as far as it lets one ask.
#[cfg(unix)]
pub fn ask_for_descriptors(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = connections as u64 + RESERVE;
    if limit.current.is_some_and(|current| current < wanted) {
        let current = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
        let more = Rlimit {
            current: Some(current),
            maximum: limit.maximum,
        };
        // Refused, it stays as it was, and connections are kept within that.
        let _ = setrlimit(Resource::Nofile, more);
    }
}

/// Asks the system for as many descriptors as these connections need, where there is such a limit.
#[cfg(not(unix))]
pub fn ask_for_descriptors(_: usize) {}

/// So many connections, or as many as there are descriptors for.
pub(crate) fn within_reach(connections: usize) -> usize {
    let Some(descriptors) = descriptors() else {
        return connections;
    };
    let reach = usize::try_from(descriptors.saturating_sub(RESERVE).max(1)).unwrap_or(usize::MAX);
    if reach < connections {
        tracing::warn!(
            connections,
            reach,
            "the system gives fewer file descriptors than limits.connections needs: raise `ulimit -n`"
        );
    }
    connections.min(reach)
}

#[cfg(unix)]
fn descriptors() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn descriptors() -> Option<u64> {
    None
}
