//! Rules on one certificate by itself: its fields, whatever stands above it.
//!
//! A [`Judge`] collects violations for one certificate and counts the rules it
//! checked. Rules on usage and on conformance are in their own files.

use std::borrow::Cow;

use crate::{
    question::Time,
    verdict::{Clause, Reason},
};

use super::{
    algorithm::{AlgorithmError, Hash, SignatureAlgorithm},
    certificate::{Certificate, Demand},
    explain::display_time,
    extension::Known,
    key_rule,
    profile::Profile,
    report::Violation,
    signature::SignatureScheme,
    strict::dotted,
};

/// Where a certificate stands in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    EndEntity,
    /// The end of the path of a CRL's signer: nobody's peer, and it need not be a CA.
    CrlSigner,
    Intermediate,
    Anchor,
}

/// Judges one certificate.
pub(crate) struct Judge<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) profile: &'a Profile,
    pub(crate) role: Role,
    /// Its index in the presented chain. `None` for the anchor.
    pub(crate) place: Option<usize>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) checks: u32,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(
        certificate: &'a Certificate,
        profile: &'a Profile,
        role: Role,
        place: Option<usize>,
    ) -> Self {
        Self {
            certificate,
            profile,
            role,
            place,
            violations: Vec::new(),
            checks: 0,
        }
    }

    /// Counts a rule, and reports it unless it holds. The detail is made only then.
    pub(crate) fn check(
        &mut self,
        holds: bool,
        reason: Reason,
        clause: Clause,
        detail: impl FnOnce() -> String,
    ) {
        self.checks += 1;
        if !holds {
            self.violations.push(Violation {
                reason,
                clause,
                certificate: self.place,
                detail: detail(),
            });
        }
    }

    /// Every rule on the fields of the certificate.
    pub(crate) fn check_fields(&mut self, time: Time, scheme: &dyn SignatureScheme) {
        self.check_encoding();
        self.check_validity(time);
        self.check_signature_algorithms();
        self.check_key(scheme);
        self.check_serial();
        self.check_issuer();
        self.check_subject();
        self.check_unknown_extensions();
    }

    // RFC 5280 section 4.1; X.690 sections 8 to 11
    fn check_encoding(&mut self) {
        self.checks += 1;
        for flaw in self.certificate.flaws() {
            let asked = match flaw.demand {
                Demand::Always => true,
                Demand::StrictDer => self.profile.strict_der,
                Demand::Conformance => self.profile.conforming_certificates,
            };
            if asked {
                self.violations.push(Violation {
                    reason: flaw.reason,
                    clause: flaw.clause,
                    certificate: self.place,
                    detail: flaw.detail.clone(),
                });
            }
        }
    }

    // RFC 5280 sections 4.1.2.5 and 6.1.3 (a)(2)
    fn check_validity(&mut self, time: Time) {
        let (not_before, not_after) = (self.certificate.not_before(), self.certificate.not_after());
        if self
            .certificate
            .flaws()
            .iter()
            .any(|flaw| flaw.reason == Reason::BadValidity && flaw.demand == Demand::Always)
        {
            return;
        }
        if not_after < not_before {
            return self.check(
                false,
                Reason::BadValidity,
                "RFC 5280 section 4.1.2.5",
                || {
                    format!(
                        "ends {} before it begins {}",
                        display_time(not_after),
                        display_time(not_before)
                    )
                },
            );
        }
        self.check(
            time >= not_before,
            Reason::NotYetValid,
            Reason::NotYetValid.clause(),
            || {
                let distance = display_distance(not_before.unix_seconds() - time.unix_seconds());
                format!(
                    "begins {}, {distance} after the validation time",
                    display_time(not_before)
                )
            },
        );
        self.check(
            time <= not_after,
            Reason::Expired,
            Reason::Expired.clause(),
            || {
                let distance = display_distance(time.unix_seconds() - not_after.unix_seconds());
                format!(
                    "ended {}, {distance} before the validation time",
                    display_time(not_after)
                )
            },
        );
        if let (Role::EndEntity, Some(days)) = (self.role, self.profile.maximum_lifetime_days) {
            // The last second counts, as CA/B section 6.3.2 says.
            let seconds = not_after.unix_seconds() - not_before.unix_seconds() + 1;
            self.check(
                seconds <= i64::from(days) * 86_400,
                Reason::LifetimeTooLong,
                Reason::LifetimeTooLong.clause(),
                || {
                    let allowed = i64::from(days) * 86_400;
                    format!(
                        "lives {} longer than the {} allowed",
                        display_exactly(seconds - allowed),
                        display_exactly(allowed)
                    )
                },
            );
        }
    }

    // RFC 5280 sections 4.1.1.2 and 4.1.2.3
    fn check_signature_algorithms(&mut self) {
        let (outer, inner) = (
            self.certificate.signature_algorithm(),
            self.certificate.inner_algorithm(),
        );
        if outer != inner {
            return self.check(
                false,
                Reason::AlgorithmMismatch,
                Reason::AlgorithmMismatch.clause(),
                || {
                    let name = |der| match SignatureAlgorithm::parse(der) {
                        Ok(algorithm) => algorithm.name().to_string(),
                        Err(error) => error.to_string(),
                    };
                    format!(
                        "signed with {}, the signed part says {}",
                        name(outer),
                        name(inner)
                    )
                },
            );
        }
        if self.role == Role::Anchor {
            // An anchor's own signature proves nothing, so its strength means nothing.
            return;
        }
        let place = self.place;
        self.checks += 1;
        self.violations
            .extend(check_algorithm(outer, self.profile).map(|mut violation| {
                violation.certificate = place;
                violation
            }));
    }

    // RFC 5280 section 4.1.2.7
    fn check_key(&mut self, scheme: &dyn SignatureScheme) {
        self.checks += 1;
        let mut rules = Cow::Borrowed(&self.profile.keys);
        if self.role == Role::Anchor && rules.minimum_rsa_exponent > 3 {
            // Roots with the exponent 3 are in every trust store. It endangers those alone who
            // do not look at the padding of a signature, which this validator does.
            rules.to_mut().minimum_rsa_exponent = 3;
        }
        let violation =
            key_rule::check_key(self.certificate.key_info(), &rules, scheme, self.place);
        self.violations.extend(violation);
    }

    // RFC 5280 section 4.1.2.2
    fn check_serial(&mut self) {
        // Roots with serial number zero are in every trust store, and no CRL lists an anchor.
        if !self.profile.positive_serials || self.role == Role::Anchor {
            return;
        }
        let serial = self.certificate.serial();
        let what = match serial {
            [0] => "zero",
            [first, ..] if *first >= 0x80 => "negative",
            _ if serial.len() > 20 => "longer than 20 octets",
            _ => "",
        };
        self.check(
            what.is_empty(),
            Reason::BadSerial,
            Reason::BadSerial.clause(),
            || format!("the serial number is {what}"),
        );
    }

    // RFC 5280 section 4.1.2.4
    fn check_issuer(&mut self) {
        self.check(
            !self.certificate.issuer().is_empty(),
            Reason::MalformedName,
            "RFC 5280 section 4.1.2.4",
            || "the issuer is an empty name".to_owned(),
        );
    }

    // RFC 5280 section 4.1.2.6
    fn check_subject(&mut self) {
        let empty = self.certificate.subject().is_empty();
        let extensions = self.certificate.extensions();
        if self.role != Role::EndEntity {
            self.check(
                !empty,
                Reason::MalformedName,
                "RFC 5280 section 4.1.2.6",
                || "a CA's subject is an empty name".to_owned(),
            );
        } else if empty && self.profile.conforming_certificates {
            let clause = "RFC 5280 sections 4.1.2.6 and 4.2.1.6";
            let named = extensions.has(Known::SubjectAltName)
                || self.profile.end_entity.require_subject_alt_name;
            self.check(named, Reason::MalformedName, clause, || {
                "neither a subject nor a subject alternative name".to_owned()
            });
            let critical = extensions.is_critical(Known::SubjectAltName)
                || !extensions.has(Known::SubjectAltName);
            self.check(
                critical,
                Reason::WrongCriticality,
                "RFC 5280 section 4.2.1.6",
                || "subjectAltName is not critical although the subject is empty".to_owned(),
            );
        }
    }

    // RFC 5280 sections 4.2, 6.1.4 (o) and 6.1.5 (f)
    fn check_unknown_extensions(&mut self) {
        self.checks += 1;
        for entry in &self.certificate.extensions().entries {
            if entry.critical && entry.known.is_none() {
                self.violations.push(Violation {
                    reason: Reason::UnknownCriticalExtension,
                    clause: Reason::UnknownCriticalExtension.clause(),
                    certificate: self.place,
                    detail: format!(
                        "extension {} is critical and unknown",
                        dotted(entry.oid.of(self.certificate.der()))
                    ),
                });
            }
        }
    }
}

