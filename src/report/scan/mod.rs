//! What people and machines see of a scan: verdict first, worst finding next,
//! evidence one step away.

mod text;

use super::{Context, Format, ReportError};
use crate::scan::ScanReport;

/// Writes a scan in this form, with a line feed at the end.
///
/// # Errors
/// When the writer of the form fails.
pub fn render(
    report: &ScanReport,
    format: Format,
    context: &Context,
) -> Result<String, ReportError> {
    match format {
        Format::Text => Ok(text::render(report, context)),
        _ => {
            let mut text = serde_json::to_string_pretty(report)?;
            text.push('\n');
            Ok(text)
        }
    }
}
