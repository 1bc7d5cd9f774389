//! *encoding*: certificates that are not the DER of a certificate.

use super::{
    Class, Defect, DefectId, Position, Severity, Step, Unfit, as_it_is, certificate_at,
    change::{edit_signed, edit_signed_part},
};
use crate::{
    der::{Change, HexBytes},
    question::Purpose,
    recipe::{Recipe, Version},
    verdict::{Clause, Reason},
};

const CERTIFICATES: &[Position] = &[Position::EndEntity, Position::Intermediate];
const DER: Clause = "X.690 section 10; RFC 5280 section 4.1";
const SERIAL: Clause = "RFC 5280 section 4.1.2.2";
const VERSION: Clause = "RFC 5280 section 4.1.2.1";

/// Everything that the defects of this family share.
const fn defect(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    clause: Clause,
    reasons: &'static [Reason],
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        clause,
        severity: Severity::Medium,
        class: Class::MustReject,
        positions: CERTIFICATES,
        purposes: &Purpose::ALL,
        reasons,
        vulnerabilities: &[],
        prepare: as_it_is,
        spoil,
    }
}

/// A defect that only strict DER or a profile refuses.
const fn lint(defect: Defect) -> Defect {
    Defect {
        severity: Severity::Low,
        class: Class::Lint,
        ..defect
    }
}

/// The family.
pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        class: Class::Policy,
        positions: &[Position::EndEntity],
        // A server's name stands in an extension, so its absence would be a second defect.
        purposes: &[Purpose::Client],
        ..defect(
            "encoding/version-1-end-entity",
            "the end entity is of version 1, without any extension",
            "A certificate of 1988's form says neither what its key is for nor whose it is beyond a distinguished name. \
             RFC 5280 does not forbid it as an end entity, but a service that tells clients by purpose or alternative \
             name cannot take it.",
            VERSION,
            &[
                Reason::BadVersion,
                Reason::MissingExtension,
                Reason::ExtendedKeyUsage,
            ],
            into_version_1,
        )
    },
    Defect {
        severity: Severity::Critical,
        positions: &[Position::Intermediate],
        vulnerabilities: &["CVE-2014-1959"],
        ..defect(
            "encoding/version-1-issuer",
            "the issuer is of version 1",
            "A version 1 certificate cannot say that it is a CA, so it is none. GnuTLS took version 1 intermediates for \
             CAs by default (CVE-2014-1959), which made every holder of an old certificate a CA.",
            "RFC 5280 section 6.1.4 (k)",
            &[Reason::NotACa, Reason::BadVersion],
            into_version_1,
        )
    },
    defect(
        "encoding/trailing-data",
        "octets follow the certificate",
        "Whatever follows the certificate is not covered by its signature. Who hashes, pins or stores the whole takes \
         one certificate for many, and the next parser may read the tail.",
        DER,
        &[Reason::TrailingData, Reason::MalformedDer],
        |recipe, position| edit_signed(recipe, position, "", append_after()),
    ),
    lint(defect(
        "encoding/non-minimal-length",
        "the length of the signed part has an octet more than it needs",
        "DER knows one encoding of everything, so that a signature covers one meaning and a hash names one \
         certificate. BER allows many, and every reader that takes them lets the same certificate appear in forms that \
         lists of fingerprints do not hold.",
        DER,
        &[Reason::MalformedDer],
        |recipe, position| edit_signed_part(recipe, position, "", Change::PadLength(1)),
    )),
    lint(defect(
        "encoding/zero-serial",
        "the serial number is zero",
        "Zero is what a CA writes that has forgotten to choose a number, and then every certificate has it. RFC 5280 \
         forbids it to CAs and asks verifiers to bear with it, so only a profile refuses it.",
        SERIAL,
        &[Reason::BadSerial],
        |recipe, position| set_serial(recipe, position, vec![0]),
    )),
    lint(defect(
        "encoding/negative-serial",
        "the serial number is negative",
        "A number with its top bit set is negative in DER. CAs that copied random octets without the leading zero \
         have issued such, and readers that drop the sign confuse it with another certificate's on a revocation list.",
        SERIAL,
        &[Reason::BadSerial],
        |recipe, position| {
            let mut serial = certificate_at(recipe, position)?.serial.0.clone();
            if let Some(first) = serial.first_mut() {
                *first |= 0x80;
            }
            set_serial(recipe, position, serial)
        },
    )),
    lint(defect(
        "encoding/serial-of-21-octets",
        "the serial number has 21 octets",
        "Verifiers must handle 20 octets, and many keep room for just these. A longer number is cut off somewhere, \
         and then the revocation list no longer finds it.",
        SERIAL,
        &[Reason::BadSerial],
        |recipe, position| set_serial(recipe, position, vec![0x5a; 21]),
    )),
];

fn append_after() -> Change {
    Change::InsertAfter(HexBytes(vec![0x05, 0x00]))
}

fn set_serial(recipe: &mut Recipe, position: Position, octets: Vec<u8>) -> Result<(), Unfit> {
    certificate_at(recipe, position)?.serial = HexBytes(octets);
    Ok(())
}

/// Version 1: no version field, no unique identifiers, no extensions.
fn into_version_1(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, position)?;
    certificate.version = Version::V1;
    certificate.extensions.clear();
    Ok(())
}
