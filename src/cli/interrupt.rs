//! Ctrl-C, SIGTERM and a terminal that is closed: the first ends the work early with a truthful report, the
//! second ends the process, and nothing that it started or wrote for a while is left.

use std::{
    io,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{Exit, error};
use crate::{child, report::layout::thousands, scratch, stop::Stop};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The flag that the first Ctrl-C sets. Listening begins with the first call.
pub(super) fn flag() -> &'static AtomicBool {
    listen(|| INTERRUPTED.store(true, Ordering::Relaxed));
    &INTERRUPTED
}

/// Ends the process at the first Ctrl-C, for work of which a part tells nothing.
pub(super) fn end_at_once() {
    listen(|| {
        error::note("interrupted");
        end()
    });
}

/// Calls `first` at the first Ctrl-C, and ends the process at the second.
fn listen(first: fn()) {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        // Without a runtime Ctrl-C ends the process at once, as it does by default.
        let Ok(runtime) = runtime else { return };
        let (ready, listening) = std::sync::mpsc::channel();
        thread::spawn(move || {
            runtime.block_on(async {
                let Ok(mut signals) = Signals::listen() else {
                    return;
                };
                let _ = ready.send(());
                signals.next().await;
                first();
                signals.next().await;
                end();
            });
        });
        // A Ctrl-C that comes before would end the process in the middle of its work.
        let _ = listening.recv();
    });
}

/// Ends every wait once Ctrl-C was pressed.
pub(super) fn stop() -> Stop {
    Stop::at(flag())
}

/// Tells how far the work came.
pub(super) fn told(done: usize, planned: usize, what: &str) {
    error::note(&format!(
        "interrupted: {} of {} {what}",
        thousands(done),
        thousands(planned)
    ));
}

/// Ends the process at once.
pub(super) fn end() -> ! {
    child::end_all();
    scratch::remove_all();
    std::process::exit(Exit::Interrupted as i32)
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// None where somebody had it ignored, as `nohup` does.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: match ignores_hang_up() {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            Some(_) = hung_up(self.hang_up.as_mut()) => {}
        }
    }
}

#[cfg(unix)]
async fn hung_up(signal: Option<&mut tokio::signal::unix::Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => std::future::pending().await,
    }
}

/// Whether SIGHUP was ignored when the process began, as far as the system tells (proc(5)).
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 != 0)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
