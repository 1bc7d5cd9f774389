//! Chains with edits of their encoding, re-signed or not: nobody knows the right
//! answer, so engines are compared with each other and with themselves.

use super::{
    Alarm, Dictionary, Reach, Session, Target, cause,
    chain::{confirmed, words},
    lenient::{self, Again},
    panel::{Panel, STANDARD, decision},
};
use crate::{
    case::{Case, Plan, WILD_MOVES, Wild, plainest},
    corpus::Reproducer,
    defect::{self, Position},
    engine::Observation,
    oracle::metamorphic::Change,
    validator::Violation,
    verdict::{Reason, Verdict},
};

pub(super) const CHAIN_WILD: Target = Target {
    name: "chain_wild",
    summary: "minted chains with edits of their encoding, re-signed or not, on the reference, webpki and AWS-LC",
    run,
    seeds,
    moves: WILD_MOVES,
    max_length: 2048,
    by_rarity: true,
    dictionary: Some(Dictionary::X509),
    reach: Reach {
        stages: &[
            "parsed",
            "issuer found",
            "signature checked",
            "accepted",
            "edited and accepted",
            "all refuse",
        ],
        rules: |rule| RULES.contains(&rule),
    },
};

/// Rules that edits reach from the seeds, both ways. The rest are for `chain`.
const RULES: &[Reason] = &[
    Reason::Expired,
    Reason::BadValidity,
    Reason::BadSignature,
    Reason::AlgorithmMismatch,
    Reason::UnsupportedSignatureAlgorithm,
    Reason::WeakKey,
    Reason::InvalidKey,
    Reason::UnsupportedKey,
    Reason::UnknownIssuer,
    Reason::NotACa,
    Reason::KeyUsage,
    Reason::ExtendedKeyUsage,
    Reason::NameMismatch,
    Reason::MalformedName,
    Reason::NoValidPolicy,
    Reason::UnknownCriticalExtension,
    Reason::DuplicateExtension,
    Reason::MalformedExtension,
    Reason::MalformedDer,
    Reason::TrailingData,
    Reason::BadVersion,
    Reason::Revoked,
    Reason::RevocationUnknown,
    Reason::CrlMalformed,
    Reason::CrlBadSignature,
    Reason::CrlUnknownCriticalExtension,
];

fn run(input: &[u8], session: &mut Session) {
    let wild = Wild::from_bytes(input);
    match wild.mint(&STANDARD.minter) {
        Ok(case) => compare(&STANDARD, &case, input, session),
        Err(_) => session.health.reach("an edit found nothing"),
    }
}

