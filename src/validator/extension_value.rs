//! The values of extensions, read strictly as their definitions say.
//!
//! Apart from the table of extensions, because a value says nothing of whether
//! it may stand where it stands.

use crate::verdict::Reason;

use super::{
    certificate::{Demand, Flaw},
    extension::{
        AuthorityKeyIdentifier, BasicConstraints, Known, NameConstraints, PolicyConstraints,
        encoding,
    },
    general_name,
    key_usage::KeyUsageBits,
    policy::ANY_POLICY,
    strict::{DerError, DerFault, Reader, Span, dotted, small_integer, tag},
};

/// A SEQUENCE whose contents a check has gone through, as the place of the contents.
pub(super) fn read_list(
    value: &mut Reader<'_>,
    check: impl FnOnce(Reader<'_>) -> Result<(), DerError>,
) -> Result<Span, DerError> {
    let element = value.expect(tag::SEQUENCE)?;
    check(value.enter(element))?;
    Ok(element.contents)
}

// RFC 5280 section 4.2.1.1
pub(super) fn read_authority_key_identifier(
    value: &mut Reader<'_>,
) -> Result<AuthorityKeyIdentifier, DerError> {
    let mut inside = value.open(tag::SEQUENCE)?;
    let key = inside
        .optional(tag::context(0))?
        .map(|element| element.contents);
    let issuer = inside.optional(tag::context_constructed(1))?;
    if let Some(issuer) = issuer {
        general_name::check_names(inside.enter(issuer))?;
    }
    let before = inside;
    let serial = inside
        .optional(tag::context(2))?
        .map(|element| element.contents);
    inside.finish()?;
    if issuer.is_some() != serial.is_some() {
        return Err(before.fault(DerFault::Value));
    }
    Ok(AuthorityKeyIdentifier {
        key,
        issuer: issuer.map(|element| element.contents),
        serial,
    })
}

// RFC 5280 section 4.2.1.3; X.690 section 11.2
pub(super) fn read_key_usage(
    value: &mut Reader<'_>,
    flaws: &mut Vec<Flaw>,
) -> Result<KeyUsageBits, DerError> {
    let before = *value;
    let element = value.expect(tag::BIT_STRING)?;
    let (&unused, octets) = value
        .bytes(element.contents)
        .split_first()
        .ok_or(before.fault(DerFault::BitString))?;
    if unused > 7 || octets.is_empty() {
        // At least one of the bits must be set to 1.
        return Err(before.fault(if unused == 0 {
            DerFault::Empty
        } else {
            DerFault::BitString
        }));
    }
    let mut bits = 0u16;
    for (index, octet) in octets.iter().take(2).enumerate() {
        bits |= u16::from(octet.reverse_bits()) << (8 * index);
    }
    let last = octets[octets.len() - 1];
    if last & ((1u8 << unused) - 1) != 0 {
        return Err(before.fault(DerFault::BitString));
    }
    if octets.iter().all(|&octet| octet == 0) {
        return Err(before.fault(DerFault::Empty));
    }
    if last >> unused & 1 == 0 {
        flaws.push(encoding(
            "X.690 section 11.2.2",
            before.fault(DerFault::BitString),
        ));
    }
    Ok(KeyUsageBits::new(bits))
}

// RFC 5280 section 4.2.1.9
pub(super) fn read_basic_constraints(
    value: &mut Reader<'_>,
    flaws: &mut Vec<Flaw>,
) -> Result<BasicConstraints, DerError> {
    let mut inside = value.open(tag::SEQUENCE)?;
    let before = inside;
    let ca = if inside.peek() == Some(tag::BOOLEAN) {
        let ca = inside.boolean()?;
        if !ca {
            flaws.push(encoding(
                "X.690 section 11.5",
                before.fault(DerFault::DefaultWritten),
            ));
        }
        ca
    } else {
        false
    };
    let path_length = match inside.peek() {
        Some(_) => Some(read_skip_certs(&mut inside, tag::INTEGER)?),
        None => None,
    };
    inside.finish()?;
    Ok(BasicConstraints { ca, path_length })
}

/// `INTEGER (0..MAX)` under a tag.
pub(super) fn read_skip_certs(reader: &mut Reader<'_>, expected: u8) -> Result<u32, DerError> {
    let before = *reader;
    let element = reader.expect(expected)?;
    small_integer(reader.bytes(element.contents)).map_err(|fault| before.fault(fault))
}

// RFC 5280 section 4.2.1.10
pub(super) fn read_name_constraints(value: &mut Reader<'_>) -> Result<NameConstraints, DerError> {
    let mut inside = value.open(tag::SEQUENCE)?;
    if inside.is_empty() {
        return Err(inside.fault(DerFault::Empty));
    }
    let mut lists = [None, None];
    for (number, list) in [0u8, 1].into_iter().zip(&mut lists) {
        if let Some(element) = inside.optional(tag::context_constructed(number))? {
            super::constraint::check_subtrees(inside.enter(element))?;
            *list = Some(element.contents);
        }
    }
    inside.finish()?;
    let [permitted, excluded] = lists;
    Ok(NameConstraints {
        permitted,
        excluded,
    })
}

// RFC 5280 section 4.2.1.4
pub(super) fn check_policies(mut list: Reader<'_>) -> Result<(), DerError> {
    if list.is_empty() {
        return Err(list.fault(DerFault::Empty));
    }
    while !list.is_empty() {
        let mut information = list.open(tag::SEQUENCE)?;
        information.oid()?;
        if let Some(element) = information.optional(tag::SEQUENCE)? {
            let mut qualifiers = information.enter(element);
            if qualifiers.is_empty() {
                return Err(qualifiers.fault(DerFault::Empty));
            }
            while !qualifiers.is_empty() {
                let mut qualifier = qualifiers.open(tag::SEQUENCE)?;
                qualifier.oid()?;
                qualifier.element()?;
                qualifier.finish()?;
            }
        }
        information.finish()?;
    }
    Ok(())
}

/// id-qt-cps and id-qt-unotice: a pointer and a text, for people.
// RFC 5280 section 4.2.1.4
const QUALIFIERS: [&[u8]; 2] = [
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01],
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x02],
];

