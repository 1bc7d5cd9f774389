//! `gatecrash defects`: the catalogue.

use serde::Serialize;

use super::{
    CliError, Exit,
    output::{self, ListFormat, ListOutput},
    select,
};
use crate::{
    defect::{self, Class, Defect, DefectId, Position, Severity},
    oracle::resource::Budget,
    question::Purpose,
    report::layout::{columns, count, wrap},
    spelling,
    verdict::Reason,
};

/// Lists the catalogue: id, class, severity, positions, expected reasons, clause.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash defects --family revocation\n  gatecrash defects --vulnerability CVE-2021-3450 --format json\n  \
                        gatecrash defects validity/expired"
)]
pub(super) struct Args {
    /// Only these, each with its page; `*` stands for any text.
    #[arg(value_name = "GLOB")]
    defect: Vec<String>,
    /// Only this family.
    #[arg(long, value_name = "F")]
    family: Option<String>,
    /// Only defects of the shape of this vulnerability.
    #[arg(long, value_name = "ID")]
    vulnerability: Option<String>,
    #[command(flatten)]
    output: ListOutput,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    defects: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: DefectId,
    family: &'a str,
    class: Class,
    clause: &'a str,
    severity: Severity,
    positions: &'a [Position],
    purposes: &'a [Purpose],
    reasons: &'a [Reason],
    vulnerabilities: Vec<&'a str>,
    summary: &'a str,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let mut chosen = select::defects(&args.defect)?;
    if let Some(name) = &args.family {
        let family = select::family(name)?;
        chosen.retain(|defect| defect.id.family() == family.name);
    }
    if let Some(id) = &args.vulnerability {
        let of_shape = of_vulnerability(id)?;
        chosen.retain(|defect| of_shape.iter().any(|other| other.id == defect.id));
    }
    let sink = args.output.open()?;
    let text = match args.output.format {
        ListFormat::Json => json(&chosen)?,
        ListFormat::Text if !args.defect.is_empty() => pages(&chosen),
        ListFormat::Text => list(&chosen, args),
    };
    sink.write(&text)?;
    Ok(Exit::Clean)
}

/// The identifiers in what advisories call themselves: `A / B`, or `A (nickname)`.
fn identifiers(name: &str) -> impl Iterator<Item = &str> {
    let parts = name.split('/');
    parts.map(|part| part.split('(').next().unwrap_or(part).trim())
}

/// The defects of the shape of a vulnerability, by any of its identifiers.
fn of_vulnerability(id: &str) -> Result<Vec<&'static Defect>, CliError> {
    let mut found = identifiers(id).map(defect::by_vulnerability);
    if let Some(found) = found.find(|found| !found.is_empty()) {
        return Ok(found);
    }
    let mut rows = defect::vulnerabilities().iter();
    let known = rows.find(|row| identifiers(id).any(|id| row.is_called(id)));
    if let Some(why) = known.and_then(|row| row.why_not.as_deref()) {
        return Err(CliError::arguments(
            format!("no defect has the shape of {id}: {why}"),
            "docs/vulnerabilities.md lists every vulnerability with its defects",
        ));
    }
    let rows = defect::vulnerabilities().iter();
    let ids = rows.flat_map(|row| std::iter::once(&row.id).chain(&row.aliases));
    let own = defect::all().flat_map(|defect| defect.vulnerabilities.iter().copied());
    Err(CliError::Unknown {
        what: "vulnerability of these defects",
        list: "docs/vulnerabilities.md",
        name: id.to_owned(),
        nearest: spelling::nearest(id, ids.map(String::as_str).chain(own)).map(str::to_owned),
    })
}

fn json(defects: &[&'static Defect]) -> Result<String, CliError> {
    let line = |defect: &&'static Defect| Line {
        id: defect.id,
        family: defect.id.family(),
        class: defect.class,
        clause: defect.clause,
        severity: defect.severity,
        positions: defect.positions,
        purposes: defect.purposes,
        reasons: defect.reasons,
        vulnerabilities: defect.all_vulnerabilities(),
        summary: defect.summary,
    };
    let document = Document {
        schema: 1,
        defects: defects.iter().map(line).collect(),
    };
    let text = serde_json::to_string_pretty(&document).map_err(crate::report::ReportError::from)?;
    Ok(text + "\n")
}

fn joined<T: ToString>(items: &[T]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn list(defects: &[&'static Defect], args: &Args) -> String {
    let paint = args.output.paint();
    let mut out = String::new();
    for family in defect::CATALOGUE {
        let of_family: Vec<_> = defects
            .iter()
            .filter(|defect| defect.id.family() == family.name)
            .collect();
        if of_family.is_empty() {
            continue;
        }
        out.push_str(&format!(
            "{}  {}\n",
            paint.strong(family.name),
            paint.quiet(family.summary)
        ));
        let rows: Vec<Vec<String>> = of_family
            .iter()
            .map(|defect| {
                vec![
                    format!("  {}", defect.id),
                    defect.severity.to_string(),
                    defect.class.to_string(),
                    joined(defect.positions),
                    joined(defect.reasons),
                    defect.clause.to_owned(),
                ]
            })
            .collect();
        out.push_str(&columns(&rows));
        out.push('\n');
    }
    out.push_str(&format!("{}\n", count(defects.len(), "defect")));
    out
}

fn pages(defects: &[&'static Defect]) -> String {
    let width = output::width().min(100);
    let page = |defect: &&'static Defect| {
        let mut out = format!("{}\n", defect.id);
        out.push_str(&wrap(defect.summary, 2, width));
        out.push('\n');
        out.push_str(&wrap(defect.page, 2, width));
        out.push('\n');
        let mut rows = [
            ["clause", defect.clause],
            ["severity", &defect.severity.to_string()],
            ["class", &defect.class.to_string()],
            ["positions", &joined(defect.positions)],
            ["purposes", &joined(defect.purposes)],
            ["reasons", &joined(defect.reasons)],
        ]
        .map(|row| vec![format!("  {}", row[0]), row[1].to_owned()])
        .to_vec();
        if let Some(bound) = defect::bound(defect.id) {
            rows.push(vec!["  bound".to_owned(), bound.to_string()]);
            let held = format!("a run tells who takes longer than {}", Budget::default());
            rows.push(vec!["  held to".to_owned(), held]);
        }
        let vulnerabilities = defect.all_vulnerabilities();
        if !vulnerabilities.is_empty() {
            rows.push(vec!["  known as".to_owned(), joined(&vulnerabilities)]);
        }
        out.push_str(&columns(&rows));
        out
    };
    defects.iter().map(page).collect::<Vec<_>>().join("\n")
}
