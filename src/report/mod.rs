//! What people and machines see of a run, all of it made from one
//! [`RunReport`]: verdict first, worst finding next,
//! evidence one step away.

pub mod exhaust;
#[cfg(feature = "cli")]
mod html;
mod json;
#[cfg(feature = "cli")]
mod junit;
mod known;
pub mod layout;
mod matrix;
#[cfg(feature = "cli")]
mod sarif;
#[cfg(feature = "cli")]
mod sarif_log;
#[cfg(feature = "scan")]
pub mod scan;
mod text;

use std::time::Duration;

pub use layout::Paint;

use crate::run::RunReport;

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Format {
    /// For people at a terminal.
    Text,
    /// For programs: the contract.
    Json,
    /// SARIF 2.1.0, for code hosts.
    #[cfg(feature = "cli")]
    Sarif,
    /// JUnit XML, for CI.
    #[cfg(feature = "cli")]
    Junit,
    /// One self-contained page.
    #[cfg(feature = "cli")]
    Html,
}

/// What a report shows beside the run itself.
#[derive(Clone, Debug)]
pub struct Context {
    /// How text is coloured.
    pub paint: Paint,
    /// Columns of text.
    pub width: usize,
    /// How long the run took, where that is known.
    pub elapsed: Option<Duration>,
    /// The command that was given, without engines and defects, for the line that says how to see a finding again.
    pub command: String,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            paint: Paint::Plain,
            width: 100,
            elapsed: None,
            command: "gatecrash run".to_owned(),
        }
    }
}

/// A report that could not be written down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The JSON or SARIF could not be written.
    #[error("the report has no form in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The JUnit XML could not be written.
    #[cfg(feature = "cli")]
    #[error("the report has no form in JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// The page could not be written.
    #[cfg(feature = "cli")]
    #[error("the report has no form in HTML: {0}")]
    Html(#[from] minijinja::Error),
}

/// Writes a run in this form, with a line feed at the end.
///
/// # Errors
/// When the writer of the form fails, which no run is known to cause.
pub fn render(
    report: &RunReport,
    format: Format,
    context: &Context,
) -> Result<String, ReportError> {
    match format {
        Format::Text => Ok(text::render(report, context)),
        Format::Json => json::render(report),
        #[cfg(feature = "cli")]
        Format::Sarif => sarif::render(report),
        #[cfg(feature = "cli")]
        Format::Junit => junit::render(report),
        #[cfg(feature = "cli")]
        Format::Html => html::render(report, context),
    }
}

/// A run of two fake engines over one defect, for tests of every form.
#[cfg(test)]
pub(crate) mod sample {
    use crate::{
        case::Case,
        corpus::known::Known,
        defect,
        engine::{Engine, EngineError},
        run::{Options, RunReport, Work, run},
        verdict::Verdict,
    };

    struct Credulous;

    impl Engine for Credulous {
        fn name(&self) -> &str {
            "credulous"
        }
        fn version(&self) -> String {
            "1 <beta> & \"more\"".into()
        }
        fn judge(&self, _: &Case) -> Result<Verdict, EngineError> {
            Ok(Verdict::Accept)
        }
    }

    struct Correct;

    impl Engine for Correct {
        fn name(&self) -> &str {
            "correct"
        }
        fn judge(&self, case: &Case) -> Result<Verdict, EngineError> {
            Ok(case
                .expected
                .reasons()
                .first()
                .map_or(Verdict::Accept, |reason| Verdict::Reject(*reason)))
        }
    }

    /// Two variants of `validity/expired` and one of `validity/not-yet-valid`, the latter known of `credulous`.
    pub(crate) fn report() -> RunReport {
        let known = Known::from_toml(
            "[[known]]\nengine = 'credulous'\ndefect = 'validity/not-yet-valid'\nkind = 'false-accept'\nwhy = 'by design'",
            |_| true,
        );
        let defects = ["validity/expired", "validity/not-yet-valid"]
            .map(|id| defect::find(id).expect("in the catalogue"));
        let known = known.expect("reads");
        run(
            &Work::catalogue(defects.to_vec(), 2, 7),
            &[&Correct, &Credulous],
            &Options::new(&known),
        )
    }
}
