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
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::question::Time;

use super::{error::ServerError, shared::Shared};

/// How long it must be quiet before files are read.
const QUIET: Duration = Duration::from_millis(250);
/// How long changes are gathered at the most.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is asked whether something is about to end.
const LOOK: Duration = Duration::from_secs(3600);
/// How long before its end the server's certificate is warned of, in seconds.
const CERTIFICATE_NOTICE: i64 = 14 * 86_400;
/// The same for CRLs, which live shorter.
const CRL_NOTICE: i64 = 86_400;

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
        loop {
            changed.notified().await;
            let latest = Instant::now() + PATIENCE;
            while timeout_at(latest, timeout(QUIET, changed.notified()))
                .await
                .is_ok_and(|more| more.is_ok())
            {}
            reload_and_tell(&shared);
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

/// Reloads, and logs one line on what came of it.
pub(crate) fn reload_and_tell(shared: &Shared) {
    match shared.reload() {
        Ok(generation) => {
            tracing::info!(generation, "configuration reloaded");
            warn_of_ends(shared);
        }
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
    let certificate = current.own_end();
    if soon(certificate, CERTIFICATE_NOTICE) {
        tracing::warn!(ends = %certificate, "the server's certificate chain ends soon, or has ended: renew it");
    }
    if let Some(crl) = current.evidence_end()
        && soon(crl, CRL_NOTICE)
    {
        tracing::warn!(ends = %crl, "a CRL ends soon, or has ended, and then nobody is let in: renew it");
    }
}
