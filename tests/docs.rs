//! The generated pages of the catalogue are those of the code.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes them anew.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use gatecrash::{
    corpus::known::{BUILT_IN, Known},
    defect::{self, Defect, Statement},
    oracle::resource::Budget,
    validator::Profile,
};

/// Every generated page: its path below `docs/`, and what it must hold.
fn pages() -> Vec<(String, String)> {
    let mut pages = vec![
        ("catalogue.md".to_owned(), index()),
        ("vulnerabilities.md".to_owned(), vulnerabilities()),
        ("normative.md".to_owned(), normative()),
        ("profiles.md".to_owned(), profiles()),
    ];
    for family in defect::CATALOGUE {
        pages.push((format!("catalogue/{}.md", family.name), family_page(family)));
    }
    pages
}

const GENERATED: &str = "<!-- Generated from the code: UPDATE_DOCS=1 cargo test --test docs -->\n";

fn index() -> String {
    let mut page = format!("# The catalogue\n{GENERATED}\n");
    let total = defect::all().count();
    let _ = writeln!(
        page,
        "{total} defects in {} families, each beside a twin without it.\n",
        defect::CATALOGUE.len()
    );
    page.push_str("| family | defects | what they have in common |\n|---|---:|---|\n");
    for family in defect::CATALOGUE {
        let _ = writeln!(
            page,
            "| [{0}](catalogue/{0}.md) | {1} | {2} |",
            family.name,
            family.defects.len(),
            family.summary
        );
    }
    page.push_str("\nA *must-reject* defect is forbidden by a standard, or leaves no proof of identity. A *policy* defect is \
                   refused by a careful verifier, a *lint* defect by strict DER or a profile.\n");
    let _ = writeln!(
        page,
        "\nA run tells who takes longer for an answer than {}: a finding of kind `resource`.",
        Budget::default()
    );
    page
}

fn family_page(family: &defect::Family) -> String {
    let mut page = format!(
        "# {}\n{GENERATED}\n{}.\n",
        family.name,
        capitalised(family.summary)
    );
    for defect in family.defects {
        page.push_str(&entry(defect));
    }
    page
}

fn entry(defect: &Defect) -> String {
    let list = |items: Vec<String>| items.join(", ");
    let mut text = format!(
        "\n## {}\n\n{}.\n\n{}\n\n",
        defect.id,
        capitalised(defect.summary),
        defect.page
    );
    let _ = writeln!(text, "- clause: {}", defect.clause);
    let _ = writeln!(
        text,
        "- class: {}, severity: {}",
        defect.class, defect.severity
    );
    let _ = writeln!(
        text,
        "- position: {}",
        list(defect.positions.iter().map(ToString::to_string).collect())
    );
    let _ = writeln!(
        text,
        "- purpose: {}",
        list(defect.purposes.iter().map(ToString::to_string).collect())
    );
    let _ = writeln!(
        text,
        "- refused as: {}",
        list(defect.reasons.iter().map(ToString::to_string).collect())
    );
    if let Some(bound) = defect::bound(defect.id) {
        let held = Budget::default();
        let _ = writeln!(
            text,
            "- bound: {bound}; a run tells who takes longer than {held}"
        );
    }
    let known = defect.all_vulnerabilities();
    if !known.is_empty() {
        let _ = writeln!(
            text,
            "- vulnerabilities of this shape: {}",
            known.join(", ")
        );
    }
    text
}

