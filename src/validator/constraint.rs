//! Name constraints: which names a CA may certify.
//!
//! The state of RFC 5280 section 6.1.2 (b) and (c) is kept as the constraints
//! of every CA above, and each name is judged under all of them: the same as
//! the intersection and union of subtrees, without building either.

use crate::verdict::{Clause, Reason};

use super::{
    attribute,
    budget::{Budget, OverBudget},
    certificate::Certificate,
    extension::NameConstraints,
    general_name::{GeneralName, names},
    name::attributes,
    strict::{DerError, DerFault, Reader, Span, small_integer, tag},
    subtree::{Base, Match, Side, Subject, compare, is_sound_base},
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
        if !subtree.is_empty() || !is_sound_base(&base) {
            return Err(before.fault(DerFault::Value));
        }
    }
    Ok(())
}

/// What a `GeneralSubtree` holds that [`check_subtrees`] refuses, in words.
pub(crate) fn describe_subtree(der: &[u8]) -> Option<String> {
    let mut subtree = Reader::new(der).ok()?.open(tag::SEQUENCE).ok()?;
    let base = GeneralName::read_again(&mut subtree).ok()?;
    let why = match base {
        _ if !subtree.is_empty() => " with a minimum or maximum, which nobody processes",
        GeneralName::Dns(text) if text.starts_with('.') => {
            " begins with a period, which only constraints of URIs and mailboxes may"
        }
        _ => "",
    };
    Some(format!(
        "the constraint {} `{}`{why}",
        base.kind(),
        display_base(&base)
    ))
}

/// Why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) clause: Clause,
    pub(crate) detail: String,
}

/// The constraints of one CA.
#[derive(Clone, Debug)]
struct Subtrees<'a> {
    excluded: Vec<Base<'a>>,
    permitted: Vec<Base<'a>>,
}

/// The constraints of every CA above a certificate.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConstraintState<'a> {
    sets: Vec<Subtrees<'a>>,
}

/// The most names of one certificate that are refused one by one. The rest are counted.
const REFUSALS_SHOWN: usize = 8;

/// How many comparisons may follow the first refusal, to find the names that are refused too.
const FURTHER_COMPARISONS: usize = 10_000;

impl<'a> ConstraintState<'a> {
    // RFC 5280 section 6.1.4 (g)
    pub(crate) fn narrow(
        &mut self,
        constraints: NameConstraints,
        buffer: &'a [u8],
        budget: &mut Budget,
    ) -> Result<(), OverBudget> {
        let set = Subtrees {
            excluded: subtrees(buffer, constraints.excluded).collect(),
            permitted: subtrees(buffer, constraints.permitted).collect(),
        };
        let bases = set.excluded.iter().chain(&set.permitted);
        budget.spend_name_octets(bases.map(Base::prepared_octets).sum())?;
        self.sets.push(set);
        Ok(())
    }

    /// The names of a certificate that lie outside what its issuers may certify.
    // RFC 5280 sections 6.1.3 (b) and (c)
    pub(crate) fn check_names(
        &self,
        certificate: &Certificate,
        budget: &mut Budget,
    ) -> Result<Vec<Refusal>, OverBudget> {
        let mut refusals = Vec::new();
        let comparisons: usize = self
            .sets
            .iter()
            .map(|set| set.excluded.len() + set.permitted.len())
            .sum();
        if comparisons == 0 {
            return Ok(refusals);
        }
        let alternatives = certificate.extensions().subject_alt_name;
        let subject = certificate.subject_der();
        let whole = (!certificate.subject().is_empty()).then_some(GeneralName::Directory(subject));
        // A mailbox in the subject counts where there is no subject alternative name.
        let mailboxes = attributes(subject)
            .filter(|found| alternatives.is_none() && found.kind == attribute::EMAIL_ADDRESS)
            .map(|found| {
                GeneralName::Email(std::str::from_utf8(found.value.contents).unwrap_or("@"))
            });
        let mut further = FURTHER_COMPARISONS / comparisons;
        let (mut more, mut complete) = (0_usize, true);
        for name in whole
            .into_iter()
            .chain(mailboxes)
            .chain(names(certificate.der(), alternatives))
        {
            if !refusals.is_empty() {
                if further == 0 {
                    complete = false;
                    break;
                }
                further -= 1;
            }
            match self.check_name(name, budget)? {
                Some(_) if refusals.len() >= REFUSALS_SHOWN => more += 1,
                refusal => refusals.extend(refusal),
            }
        }
        if let (Some(last), true) = (refusals.last_mut(), more > 0 || !complete) {
            last.detail.push_str(&match (more, complete) {
                (0, _) => "; the names after it were not compared".to_owned(),
                (_, true) => format!("; {more} more of its names violate constraints"),
                (_, false) => format!("; at least {more} more of its names violate constraints"),
            });
        }
        Ok(refusals)
    }

    fn check_name(
        &self,
        name: GeneralName<'_>,
        budget: &mut Budget,
    ) -> Result<Option<Refusal>, OverBudget> {
        let is_directory = |base: &&Base<'_>| matches!(base.name, GeneralName::Directory(_));
        let mut bases = self
            .sets
            .iter()
            .flat_map(|set| set.excluded.iter().chain(&set.permitted));
        if matches!(name, GeneralName::Directory(_)) && bases.find(is_directory).is_none() {
            // Not worth the preparation.
            budget.spend_name_comparison()?;
            return Ok(None);
        }
        let subject = Subject::from(&name);
        budget.spend_name_octets(subject.prepared_octets())?;
        let mut compare = |base: &Base<'_>, side| {
            budget.spend_name_comparison()?;
            budget.spend_name_octets(subject.prepared_octets().min(base.prepared_octets()) / 64)?;
            Ok(compare(&subject, base, side))
        };
        for set in &self.sets {
            for base in &set.excluded {
                match compare(base, Side::Excluded)? {
                    Match::OtherKind | Match::Outside => {}
                    Match::Inside => return Ok(Some(excluded(&name, &base.name))),
                    Match::Unclear => return Ok(Some(unclear(&name, &base.name))),
                }
            }
            let mut nearest = None;
            let mut inside = false;
            for base in &set.permitted {
                match compare(base, Side::Permitted)? {
                    Match::OtherKind => continue,
                    Match::Inside => inside = true,
                    Match::Outside => nearest = nearest.or(Some(base)),
                    Match::Unclear => return Ok(Some(unclear(&name, &base.name))),
                }
                if inside {
                    break;
                }
            }
            if let (false, Some(base)) = (inside, nearest) {
                return Ok(Some(not_permitted(&name, &base.name)));
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
fn subtrees(buffer: &[u8], place: Option<Span>) -> impl Iterator<Item = Base<'_>> {
    let mut reader = place.map(|place| Reader::inside(buffer, place));
    std::iter::from_fn(move || {
        let reader = reader.as_mut().filter(|reader| !reader.is_empty())?;
        let mut subtree = reader.open(tag::SEQUENCE).ok()?;
        GeneralName::read_again(&mut subtree).ok().map(Base::new)
    })
}

#[cfg(test)]
#[path = "constraint_tests.rs"]
mod tests;
