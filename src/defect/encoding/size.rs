//! Certificates that are right and of a size or depth that nobody needs.

use super::{END_ENTITY, defect};
use crate::{
    defect::{
        Class, Defect, Position, Severity, Step, Unfit, certificate_at,
        change::{UNKNOWN, edit_signed_part},
    },
    der::{Change, HexBytes, Writer, tag},
    recipe::{Attribute, AttributeKind, ExtensionValue, Recipe},
    verdict::Reason,
};

/// How many octets the large certificate has more than its twin. TLS could carry 16 MiB.
const LARGE: usize = 200_000;
/// How many relative names the long subject has more than its twin.
const MANY_NAMES: usize = 1_000;
/// How many SEQUENCEs stand inside one another.
const DEEP: usize = 2_000;

/// A certificate that costs more than it is worth.
const fn burden(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        severity: Severity::Low,
        class: Class::Policy,
        positions: END_ENTITY,
        ..defect(
            id,
            summary,
            page,
            "RFC 5280 section 8; verifier's budget",
            &[
                Reason::BudgetExceeded,
                Reason::MalformedDer,
                Reason::MalformedName,
            ],
            spoil,
        )
    }
}

/// Defects of size.
pub(super) const SIZES: &[Defect] = &[
    burden(
        "encoding/large-certificate",
        "the certificate has 200,000 octets",
        "An unauthenticated peer makes the verifier store, copy and hash as much as it likes. A bound of a few tens of \
         kilobytes loses no certificate that anybody issues.",
        |recipe, position| {
            let value = HexBytes(vec![0x5a; LARGE]);
            let large = ExtensionValue::Raw {
                oid: UNKNOWN,
                value,
            };
            certificate_at(recipe, position)?
                .extensions
                .push(large.not_critical());
            Ok(())
        },
    ),
    burden(
        "encoding/thousand-relative-names",
        "the subject has a thousand relative names more than its twin",
        "Names are compared, shown, logged and turned into text. Some of that is quadratic in the number of relative \
         names, and a log line of 20 KB helps nobody.",
        |recipe, position| {
            let subject = &mut certificate_at(recipe, position)?.subject.0;
            subject.extend(
                (0..MANY_NAMES)
                    .map(|number| Attribute::new(AttributeKind::OU, format!("Unit {number}"))),
            );
            Ok(())
        },
    ),
    burden(
        "encoding/deep-nesting-in-a-name",
        "an attribute of the subject holds two thousand SEQUENCEs, one inside the other",
        "The value of an attribute may be of any type, so a general reader descends. One that recurses without a bound \
         ends when its stack does.",
        |recipe, position| {
            let mut nested = Vec::new();
            for _ in 0..DEEP {
                nested = sequence_of(&nested);
            }
            add_unit(recipe, position)?;
            let replaced = Change::Replace(HexBytes(nested));
            edit_signed_part(recipe, position, "5/-1/0/1", replaced)
        },
    ),
];

fn add_unit(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let unit = Attribute::new(AttributeKind::OU, "Unit");
    certificate_at(recipe, position)?.subject.0.push(unit);
    Ok(())
}

/// A SEQUENCE around `body`.
fn sequence_of(body: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.element(tag::SEQUENCE, body);
    w.into_bytes()
}
