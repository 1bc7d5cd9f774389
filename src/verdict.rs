//! The answer of a verifier: accept, reject for a [`Reason`], or inconclusive.
//!
//! It stands first because everything else speaks in its words. A rejection is
//! a value, never an error: an error means that whatever was asked broke.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a verifier says of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The chain is good for the purpose that was asked.
    Accept,
    /// The chain is refused, for this reason first of all.
    Reject(Reason),
    /// No answer that could be held against the verifier.
    Inconclusive(Why),
}

impl Verdict {
    /// The word of the JSON contract: `accept`, `reject` or `inconclusive`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject(_) => "reject",
            Self::Inconclusive(_) => "inconclusive",
        }
    }

    /// The reason of a rejection.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Reject(reason) => Some(*reason),
            Self::Accept | Self::Inconclusive(_) => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Reject(reason) => write!(f, "reject ({reason})"),
            Self::Inconclusive(why) => write!(f, "inconclusive ({why})"),
        }
    }
}

/// Why a verifier could not be judged on a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Why {
    /// The engine lacks the named capability.
    Unsupported(String),
    /// A budget of the verifier ran out before an answer was found.
    OverBudget,
    /// The verifier was asked to skip this case, or skipped it by itself.
    Skipped(String),
    /// No answer came within the time allowed.
    TimedOut,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(f, "unsupported: {what}"),
            Self::OverBudget => f.write_str("over budget"),
            Self::Skipped(text) if text.is_empty() => f.write_str("skipped"),
            Self::Skipped(text) => write!(f, "skipped: {text}"),
            Self::TimedOut => f.write_str("timed out"),
        }
    }
}

/// A passage of a standard, as people cite it: `RFC 5280 section 4.2.1.9`.
pub type Clause = &'static str;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $clause:literal;)*) => {
        /// Why a chain was refused. Each reason cites the clause that demands it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// Every reason there is, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in kebab case, as the JSON and the worker protocol have it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The clause that demands the refusal.
            pub const fn clause(self) -> Clause {
                match self { $(Self::$variant => $clause,)* }
            }
        }
    };
}

