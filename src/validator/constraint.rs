//! Name constraints: which names a CA may certify.
//!
//! The state of RFC 5280 section 6.1.2 (b) and (c) is kept as the constraints
//! of every CA above, and each name is judged under all of them: the same as
//! the intersection and union of subtrees, without building either.

use crate::verdict::{Clause, Reason};

use super::{
    budget::{Budget, OverBudget},
    certificate::Certificate,
    extension::NameConstraints,
    general_name::{GeneralName, names},
    name::{attribute, attributes},
    strict::{DerError, DerFault, Reader, Span, small_integer, tag},
    subtree::{Match, Side, compare, is_sound_base},
};

const CLAUSE: Clause = "RFC 5280 section 4.2.1.10";

/// Checks a `GeneralSubtrees` and the bases in it.
// RFC 5280 section 4.2.1.10
pub(crate) fn check_subtrees(mut list: Reader<'_>) -> Result<(), DerError> {
    if list.is_empty() {
        return Err(list.fault(DerFault::Empty));
    }
    while !list.is_empty() {
        let before = list;
        let mut subtree = list.open(tag::SEQUENCE)?;
        let base = GeneralName::read(&mut subtree)?;
        // Minimum must be zero and maximum absent: nobody has ever processed others.
        if let Some(minimum) = subtree.optional(tag::context(0))?
            && small_integer(subtree.bytes(minimum.contents)) != Ok(0)
        {
            return Err(before.fault(DerFault::Value));
        }
        subtree.finish()?;
        if !is_sound_base(&base) {
            return Err(before.fault(DerFault::Value));
        }
    }
    Ok(())
}

/// Why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) clause: Clause,
    pub(crate) detail: String,
}

/// The constraints of every CA above a certificate.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConstraintState<'a> {
    sets: Vec<(NameConstraints, &'a [u8])>,
}

impl<'a> ConstraintState<'a> {
    // RFC 5280 section 6.1.4 (g)
    pub(crate) fn narrow(&mut self, constraints: NameConstraints, buffer: &'a [u8]) {
        self.sets.push((constraints, buffer));
    }

    /// The first name of a certificate that lies outside what its issuers may certify.
    // RFC 5280 sections 6.1.3 (b) and (c)
    pub(crate) fn check_names(
        &self,
        certificate: &Certificate,
        budget: &mut Budget,
    ) -> Result<Option<Refusal>, OverBudget> {
        if self.sets.is_empty() {
            return Ok(None);
        }
        let alternatives = certificate.extensions().subject_alt_name;
        let subject = certificate.subject_der();
        if !certificate.subject().is_empty()
            && let Some(refusal) = self.check_name(GeneralName::Directory(subject), budget)?
        {
            return Ok(Some(refusal));
        }
        if alternatives.is_none() {
            // A mailbox in the subject counts where there is no subject alternative name.
            for found in attributes(subject).filter(|found| found.kind == attribute::EMAIL_ADDRESS)
            {
                let text = std::str::from_utf8(found.value.contents).unwrap_or("@");
                if let Some(refusal) = self.check_name(GeneralName::Email(text), budget)? {
                    return Ok(Some(refusal));
                }
            }
        }
        for name in names(certificate.der(), alternatives) {
            if let Some(refusal) = self.check_name(name, budget)? {
                return Ok(Some(refusal));
            }
        }
        Ok(None)
    }

    fn check_name(
        &self,
        name: GeneralName<'_>,
        budget: &mut Budget,
    ) -> Result<Option<Refusal>, OverBudget> {
        for (constraints, buffer) in &self.sets {
            for base in subtrees(buffer, constraints.excluded) {
                budget.spend_name_comparison()?;
                match compare(&name, &base, Side::Excluded) {
                    Match::OtherKind | Match::Outside => {}
                    Match::Inside => return Ok(Some(excluded(&name, &base))),
                    Match::Unclear => return Ok(Some(unclear(&name, &base))),
                }
            }
            let mut nearest = None;
            let mut inside = false;
            for base in subtrees(buffer, constraints.permitted) {
                budget.spend_name_comparison()?;
                match compare(&name, &base, Side::Permitted) {
                    Match::OtherKind => continue,
                    Match::Inside => inside = true,
                    Match::Outside => nearest = nearest.or(Some(base)),
                    Match::Unclear => return Ok(Some(unclear(&name, &base))),
                }
                if inside {
                    break;
                }
            }
            if let (false, Some(base)) = (inside, nearest) {
                return Ok(Some(not_permitted(&name, &base)));
            }
        }
        Ok(None)
    }
}

fn excluded(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Refusal {
    Refusal {
        reason: Reason::NameConstraint,
        clause: "RFC 5280 sections 4.2.1.10 and 6.1.3 (c)",
        detail: format!(
            "{} `{}` is excluded by `{}`",
            name.kind(),
            name.display(),
            display_base(base)
        ),
    }
}

fn not_permitted(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Refusal {
    Refusal {
        reason: Reason::NameConstraint,
        clause: "RFC 5280 sections 4.2.1.10 and 6.1.3 (b)",
        detail: format!(
            "{} `{}` is not permitted: the issuer may certify `{}`",
            name.kind(),
            name.display(),
            display_base(base)
        ),
    }
}

fn unclear(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Refusal {
    Refusal {
        reason: Reason::NameConstraint,
        clause: CLAUSE,
        detail: format!(
            "{} `{}` cannot be compared with the constraint `{}`",
            name.kind(),
            name.display(),
            display_base(base)
        ),
    }
}

fn display_base(base: &GeneralName<'_>) -> String {
    match base {
        GeneralName::Ip(octets) if octets.len() == 8 || octets.len() == 32 => {
            let (address, mask) = octets.split_at(octets.len() / 2);
            let prefix: u32 = mask.iter().map(|octet| octet.leading_ones()).sum();
            format!("{}/{prefix}", GeneralName::Ip(address).display())
        }
        _ => base.display(),
    }
}

/// The bases of a list that was checked when it was read.
fn subtrees(buffer: &[u8], place: Option<Span>) -> impl Iterator<Item = GeneralName<'_>> {
    let mut reader = place.map(|place| Reader::inside(buffer, place));
    std::iter::from_fn(move || {
        let reader = reader.as_mut().filter(|reader| !reader.is_empty())?;
        let mut subtree = reader.open(tag::SEQUENCE).ok()?;
        GeneralName::read(&mut subtree).ok()
    })
}
