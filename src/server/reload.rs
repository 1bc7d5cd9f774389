//! Taking over files that have changed, and saying in time what is about to end.
//!
//! Folders are watched rather than files, because renewal tools replace a file by
//! renaming another over it. Changes are gathered until they pause: a certificate
//! and its key are two writes and one renewal.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    sync::Notify,
    task::{JoinHandle, spawn_blocking},
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::question::Time;

use super::{
    error::ServerError, file, identity, shared::Shared, stamp::Stamp, trust::RevocationRule,
};

/// How long it must be quiet before files are read.
const QUIET: Duration = Duration::from_millis(250);
/// How long changes are gathered at the most.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is asked whether something is about to end.
const LOOK: Duration = Duration::from_secs(3600);
/// How often files are looked at without being told of a change: some file systems tell nothing.
const POLL: Duration = Duration::from_secs(2);
/// How long before its end the server's certificate is warned of at the most, in seconds.
const CERTIFICATE_NOTICE: i64 = 14 * 86_400;
/// The same for CRLs, which live shorter.
const CRL_NOTICE: i64 = 6 * 3_600;

/// Watches the server's files until dropped.
#[derive(Debug)]
pub struct Watch {
    _watcher: RecommendedWatcher,
    reloading: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.reloading.abort();
    }
}

pub(crate) fn watch(shared: &Arc<Shared>) -> Result<Watch, ServerError> {
    let current = shared.current();
    let settings = current
        .config
        .settings
        .as_ref()
        .ok_or(ServerError::NoFiles)?;
    let files: BTreeSet<PathBuf> = settings
        .files()
        .filter_map(|file| file.file_name().map(PathBuf::from))
        .collect();
    let folders: BTreeSet<PathBuf> = settings.files().map(folder_of).collect();
    let changed = Arc::new(Notify::new());
    let news = Arc::clone(&changed);
    let failed = |error: notify::Error| ServerError::Watch(error.to_string());
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // An error means that events were lost, so anything may have changed.
        let concerns_us = event.map_or(true, |event| {
            !matches!(event.kind, EventKind::Access(_))
                && event.paths.iter().any(|path| is_ours(path, &files))
        });
        if concerns_us {
            news.notify_one();
        }
    })
    .map_err(failed)?;
    for folder in &folders {
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(failed)?;
    }
    let shared = Arc::clone(shared);
    let reloading = tokio::spawn(async move {
        let is_news = || {
            let current = shared.current();
            let settings = current.config.settings.as_ref();
            // What a signal has had read already, taken over or refused, is none.
            settings.is_some_and(|settings| !shared.has_read(&Stamp::of_all(settings)))
        };
        loop {
            let told = timeout(POLL, changed.notified()).await.is_ok();
            if told {
                let latest = Instant::now() + PATIENCE;
                while timeout_at(latest, timeout(QUIET, changed.notified()))
                    .await
                    .is_ok_and(|more| more.is_ok())
                {}
            } else if is_news() {
                sleep(QUIET).await;
            }
            if is_news() {
                reload_aside(&shared).await;
            }
        }
    });
    Ok(Watch {
        _watcher: watcher,
        reloading,
    })
}

/// Kubernetes swaps a folder behind links named `..data`; the files themselves are never touched.
fn is_ours(path: &Path, files: &BTreeSet<PathBuf>) -> bool {
    path.file_name().is_some_and(|name| {
        files.contains(Path::new(name)) || name.to_string_lossy().starts_with("..")
    })
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Reads and checks on a thread where waiting harms nobody: a large CRL takes a second.
async fn reload_aside(shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    // An error means that it panicked, and then the old state stays.
    let _ = spawn_blocking(move || reload_and_tell(&shared)).await;
}

/// Fetches again from time to time, until the server stops.
pub(crate) async fn refresh(shared: Arc<Shared>) {
    let mut stopping = shared.stopping.subscribe();
    loop {
        let settings = shared.current().config.settings.clone();
        let every = settings.and_then(|settings| settings.refresh());
        tokio::select! {
            () = sleep(every.unwrap_or(LOOK)) => {}
            // An error means that the server is gone altogether.
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        if every.is_some() {
            let shared = Arc::clone(&shared);
            // An error means that it panicked, and then the old state stays.
            let _ = spawn_blocking(move || tell(&shared, shared.refresh())).await;
        }
    }
}

/// Reloads, and logs one line on what came of it.
pub(crate) fn reload_and_tell(shared: &Shared) {
    tell(shared, shared.reload().map(Some));
}

fn tell(shared: &Shared, reloaded: Result<Option<u64>, ServerError>) {
    match reloaded {
        Ok(Some(generation)) => {
            tracing::info!(generation, "configuration reloaded");
            warn_of_choices(shared);
            warn_of_ends(shared);
        }
        Ok(None) => tracing::debug!("nothing new was fetched"),
        Err(error) => {
            let generation = shared.current().number;
            tracing::error!(
                generation,
                "configuration not reloaded, the old one stays in force: {error}"
            );
        }
    }
}

/// Warns now and from time to time of what is about to end, until the server stops.
pub(crate) async fn look_out(shared: Arc<Shared>) {
    let mut stopping = shared.stopping.subscribe();
    warn_of_choices(&shared);
    loop {
        warn_of_ends(&shared);
        tokio::select! {
            () = sleep(LOOK) => {}
            // An error means that the server is gone altogether.
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

fn warn_of_ends(shared: &Shared) {
    let current = shared.current();
    let now = current.clock().now();
    let soon = |end: Time, notice: i64| now.plus_seconds(notice) >= end;
    // Renewal tools come when a third is left, so a quarter means that they did not.
    let first_to_end = |certificates: &mut dyn Iterator<Item = &[u8]>| {
        certificates
            .map(identity::life)
            .filter(|(start, end)| {
                let life = end.unix_seconds().saturating_sub(start.unix_seconds());
                soon(*end, CERTIFICATE_NOTICE.min(life / 4))
            })
            .map(|(_, end)| end)
            .min()
    };
    let chain = &current.config.credentials.chain;
    if let Some(end) = first_to_end(&mut chain.iter().map(AsRef::as_ref)) {
        tracing::warn!(ends = %end, "the server's certificate chain ends soon, or has ended: renew it");
    }
    if let Some(end) = first_to_end(&mut current.trust().anchors.iter().map(Vec::as_slice)) {
        tracing::warn!(ends = %end, "a client CA ends soon, or has ended, and then its clients are refused: renew it");
    }
    if let Some(crl) = current.evidence_end()
        && soon(crl, CRL_NOTICE)
    {
        tracing::warn!(ends = %crl, "a CRL or OCSP response ends soon, or has ended, and then clients are refused: renew it");
    }
}

/// Warns of what is configured and seldom meant.
fn warn_of_choices(shared: &Shared) {
    let current = shared.current();
    if let Some(settings) = &current.config.settings {
        file::warn_of_folder(&settings.key);
    }
    let rule = current.config.policy.revocation;
    match (rule, current.trust().has_evidence()) {
        (RevocationRule::Required, false) => tracing::warn!(
            "revocation is required and no CRL is given: every client is refused; give --crl, or say --revocation off"
        ),
        (RevocationRule::IfPresent, false) => tracing::warn!(
            "no CRL is given, and revocation is if-present: revoked clients are let in; give --crl"
        ),
        (RevocationRule::Off, _) => {
            tracing::warn!("revocation is off: revoked clients are let in");
        }
        (RevocationRule::Required | RevocationRule::IfPresent, true) => {}
    }
}
