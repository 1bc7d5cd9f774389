//! Ctrl-C: the first ends the work early with a truthful report, the second ends the process.

use std::{
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What shells report of a process that Ctrl-C ended.
const ENDED_BY_INTERRUPT: i32 = 130;

/// The flag that the first Ctrl-C sets. Listening begins with the first call.
pub(super) fn flag() -> &'static AtomicBool {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        // Without a runtime Ctrl-C ends the process at once, as it does by default.
        let Ok(runtime) = runtime else { return };
        thread::spawn(move || {
            runtime.block_on(async {
                if tokio::signal::ctrl_c().await.is_ok() {
                    INTERRUPTED.store(true, Ordering::Relaxed);
                }
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(ENDED_BY_INTERRUPT);
                }
            });
        });
    });
    &INTERRUPTED
}
