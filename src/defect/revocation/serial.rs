//! Revoked certificates whose number is hard to find in the list.

use super::{Defect, Position, Severity, defect, entry, list, revoke, revoke_as, serial_of};
use crate::{
    defect::{Unfit, certificate_at},
    recipe::generate::add_fresh_crls,
    verdict::Reason,
};

const END_ENTITY: &[Position] = &[Position::EndEntity];

/// Entries of the long list.
const MANY: u32 = 10_000;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        positions: END_ENTITY,
        clause: "RFC 5280 section 6.3.3 (i)",
        prepare: |recipe, _| {
            add_fresh_crls(recipe);
            // Numbers of another length than the end entity's, so that none is hit by chance, and
            // of 20 octets at most.
            let length = match serial_of(recipe, Position::EndEntity)?.len() {
                length @ ..=16 => length + 4,
                length => (length - 1).min(20),
            };
            let others = (0..MANY).map(|number| {
                let mut serial = vec![0x21; length];
                serial[length - 4..].copy_from_slice(&number.to_be_bytes());
                let mut other = entry(recipe, serial);
                other.extensions.clear();
                other
            });
            let others = others.collect();
            list(recipe)?.revoked = others;
            Ok(())
        },
        ..defect(
            "revocation/revoked-last-of-many",
            "the end entity is the last of ten thousand entries",
            "Lists of public CAs have hundreds of thousands of entries. A verifier that gives up at a limit, or builds \
             an index that loses the last entry, accepts whoever was revoked most recently.",
            &[Reason::Revoked, Reason::BudgetExceeded],
            revoke,
        )
    },
    Defect {
        positions: END_ENTITY,
        clause: "RFC 5280 section 6.3.3 (i)",
        prepare: |recipe, _| {
            add_fresh_crls(recipe);
            let serial = serial_of(recipe, Position::EndEntity)?;
            let [first, .., last] = *serial else {
                return Err(Unfit("the number has no shorter look-alike"));
            };
            let mut ends_alike = serial.clone();
            // Neither negative nor with a zero that it does not need.
            ends_alike[0] = if first < 0x40 {
                first + 0x20
            } else {
                first ^ 1
            };
            let mut longer_or_next = serial.clone();
            match serial.len() {
                ..20 => longer_or_next.push(0x11),
                // None is longer than 20 octets.
                length => longer_or_next[length - 1] = last ^ 1,
            }
            let look_alikes = [
                serial[..serial.len() - 1].to_vec(),
                longer_or_next,
                ends_alike,
            ];
            for look_alike in look_alikes {
                let other = entry(recipe, look_alike);
                list(recipe)?.revoked.push(other);
            }
            Ok(())
        },
        ..defect(
            "revocation/revoked-beside-look-alike-serials",
            "the list names the end entity beside numbers that begin or end alike",
            "Numbers are equal when all their octets are. A comparison of a prefix, such as memcmp over the shorter \
             length, finds a neighbour first; it may then accept the revoked one or refuse a good one, which is what \
             the twin shows.",
            &[Reason::Revoked],
            revoke,
        )
    },
    Defect {
        positions: END_ENTITY,
        clause: "RFC 5280 sections 4.1.2.2 and 6.3.3 (i)",
        prepare: |recipe, _| {
            let certificate = certificate_at(recipe, Position::EndEntity)?;
            let mut longest = vec![0x5a; 20];
            longest[19] = 0x01;
            certificate.serial = longest.into();
            add_fresh_crls(recipe);
            Ok(())
        },
        ..defect(
            "revocation/revoked-with-longest-serial",
            "the list names an end entity whose number has 20 octets",
            "Twenty octets are the longest number that a CA may use and that every user of certificates must handle. \
             A verifier that keeps numbers in 64 or 128 bits cannot find it in a list.",
            &[Reason::Revoked],
            revoke,
        )
    },
    Defect {
        positions: END_ENTITY,
        clause: "RFC 5280 section 6.3.3 (i)",
        prepare: |recipe, _| {
            let certificate = certificate_at(recipe, Position::EndEntity)?;
            certificate.serial = vec![0, 0x9c, 0x33, 0x21].into();
            add_fresh_crls(recipe);
            Ok(())
        },
        ..defect(
            "revocation/revoked-with-high-bit-serial",
            "the list names an end entity whose number needs a leading zero octet",
            "A number whose first bit is set is written with a zero before it. A verifier that strips the zero on one \
             side and not on the other never finds it.",
            &[Reason::Revoked],
            revoke,
        )
    },
    Defect {
        positions: END_ENTITY,
        severity: Severity::Medium,
        clause: "X.690 section 8.3.2; RFC 5280 section 6.3.3 (i)",
        ..defect(
            "revocation/revoked-by-padded-serial",
            "the entry writes the end entity's number with a needless leading zero",
            "The number is the same, its encoding is not DER. A list that is not DER may be refused; one that is \
             believed must be read by value, or the revoked certificate goes free.",
            &[
                Reason::CrlMalformed,
                Reason::Revoked,
                Reason::RevocationUnknown,
                Reason::MalformedDer,
            ],
            |recipe, position| {
                revoke_as(recipe, position, |entry| {
                    // A number with its first bit set has its one zero already.
                    entry.serial.0.insert(0, 0);
                })
            },
        )
    },
];
