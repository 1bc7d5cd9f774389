//! What a scan is given beside the endpoint: a document, folders, logs, an earlier report.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{CliError, input, mint::now};
use crate::{
    openapi::{Document, MAX_DOCUMENT},
    question::Time,
    scan::{
        Drift, ScanReport, Wishes,
        audit::{Audit, LogMark},
    },
};

/// Evidence beside the endpoint.
#[derive(Debug, clap::Args)]
pub(super) struct Evidence {
    /// An OpenAPI document (3.0 to 3.2, JSON or YAML): what it declares is held against what the server does.
    #[arg(long, value_name = "F")]
    pub(super) openapi: Option<PathBuf>,
    /// Operations of the document that may change something are asked as well.
    #[arg(long, requires = "openapi")]
    pub(super) unsafe_methods: bool,
    /// A token for a scheme of the document: `bearer=eyJ…`, `basic=name:password`, `key=…`.
    #[arg(long, value_name = "SCHEME=VALUE", value_parser = token, requires = "openapi")]
    token: Vec<(String, String)>,
    /// A folder with the server's configuration: keys, certificates, bundles of CAs and logs in it are looked at.
    #[arg(long, value_name = "DIR")]
    pub(super) config_dir: Vec<PathBuf>,
    /// A log of the server: tokens of a probe's certificate are looked for in it.
    #[arg(long, value_name = "F")]
    pub(super) server_log: Vec<PathBuf>,
    /// The JSON report of an earlier scan: what changed since is told, and what is new or worse decides the exit code.
    #[arg(long, value_name = "OLD.json")]
    pub(super) baseline: Option<PathBuf>,
}

fn token(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "write it as SCHEME=VALUE".to_owned())?;
    if name.is_empty() || value.is_empty() || value.bytes().any(|octet| octet < b' ') {
        return Err(
            "a scheme's name and its value are needed, in letters that a header may have"
                .to_owned(),
        );
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Reads a document as far as it goes.
fn document(path: &Path) -> Result<Document, CliError> {
    let bytes = input::bytes(path, "an OpenAPI document", MAX_DOCUMENT as u64)?;
    Document::as_far_as_it_goes(&bytes).map_err(|error| CliError::evidence(path, &error))
}

impl Evidence {
    /// Reads the document, marks the logs and looks at what comes later, before anything is sent.
    pub(super) fn read(&self, wishes: &mut Wishes) -> Result<(), CliError> {
        if let Some(path) = &self.openapi {
            match document(path) {
                Ok(document) => self.take(path, document, wishes)?,
                // No document at all is another name than was meant.
                Err(error @ CliError::Unread { .. }) => return Err(error),
                // The rest can be scanned without it, and it is told with what was learned.
                Err(problem) => {
                    super::error::note(&format!("{problem}; the scan goes on without it"));
                    wishes.unread_document = Some(problem.to_string());
                }
            }
        }
        wishes.unsafe_methods = self.unsafe_methods;
        wishes.tokens.clone_from(&self.token);
        for path in &self.server_log {
            wishes.logs.push(LogMark::set(path).map_err(CliError::Log)?);
        }
        // What cannot be used is told now, and not when everything has been shown.
        for folder in &self.config_dir {
            Audit::new(folder, now()).check().map_err(CliError::Audit)?;
        }
        self.compare(&mut ScanReport::default())?;
        Ok(())
    }

    /// Takes a document for what is declared, and says what is left out of it.
    fn take(&self, path: &Path, document: Document, wishes: &mut Wishes) -> Result<(), CliError> {
        for (name, _) in &self.token {
            if !document.schemes.contains_key(name) {
                let known: Vec<&str> = document.schemes.keys().map(String::as_str).collect();
                return Err(CliError::arguments(
                    format!("{} declares no scheme `{name}`", path.display()),
                    format!("it declares {}", known.join(", ")),
                ));
            }
        }
        if let Some(first) = document.unread.first() {
            let (parts, more) = match document.unread.len() {
                1 => ("one part is".to_owned(), ""),
                parts => (format!("{parts} parts are"), "; …"),
            };
            super::error::note(&format!(
                "{}: {parts} left out, unreadable: {first}{more}",
                path.display()
            ));
        }
        wishes.document = Some(Arc::new(document));
        Ok(())
    }

    /// Audits the folders into the report.
    pub(super) fn audit(
        &self,
        report: &mut ScanReport,
        authorities: &[Vec<u8>],
        now: Time,
    ) -> Result<(), CliError> {
        for folder in &self.config_dir {
            let audit = Audit::new(folder, now).expecting(authorities.to_vec());
            let audited = audit.run().map_err(CliError::Audit)?;
            report.add(audited.findings);
        }
        Ok(())
    }

    /// Compares the report with an earlier one.
    pub(super) fn compare(&self, report: &mut ScanReport) -> Result<(), CliError> {
        if let Some(path) = &self.baseline {
            let text = input::text(path)?;
            let text = String::from_utf8_lossy(&text);
            let drift =
                Drift::between(&text, report).map_err(|error| CliError::evidence(path, &error))?;
            report.drift = Some(drift);
        }
        Ok(())
    }
}
