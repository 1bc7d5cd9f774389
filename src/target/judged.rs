//! What a verifier is looking at just now, kept for the case that it panics.
//!
//! libFuzzer ends the process in the panic hook, before anything unwinds. So
//! the recipe is written by a hook that comes before it.

use std::{cell::RefCell, io::Write as _, panic, sync::Once};

use super::{Alarm, Artifacts};

/// What is written if a panic comes.
struct Judged {
    artifacts: Artifacts,
    input: Vec<u8>,
    alarm: Alarm,
}

thread_local! {
    static JUDGED: RefCell<Option<Judged>> = const { RefCell::new(None) };
}

/// As long as it lives, a panic leaves this reproducer.
pub(super) struct Watched(());

impl Watched {
    pub(super) fn new(artifacts: &Artifacts, input: &[u8], alarm: Alarm) -> Self {
        JUDGED.set(Some(Judged {
            artifacts: artifacts.clone(),
            input: input.to_vec(),
            alarm,
        }));
        Self(())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        JUDGED.set(None);
    }
}

/// Puts the hook before the one that is there. Once is enough.
pub(super) fn watch_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if let Some(judged) = JUDGED.take() {
                let text = format!("{}\n{panic}\n", judged.alarm.what);
                let kept = judged.artifacts.keep(&judged.input, &judged.alarm, &text);
                let words =
                    kept.unwrap_or_else(|error| format!("no reproducer was written: {error}"));
                let _ = writeln!(std::io::stderr(), "{}\n{words}", judged.alarm.what);
            }
            before(panic);
        }));
    });
}
