//! What libFuzzer calls, once for all targets: the input, the mutator, the crossover.
//!
//! It prints how far inputs get: a line each time the number of inputs has
//! doubled, and one when everything is reached that the target must reach.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

use gatecrash::{
    corpus::inputs,
    target::{self, Artifacts, Session, Target},
};

struct Running {
    target: &'static Target,
    session: Mutex<(Session, Watch)>,
}

/// What was printed already.
struct Watch {
    next: u64,
    complete: bool,
    since: Instant,
    /// A file that gets the same lines: under `-fork` nobody sees what a child prints.
    file: Option<File>,
}

impl Watch {
    fn tell(&mut self, line: &str) {
        let _ = writeln!(std::io::stderr(), "{line}");
        if let Some(file) = &mut self.file {
            let _ = writeln!(file, "{line}");
        }
    }
}

static RUNNING: OnceLock<Running> = OnceLock::new();

/// Counters that libFuzzer reads beside those of branches: what an input reached by our own account.
#[used]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static MARKS: [AtomicU8; 8192] = [const { AtomicU8::new(0) }; 8192];

// It stands in for malloc itself, which Rust's own allocator calls by the shortest way.
#[cfg(feature = "quick-allocator")]
use mimalloc as _;

/// Called once, before the first input.
pub fn start(name: &str) {
    let target = target::find(name).unwrap_or_else(|| panic!("no target is called {name}"));
    // The build script of ClusterFuzzLite has no other way to the seeds than the target itself.
    if let Some(folder) = std::env::var_os("GATECRASH_SEEDS") {
        write_seeds(target, Path::new(&folder));
    }
    let session = Session::new(target).with_artifacts(Artifacts::from_arguments(target::arguments()));
    let file = std::env::var_os("GATECRASH_HEALTH").map(|path| {
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        opened.unwrap_or_else(|error| give_up(&format!("{}: {error}", path.display())))
    });
    let watch = Watch {
        next: 256,
        complete: false,
        since: Instant::now(),
        file,
    };
    let session = Mutex::new((session, watch));
    let _ = RUNNING.set(Running { target, session });
}

/// Writes the seeds, and what the repository keeps, a file each.
fn write_seeds(target: &Target, folder: &Path) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(inputs::FOLDER);
    let kept = inputs::read(&kept, target.name);
    let written = kept.and_then(|kept| {
        inputs::scatter(folder, &(target.seeds)())?;
        inputs::scatter(folder, &kept)
    });
    if let Err(error) = written {
        give_up(&error.to_string());
    }
}

/// What is wrong before the first input is no finding.
fn give_up(why: &str) -> ! {
    let _ = writeln!(std::io::stderr(), "error: {why}");
    std::process::exit(2);
}

fn running() -> &'static Running {
    RUNNING.get().expect("libFuzzer starts before it runs")
}

/// One input.
pub fn run(input: &[u8]) {
    let running = running();
    let mut guard = running
        .session
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let (session, watch) = &mut *guard;
    session.run(input);
    for mark in session.health.marks() {
        MARKS[*mark as usize % MARKS.len()].store(1, Ordering::Relaxed);
    }
    let inputs = session.health.inputs();
    if inputs >= watch.next || (!watch.complete && inputs % 64 == 0) {
        let name = running.target.name;
        let missing = session.health.missing(&running.target.reach);
        if missing.is_empty() && !watch.complete {
            watch.complete = true;
            let seconds = watch.since.elapsed().as_secs();
            watch.tell(&format!("health of {name}: complete after {inputs} inputs, {seconds} seconds"));
        }
        if inputs >= watch.next {
            watch.next *= 2;
            watch.tell(&format!("health of {name}: {}", session.health));
            for known in session.health.differences() {
                watch.tell(&format!("health of {name}: as known, {known}"));
            }
            for what in &missing {
                watch.tell(&format!("health of {name}: {what}"));
            }
        }
    }
}

/// A typed move; once in eight times one of libFuzzer's own.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    if seed % 8 == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let moves = running().target.moves;
    moves.change_in_place(data, size, max_size, seed)
}

/// One input made of two.
pub fn cross(one: &[u8], other: &[u8], out: &mut [u8], seed: u32) -> usize {
    running().target.moves.cross_into(one, other, out, seed)
}

/// A whole target: `gatecrash_fuzz::target!("chain");`
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        libfuzzer_sys::fuzz_target!(init: $crate::start($name), |data: &[u8]| $crate::run(data));
        libfuzzer_sys::fuzz_mutator!(
            |data: &mut [u8], size: usize, max_size: usize, seed: u32| {
                $crate::mutate(data, size, max_size, seed)
            }
        );
        libfuzzer_sys::fuzz_crossover!(|one: &[u8], other: &[u8], out: &mut [u8], seed: u32| {
            $crate::cross(one, other, out, seed)
        });
    };
}