/// Qualifiers of other kinds, in policies that could be read: where the extension is critical
/// nobody can say what they mean, and anyPolicy must have none.
// RFC 5280 section 4.2.1.4
pub(super) fn check_qualifiers(
    mut value: Reader<'_>,
    critical: bool,
    flaws: &mut Vec<Flaw>,
) -> Result<(), DerError> {
    let mut list = value.open(tag::SEQUENCE)?;
    while !list.is_empty() {
        let mut information = list.open(tag::SEQUENCE)?;
        let policy = information.oid()?;
        let is_any = information.bytes(policy) == ANY_POLICY;
        let Some(element) = information.optional(tag::SEQUENCE)? else {
            continue;
        };
        let mut qualifiers = information.enter(element);
        while !qualifiers.is_empty() {
            let mut qualifier = qualifiers.open(tag::SEQUENCE)?;
            let kind = qualifier.oid()?;
            let kind = qualifier.bytes(kind);
            if QUALIFIERS.contains(&kind) || !(critical || is_any) {
                continue;
            }
            let (demand, reason, whose) = match critical {
                true => (Demand::Always, Reason::UnknownCriticalExtension, "critical"),
                false => (Demand::Conformance, Reason::BadPolicy, "anyPolicy's"),
            };
            flaws.push(Flaw {
                demand,
                reason,
                clause: Known::CertificatePolicies.clause(),
                detail: format!(
                    "a {whose} policy qualifier {} that nobody can interpret",
                    dotted(kind)
                ),
            });
            // One says it.
            return Ok(());
        }
    }
    Ok(())
}

// RFC 5280 section 4.2.1.5
pub(super) fn check_mappings(mut list: Reader<'_>) -> Result<(), DerError> {
    if list.is_empty() {
        return Err(list.fault(DerFault::Empty));
    }
    while !list.is_empty() {
        let mut mapping = list.open(tag::SEQUENCE)?;
        mapping.oid()?;
        mapping.oid()?;
        mapping.finish()?;
    }
    Ok(())
}

// RFC 5280 section 4.2.1.11
pub(super) fn read_policy_constraints(
    value: &mut Reader<'_>,
    flaws: &mut Vec<Flaw>,
) -> Result<PolicyConstraints, DerError> {
    let mut inside = value.open(tag::SEQUENCE)?;
    if inside.is_empty() {
        flaws.push(Flaw {
            demand: Demand::Conformance,
            reason: Reason::MalformedExtension,
            clause: Known::PolicyConstraints.clause(),
            detail: "policyConstraints is an empty sequence".to_owned(),
        });
    }
    let mut numbers = [None, None];
    for (number, skip) in [0u8, 1].into_iter().zip(&mut numbers) {
        if inside.peek() == Some(tag::context(number)) {
            *skip = Some(read_skip_certs(&mut inside, tag::context(number))?);
        }
    }
    inside.finish()?;
    let [require_explicit_policy, inhibit_policy_mapping] = numbers;
    Ok(PolicyConstraints {
        require_explicit_policy,
        inhibit_policy_mapping,
    })
}

// RFC 5280 section 4.2.1.12
pub(super) fn check_oids(mut list: Reader<'_>) -> Result<(), DerError> {
    if list.is_empty() {
        return Err(list.fault(DerFault::Empty));
    }
    while !list.is_empty() {
        list.oid()?;
    }
    Ok(())
}

// RFC 5280 section 4.2.1.13
pub(super) fn check_distribution_points(mut list: Reader<'_>) -> Result<(), DerError> {
    if list.is_empty() {
        return Err(list.fault(DerFault::Empty));
    }
    while !list.is_empty() {
        let mut point = list.open(tag::SEQUENCE)?;
        let name = point.optional(tag::context_constructed(0))?;
        let mut is_relative = false;
        if let Some(name) = name {
            let mut choice = point.enter(name);
            let full = choice.element()?;
            choice.finish()?;
            match full.tag {
                0xa0 => general_name::check_names(choice.enter(full))?,
                0xa1 => is_relative = true,
                _ => return Err(choice.fault(DerFault::Value)),
            }
        }
        point.optional(tag::context(1))?;
        let issuer = point.optional(tag::context_constructed(2))?;
        if let Some(issuer) = issuer {
            let mut names = point.enter(issuer);
            general_name::check_names(names)?;
            names.element()?;
            // Relative to more than one distinguished name, a name is more than one.
            if is_relative && !names.is_empty() {
                return Err(names.fault(DerFault::Value));
            }
        }
        point.finish()?;
        // A DistributionPoint must not consist of only the reasons field.
        if name.is_none() && issuer.is_none() {
            return Err(point.fault(DerFault::Value));
        }
    }
    Ok(())
}

// RFC 5280 section 4.2.2.1
pub(super) fn check_access_descriptions(mut list: Reader<'_>) -> Result<(), DerError> {
    if list.is_empty() {
        return Err(list.fault(DerFault::Empty));
    }
    while !list.is_empty() {
        let mut description = list.open(tag::SEQUENCE)?;
        description.oid()?;
        general_name::GeneralName::read(&mut description)?;
        description.finish()?;
    }
    Ok(())
}