/// Judges the algorithm of a signature, on a certificate, CRL or OCSP response.
// RFC 5280 section 6.1.3 (a)(1); RFC 9155; profile: signatures
pub(crate) fn check_algorithm(der: &[u8], profile: &Profile) -> Option<Violation> {
    match SignatureAlgorithm::parse(der) {
        Ok(algorithm) if profile.signatures.contains(&algorithm.name()) => None,
        Ok(algorithm) => {
            let broken = matches!(algorithm.name().hash(), Some(Hash::Md5 | Hash::Sha1));
            let why = if broken {
                "is broken"
            } else {
                "is not allowed"
            };
            let violation = Violation::new(
                Reason::WeakSignatureAlgorithm,
                None,
                format!("{} {why}", algorithm.name()),
            );
            Some(if broken {
                violation
            } else {
                violation.under("profile: signatures")
            })
        }
        Err(error) => {
            let clause = match error {
                AlgorithmError::Parameters(_) | AlgorithmError::Der(_) => {
                    "RFC 5280 section 4.1.1.2"
                }
                AlgorithmError::Unknown(_) => Reason::UnsupportedSignatureAlgorithm.clause(),
            };
            Some(
                Violation::new(
                    Reason::UnsupportedSignatureAlgorithm,
                    None,
                    error.to_string(),
                )
                .under(clause),
            )
        }
    }
}