reasons! {
    // Time
    /// The validation time is after `notAfter`.
    Expired = "expired", "RFC 5280 sections 4.1.2.5 and 6.1.3 (a)(2)";
    /// The validation time is before `notBefore`.
    NotYetValid = "not-yet-valid", "RFC 5280 sections 4.1.2.5 and 6.1.3 (a)(2)";
    /// `notAfter` lies before `notBefore`, or a time is not in the required form.
    BadValidity = "bad-validity", "RFC 5280 section 4.1.2.5";
    /// The certificate lives longer than the profile allows.
    LifetimeTooLong = "lifetime-too-long", "profile: maximum lifetime";

    // Signatures and keys
    /// A signature does not verify under the issuer's key.
    BadSignature = "bad-signature", "RFC 5280 section 6.1.3 (a)(1)";
    /// `signatureAlgorithm` and `tbsCertificate.signature` differ.
    AlgorithmMismatch = "algorithm-mismatch", "RFC 5280 sections 4.1.1.2 and 4.1.2.3";
    /// The signature algorithm is broken or below the floor of the profile.
    WeakSignatureAlgorithm = "weak-signature-algorithm", "RFC 9155 section 2; NIST SP 800-131A section 3";
    /// The signature algorithm is not one that the verifier knows.
    UnsupportedSignatureAlgorithm = "unsupported-signature-algorithm", "RFC 5280 section 6.1.3 (a)(1)";
    /// The key is too small or of a forbidden kind.
    WeakKey = "weak-key", "NIST SP 800-131A section 2; CA/B Baseline Requirements section 6.1.5";
    /// The key is not a valid key of its kind: off the curve, even exponent, small order.
    InvalidKey = "invalid-key", "SEC 1 section 3.2.2.1; RFC 8017 section 3.1";
    /// The key's algorithm is not one that the verifier knows.
    UnsupportedKey = "unsupported-key", "RFC 5280 section 4.1.2.7";

    // Trust and path
    /// No path leads to a trust anchor.
    UnknownIssuer = "unknown-issuer", "RFC 5280 section 6.1.1 (d) and 6.1.3 (a)(4)";
    /// The issuer is not a CA: basicConstraints absent, or `cA` false.
    NotACa = "not-a-ca", "RFC 5280 sections 4.2.1.9 and 6.1.4 (k)";
    /// A CA certificate stands where an end entity must.
    CaAsEndEntity = "ca-as-end-entity", "CA/B Baseline Requirements section 7.1.2.7.8; profile";
    /// More intermediates follow than `pathLenConstraint` allows.
    PathLengthExceeded = "path-length-exceeded", "RFC 5280 sections 4.2.1.9 and 6.1.4 (l)";
    /// The path is longer than the verifier was told to allow.
    PathTooDeep = "path-too-deep", "profile: maximum depth";
    /// The trust anchor itself does not meet the profile.
    BadAnchor = "bad-anchor", "RFC 5280 section 6.1.1 (d); RFC 5937";

    // Usage
    /// Key usage does not allow what the key is used for.
    KeyUsage = "key-usage", "RFC 5280 sections 4.2.1.3 and 6.1.4 (n)";
    /// Extended key usage does not hold the purpose that was asked.
    ExtendedKeyUsage = "extended-key-usage", "RFC 5280 section 4.2.1.12";

    // Names
    /// The certificate is not for the name that was asked.
    NameMismatch = "name-mismatch", "RFC 9525 section 6";
    /// A name violates a name constraint.
    NameConstraint = "name-constraint", "RFC 5280 sections 4.2.1.10 and 6.1.3 (b), (c)";
    /// A name constraint is malformed, or of a form that the verifier cannot apply.
    UnsupportedNameConstraint = "unsupported-name-constraint", "RFC 5280 section 4.2.1.10";
    /// A name is malformed, or empty where one is needed.
    MalformedName = "malformed-name", "RFC 5280 sections 4.1.2.4, 4.1.2.6 and 4.2.1.6";
    /// The identity is not one that the service admits.
    IdentityNotAllowed = "identity-not-allowed", "profile: identity rules";

    // Certificate policies
    /// No valid policy remains although one is required.
    NoValidPolicy = "no-valid-policy", "RFC 5280 section 6.1.5 (g); RFC 9618 section 5";
    /// Policy extensions are used in a way that is forbidden, such as mapping anyPolicy.
    BadPolicy = "bad-policy", "RFC 5280 sections 4.2.1.4, 4.2.1.5 and 6.1.4 (a)";

    // Extensions
    /// A critical extension is not recognised.
    UnknownCriticalExtension = "unknown-critical-extension", "RFC 5280 sections 4.2 and 6.1.4 (o)";
    /// An extension stands twice.
    DuplicateExtension = "duplicate-extension", "RFC 5280 section 4.2";
    /// A known extension's value is not what its definition says.
    MalformedExtension = "malformed-extension", "RFC 5280 section 4.2.1";
    /// Extensions stand in a certificate whose version has none.
    ExtensionsInOldVersion = "extensions-in-old-version", "RFC 5280 section 4.1.2.9";
    /// An extension is critical where it must not be, or the reverse.
    WrongCriticality = "wrong-criticality", "RFC 5280 section 4.2.1";
    /// An extension that the profile or the standard demands is absent.
    MissingExtension = "missing-extension", "RFC 5280 section 4.2.1";

    // Encoding
    /// The bytes are not the DER of a certificate.
    MalformedDer = "malformed-der", "RFC 5280 section 4.1; X.690 sections 8 to 11";
    /// Bytes follow where none may.
    TrailingData = "trailing-data", "X.690 section 10; RFC 5280 section 4.1";
    /// The version is unknown, or not the one that is needed.
    BadVersion = "bad-version", "RFC 5280 sections 4.1.2.1 and 6.1.4 (k)";
    /// The serial number is zero, negative or longer than 20 octets.
    BadSerial = "bad-serial", "RFC 5280 section 4.1.2.2";

    // Revocation
    /// The certificate is revoked.
    Revoked = "revoked", "RFC 5280 sections 6.1.3 (a)(3) and 6.3.3";
    /// The status could not be told, and unknown is refused.
    RevocationUnknown = "revocation-unknown", "RFC 5280 sections 6.1.3 (a)(3) and 6.3.3";
    /// The CRL is past `nextUpdate`, or older than allowed.
    CrlExpired = "crl-expired", "RFC 5280 sections 5.1.2.5 and 6.3.3 (a)";
    /// The CRL's `thisUpdate` is in the future.
    CrlNotYetValid = "crl-not-yet-valid", "RFC 5280 section 5.1.2.4";
    /// The CRL's signature does not verify, or its signer is not entitled.
    CrlBadSignature = "crl-bad-signature", "RFC 5280 section 6.3.3 (f), (g)";
    /// The CRL's issuer may not sign CRLs: cRLSign is absent.
    CrlKeyUsage = "crl-key-usage", "RFC 5280 sections 4.2.1.3 and 6.3.3 (f)";
    /// The CRL, or an entry of it, holds an unknown critical extension.
    CrlUnknownCriticalExtension = "crl-unknown-critical-extension", "RFC 5280 sections 5.2 and 5.3";
    /// The bytes are not the DER of a CRL.
    CrlMalformed = "crl-malformed", "RFC 5280 section 5.1";
    /// The OCSP response is malformed, unsigned, stale or for another certificate.
    OcspInvalid = "ocsp-invalid", "RFC 6960 sections 3.2 and 4.2";

    // Handshake
    /// The peer showed no certificate although one is required.
    NoCertificate = "no-certificate", "RFC 8446 section 4.4.2.4";
    /// The peer did not prove that it holds the key.
    NoProofOfPossession = "no-proof-of-possession", "RFC 8446 section 4.4.3";
    /// The protocol version or cipher suite is below the floor.
    ProtocolTooOld = "protocol-too-old", "RFC 8996; RFC 9325 section 3.1";
    /// Neither side knows a cipher suite of the other's.
    NoCommonCipherSuite = "no-common-cipher-suite", "RFC 8446 section 4.1.1";
    /// A handshake message is malformed, missing, repeated or out of order.
    HandshakeViolation = "handshake-violation", "RFC 8446 section 4";

    // Bounds
    /// A budget ran out, which is a refusal to the outside.
    BudgetExceeded = "budget-exceeded", "RFC 5280 section 8; verifier's budget";

    /// The engine gave no reason, or none that can be told.
    Unstated = "unstated", "none";
}

impl Reason {
    /// The reason with this name in kebab case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|reason| reason.name() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|one| one.name()).collect();
            serde::de::Error::custom(format!(
                "unknown reason `{name}`, expected one of `{}`",
                known.join("`, `")
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_reasons_are_distinct_kebab_case_and_read_back() {
        for (index, reason) in Reason::ALL.iter().enumerate() {
            let name = reason.name();
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{name}"
            );
            assert_eq!(Reason::from_name(name), Some(*reason));
            assert!(
                Reason::ALL[..index]
                    .iter()
                    .all(|other| other.name() != name),
                "{name}"
            );
            assert!(!reason.clause().is_empty());
        }
        assert_eq!(Reason::from_name("no-such-reason"), None);
    }
}