fn vulnerabilities() -> String {
    let mut page = format!("# Vulnerabilities and the defects of their shape\n{GENERATED}\n");
    page.push_str("| vulnerability | in | what happened | defects |\n|---|---|---|---|\n");
    for row in defect::vulnerabilities() {
        let ids = std::iter::once(&row.id)
            .chain(&row.aliases)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let defects = match &row.why_not {
            Some(why) => format!("none: {why}"),
            None => defect::by_vulnerability(&row.id)
                .iter()
                .map(|defect| link(defect.id.0))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let _ = writeln!(
            page,
            "| {ids} ({}) | {} | {} | {defects} |",
            row.year, row.component, row.title
        );
    }
    page.push_str(&named_on_pages());
    page
}

/// Vulnerabilities that the table above does not tell of, and pages of defects name.
fn named_on_pages() -> String {
    let mut defects_of: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for defect in defect::all() {
        for id in defect.vulnerabilities {
            if !defect::vulnerabilities()
                .iter()
                .any(|row| row.is_called(id))
            {
                defects_of.entry(id).or_default().push(link(defect.id.0));
            }
        }
    }
    let mut text = "\n## Named on the pages of defects\n\n".to_owned();
    text.push_str("What happened stands there.\n\n| vulnerability | defects |\n|---|---|\n");
    for (id, defects) in defects_of {
        let _ = writeln!(text, "| {id} | {} |", defects.join(", "));
    }
    text
}

fn normative() -> String {
    let statements = defect::statements();
    let covered = statements
        .iter()
        .filter(|statement| statement.is_covered())
        .count();
    let mut page = format!("# What the standards demand of a relying party\n{GENERATED}\n");
    let _ = writeln!(
        page,
        "{covered} of {} statements are covered ({} %): a defect violates each and a rule refuses it, or neither can exist. \
         The rules are those of the profile strict-mtls, and of rustls where a handshake is judged.\n",
        statements.len(),
        covered * 100 / statements.len()
    );
    let missing: Vec<&Statement> = statements
        .iter()
        .filter(|statement| !statement.is_covered())
        .collect();
    if !missing.is_empty() {
        page.push_str("Not covered:\n\n");
        for statement in missing {
            let what = statement.missing.as_deref().unwrap_or_default();
            let _ = writeln!(
                page,
                "- {}: {}. Missing: {what}.",
                statement.clause, statement.says
            );
        }
        page.push('\n');
    }
    page.push_str("| clause | says | violated by | refused as |\n|---|---|---|---|\n");
    for statement in statements {
        let defects = statement
            .defects
            .iter()
            .map(|id| link(id))
            .collect::<Vec<_>>()
            .join(", ");
        let shown = match (&statement.why_not, &statement.missing) {
            (Some(why), _) => format!("none: {why}"),
            (_, Some(missing)) => format!("missing: {missing}"),
            _ => defects,
        };
        let refused = statement
            .refused_as
            .map_or(String::new(), |reason| format!("`{reason}`"));
        let _ = writeln!(
            page,
            "| {} | {} | {shown} | {refused} |",
            statement.clause, statement.says
        );
    }
    page
}

/// The shipped profiles as the files that people may write, and what they answer otherwise than suites expect.
/// Each limit of the budget, what it counts and where its value comes from.
const BUDGET: &[(&str, &str, &str)] = &[
    (
        "signatures",
        "signatures verified, those of CRLs and OCSP responses included",
        "the budget of rustls-webpki after GHSA-fh2r-99q2-6mmg (CVE-2018-16875 in Go)",
    ),
    (
        "candidates",
        "candidate issuers looked at while a path is built",
        "the same",
    ),
    (
        "name-comparisons",
        "comparisons of a name with a name constraint",
        "the same",
    ),
    (
        "name-octets",
        "octets of directory names prepared (RFC 4518) to be compared with constraints or as issuer and subject, and one for every 64 octets that a comparison may walk through",
        "32 octets for each of those comparisons; under half a second where preparation costs most. A relative name may have any number of attributes",
    ),
    ("policy-nodes", "nodes of the policy graph", "CVE-2023-0464"),
    (
        "path-certificates",
        "certificates of one path",
        "PKITS needs 8, rustls-webpki allows 7",
    ),
    (
        "presented-certificates",
        "certificates of one presented chain",
        "a TLS message holds tens of thousands",
    ),
];

fn profiles() -> String {
    let mut page = format!("# Profiles of the reference validator\n{GENERATED}\n");
    page.push_str(
        "A profile is what a verifier asks beyond RFC 5280 section 6. Three are shipped; `--profile` of `validate` and \
         `limbo` takes their names, or a file like these. What a file does not say is as in `rfc5280`.\n",
    );
    for name in Profile::NAMES {
        let profile = Profile::named(name).expect("a shipped profile");
        let text = profile.to_toml().expect("a profile is TOML");
        let _ = write!(page, "\n## {name}\n\n```toml\n{text}```\n");
    }
    page.push_str(
        "\n## Budget\n\nWhat one validation may cost. Over it there is no answer, and to the outside that is a \
         refusal.\n\n| limit | what it counts | source |\n|---|---|---|\n",
    );
    for (limit, counts, source) in BUDGET {
        let _ = writeln!(page, "| `{limit}` | {counts} | {source} |");
    }
    let known = Known::from_toml(BUILT_IN, |_| true).expect("the list is exact");
    page.push_str(
        "\n## Where a profile differs from a suite\n\nCases of x509-limbo and PKITS that a profile answers otherwise than \
         the suite expects, from `corpus/known.toml`.\n\n| case | profile | found | because |\n|---|---|---|---|\n",
    );
    for entry in known.exceptions() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            entry.case, entry.profile, entry.kind, entry.why
        );
    }
    page.push_str(
        "\nCases that every verifier refuses, whether or not it checks what they are about:\n\n| case | refused for | \
         because |\n|---|---|---|\n",
    );
    for entry in known.vacuous() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            entry.case, entry.reason, entry.why
        );
    }
    page
}

/// A link to a defect's entry; headings lose their slashes.
fn link(id: &str) -> String {
    let family = id.split('/').next().unwrap_or_default();
    format!("[{id}](catalogue/{family}.md#{})", id.replace('/', ""))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[test]
fn the_pages_of_the_catalogue_are_up_to_date() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut stale = Vec::new();
    for (name, page) in pages() {
        let path = docs.join(&name);
        if update {
            fs::create_dir_all(path.parent().expect("a page lies in a folder")).expect("writable");
            fs::write(&path, &page).expect("writable");
        } else if fs::read_to_string(&path).ok().as_deref() != Some(&page) {
            stale.push(name);
        }
    }
    let wanted: Vec<String> = pages().into_iter().map(|(name, _)| name).collect();
    for entry in fs::read_dir(docs.join("catalogue")).into_iter().flatten() {
        let name = format!(
            "catalogue/{}",
            entry.expect("readable").file_name().to_string_lossy()
        );
        assert!(
            wanted.contains(&name),
            "docs/{name} is of no family: remove it"
        );
    }
    assert!(
        stale.is_empty(),
        "stale: {}; run UPDATE_DOCS=1 cargo test --test docs",
        stale.join(", ")
    );
}