/// The differential and the metamorphic oracle on one case without an expectation.
pub(super) fn compare(panel: &Panel, case: &Case, input: &[u8], session: &mut Session) {
    let Ok(report) = panel.reference(case) else {
        session.health.reach("no anchor can be read");
        return;
    };
    session.health.decided(case, &report);
    let reference = match report.verdict {
        Verdict::Accept => true,
        Verdict::Reject(_) => false,
        Verdict::Inconclusive(_) => {
            session.health.reach("over budget");
            return;
        }
    };
    let edited = case.recipe.as_ref().is_some_and(|recipe| {
        let mut certificates = recipe.certificates.iter();
        certificates.any(|one| !one.edits.is_empty() || !one.edits_before_signing.is_empty())
    });
    if edited && reference {
        session.health.reach("edited and accepted");
    }
    let reasons: Vec<_> = report.violations.iter().map(|found| found.reason).collect();
    let (mut asked, mut refusals) = (0, Vec::new());
    for engine in panel.peers_despite(case, &reasons) {
        let Some((accepted, observation)) = decision(engine, case) else {
            continue;
        };
        let name = engine.name();
        asked += 1;
        let violations = &report.violations;
        match (accepted, reference) {
            (true, false) => {
                let shown = lenient::shown_taking(name, violations, case);
                session.health.differ(shown);
            }
            (false, true) => {
                let shown = lenient::shown_refusing(name, &observation.reasons, case);
                session.health.differ(shown);
            }
            _ => {}
        }
        if !accepted {
            refusals.push((name, observation));
            continue;
        }
        let again = Again {
            reference: &|case| panel.reference(case).ok(),
            engine: &|case| Some(decision(engine, case)?.0),
        };
        if !reference
            && !lenient::takes(name, violations, case, &again)
            && confirmed(panel, name, case, false)
        {
            let detail = format!("reference: {}", all(&report.violations));
            tell(
                &format!("{name} let it in"),
                detail,
                case,
                false,
                input,
                session,
            );
        }
    }
    let all_refuse = !reference && refusals.len() == asked;
    // One engine that is stricter is no news, nor are two, each for a cause of its own. When all
    // refuse it for one cause, it is the reference that let it in.
    // RFC 5280 section 6.1.1 (d): of an anchor name and key count, and the rest is not judged.
    let causes = refusals.iter().map(|(_, seen)| seen.reasons.as_slice());
    let together = refusals.len() == asked && cause::is_one(causes);
    let alone = reference && asked > 1 && together && !edits_an_anchor(case);
    let unknown = |(name, observation): &(&str, Observation)| {
        !lenient::refuses(name, &observation.reasons, case) && confirmed(panel, name, case, true)
    };
    if alone && refusals.iter().all(unknown) && confirmed(panel, "reference", case, false) {
        let words = |(name, seen): &(&str, Observation)| {
            format!("{name}: {} ({})\n", seen.verdict, seen.detail)
        };
        let detail: String = refusals.iter().map(words).collect();
        tell(
            "the reference alone let it in",
            detail,
            case,
            false,
            input,
            session,
        );
    }
    if reference && !refusals.is_empty() {
        session.health.reach("a peer is stricter");
    }
    if all_refuse {
        session.health.reach("all refuse");
    }
    for change in Change::ALL {
        let Some(changed) = change.apply(case) else {
            continue;
        };
        let again = panel.reference(&changed).map(|report| report.verdict);
        // A budget may run out on one order and not on another.
        let differs = match again {
            Ok(Verdict::Accept) => !reference,
            Ok(Verdict::Reject(_)) => reference,
            _ => false,
        };
        if differs {
            let told = format!("reference answers otherwise with {change}");
            let detail = words("reference", &changed, panel);
            tell(&told, detail, case, reference, input, session);
        }
    }
}

fn edits_an_anchor(case: &Case) -> bool {
    case.recipe.as_ref().is_some_and(|recipe| {
        let anchors = recipe.anchors.iter();
        anchors
            .filter_map(|label| recipe.certificate(label))
            .any(|one| !one.edits.is_empty() || !one.edits_before_signing.is_empty())
    })
}

fn all(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(|found| format!("{}: {}; ", found.reason, found.detail))
        .collect()
}

/// Ends the run with the case as a recipe.
pub(super) fn tell(
    what: &str,
    detail: String,
    case: &Case,
    good: bool,
    input: &[u8],
    session: &Session,
) -> ! {
    let reproducer = case.recipe.clone().map(|recipe| {
        Box::new(Reproducer {
            why: format!("{what}, found by the fuzz target {}", session.target().name),
            defect: None,
            position: Position::Chain,
            reasons: Vec::new(),
            good,
            profile: Some("rfc5280".to_owned()),
            recipe,
            twin: None,
        })
    });
    session.fail(
        input,
        &Alarm {
            reproducer,
            ..Alarm::new(what, detail)
        },
    )
}

/// Every fourth defect of the catalogue, and moves on the plainest chain.
fn seeds() -> Vec<Vec<u8>> {
    let plans = defect::all()
        .step_by(4)
        .map(|defect| Plan::to_bytes(&plainest(defect.purposes[0]), &[(defect, 0)]));
    let mut seeds: Vec<Vec<u8>> = plans.map(|plan| Wild::of_plan(plan).to_bytes()).collect();
    let plain = Wild::of_plan(Plan::to_bytes(
        &plainest(crate::question::Purpose::Client),
        &[],
    ));
    // A path length, policies and CRLs.
    let mut rich = plainest(crate::question::Purpose::Client);
    for octet in [12, 17, 18] {
        rich[octet] = 1;
    }
    seeds.push(Wild::of_plan(Plan::to_bytes(&rich, &[])).to_bytes());
    seeds.extend((0..200).map(|number| {
        let mut input = plain.to_bytes();
        for step in 0..2 {
            WILD_MOVES.change(&mut input, 2048, number * 2 + step);
        }
        input
    }));
    seeds
}
