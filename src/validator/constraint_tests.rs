//! Constraints on whole certificates: what is told, and what it costs.

use super::*;
use crate::validator::{
    assemble::{certificate, extension, name, sequence, tlv},
    budget::Limits,
};

const SUBJECT_ALT_NAME: u8 = 0x11;
const NAME_CONSTRAINTS: u8 = 0x1e;

/// A CA that excludes these names.
fn excluding(names: &[Vec<u8>]) -> Certificate {
    let subtrees: Vec<u8> = names.iter().flat_map(|name| sequence(&[name])).collect();
    let value = sequence(&[&tlv(0xa1, &subtrees)]);
    let der = certificate(
        2,
        "root",
        "intermediate",
        &[extension(NAME_CONSTRAINTS, true, &value)],
    );
    Certificate::parse(&der).expect("a certificate")
}

fn named(names: &[Vec<u8>]) -> Certificate {
    let value = sequence(&[&names.concat()]);
    let der = certificate(
        3,
        "intermediate",
        "end entity",
        &[extension(SUBJECT_ALT_NAME, false, &value)],
    );
    Certificate::parse(&der).expect("a certificate")
}

fn dns(text: &str) -> Vec<u8> {
    tlv(0x82, text.as_bytes())
}

fn directory(common_name: &str) -> Vec<u8> {
    tlv(0xa4, &name(common_name))
}

fn check(
    ca: &Certificate,
    end_entity: &Certificate,
    limits: Limits,
) -> Result<Vec<Refusal>, OverBudget> {
    let mut budget = Budget::new(limits);
    let mut state = ConstraintState::default();
    let constraints = ca.extensions().name_constraints.expect("constraints");
    state.narrow(constraints, ca.der(), &mut budget)?;
    state.check_names(end_entity, &mut budget)
}

#[test]
fn every_name_that_violates_constraints_is_told_and_many_are_counted() {
    let ca = excluding(&[dns("evil.example")]);
    let bad = |count: usize| (0..count).map(|number| dns(&format!("a{number}.evil.example")));
    for (count, told, end) in [
        (1, 1, "excluded by `evil.example`"),
        (3, 3, "excluded by `evil.example`"),
        (8, 8, "excluded by `evil.example`"),
        (12, 8, "; 4 more of its names violate constraints"),
    ] {
        let names: Vec<_> = [dns("good.example")]
            .into_iter()
            .chain(bad(count))
            .collect();
        let refusals = check(&ca, &named(&names), Limits::default()).expect("within the budget");
        assert_eq!(refusals.len(), told);
        let last = refusals.last().expect("a refusal");
        assert!(last.detail.ends_with(end), "{}", last.detail);
    }
}

#[test]
fn names_are_not_looked_for_without_end_once_one_is_refused() {
    let bases: Vec<_> = (0..2_000)
        .map(|number| dns(&format!("e{number}.example")))
        .collect();
    let names: Vec<_> = (0..100).map(|_| dns("e1999.example")).collect();
    let refusals =
        check(&excluding(&bases), &named(&names), Limits::default()).expect("within the budget");
    let last = refusals.last().expect("a refusal");
    assert!(
        refusals.len() < 8 && last.detail.ends_with("were not compared"),
        "{}",
        last.detail
    );
}

#[test]
fn directory_names_cost_the_octets_that_are_prepared() {
    let ca = excluding(&[directory("evil")]);
    let end_entity = named(&[directory(&"e".repeat(1_000))]);
    let limits = |name_octets| Limits {
        name_octets,
        ..Limits::default()
    };
    assert_eq!(check(&ca, &end_entity, limits(10_000)), Ok(Vec::new()));
    let over = check(&ca, &end_entity, limits(1_000)).expect_err("over the budget");
    assert_eq!(over.what, "octets of directory names");
}

#[test]
fn a_malformed_constraint_is_shown() {
    for (subtree, shown) in [
        (
            sequence(&[&dns(".example")]),
            "the constraint DNS name `.example` begins with a period, which only constraints of URIs and mailboxes may",
        ),
        (
            sequence(&[&dns("a.example"), &tlv(0x81, &[3])]),
            "the constraint DNS name `a.example` with a minimum or maximum, which nobody processes",
        ),
    ] {
        let value = sequence(&[&tlv(0xa1, &subtree)]);
        let extensions = [extension(NAME_CONSTRAINTS, true, &value)];
        let der = certificate(2, "root", "intermediate", &extensions);
        let ca = Certificate::parse(&der).expect("a certificate");
        let told = |flaw: &super::super::certificate::Flaw| flaw.detail.ends_with(shown);
        assert!(ca.flaws().iter().any(told), "{:?}", ca.flaws());
    }
}