/// A span of time to the second: `1 day 1 second`.
pub(crate) fn display_exactly(seconds: i64) -> String {
    let parts = [
        seconds / 86_400 * 86_400,
        seconds % 86_400 / 3_600 * 3_600,
        seconds % 3_600 / 60 * 60,
        seconds % 60,
    ];
    let told: Vec<_> = parts
        .into_iter()
        .filter(|part| *part != 0)
        .map(display_distance)
        .collect();
    if told.is_empty() {
        display_distance(0)
    } else {
        told.join(" ")
    }
}

/// A span of time in the largest unit of which it holds at least one.
pub(crate) fn display_distance(seconds: i64) -> String {
    let (count, unit) = match seconds {
        86_400.. => (seconds / 86_400, "day"),
        3_600.. => (seconds / 3_600, "hour"),
        60.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    if count == 1 {
        format!("1 {unit}")
    } else {
        format!("{count} {unit}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_told_in_the_largest_whole_unit() {
        let table = [
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (7_300, "2 hours"),
            (172_800, "2 days"),
        ];
        for (seconds, text) in table {
            assert_eq!(display_distance(seconds), text);
        }
    }

    #[test]
    fn an_excess_is_told_to_the_second() {
        let table = [
            (0, "0 seconds"),
            (1, "1 second"),
            (86_400, "1 day"),
            (86_401, "1 day 1 second"),
            (90_061, "1 day 1 hour 1 minute 1 second"),
        ];
        for (seconds, text) in table {
            assert_eq!(display_exactly(seconds), text);
        }
    }
}
