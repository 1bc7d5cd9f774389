//! What kept a CRL or an OCSP response from telling a certificate's status, in words for a person.

use super::explain::display_time;
use crate::{
    question::Time,
    verdict::{Clause, Reason},
};

/// What kept a CRL from telling a status. Later ones came closer, and are what a person wants to hear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Obstacle {
    /// No CRL of the issuer is at hand.
    NoCrl,
    /// Something at hand is not a CRL.
    Malformed(String),
    /// An OCSP response was given and proves nothing.
    Ocsp(String),
    /// The issuer's CRLs are for other certificates.
    OutOfScope,
    /// A delta CRL, and no complete CRL that it continues.
    DeltaOnly,
    /// The CRLs cover some reasons only.
    SomeReasons,
    /// No entitled key signed the CRL.
    BadSignature(Reason),
    /// No entitled key signed the CRL, and a certificate of its issuer's name has no valid path.
    SignerRefused(String),
    /// The key that signed it may not sign CRLs.
    KeyUsage,
    /// It holds a critical extension that nobody here knows.
    UnknownCritical {
        /// The extension's OID.
        oid: String,
        /// Whether it stands in an entry.
        in_entry: bool,
    },
    /// It lacks a CRL number, or has it marked critical.
    Number,
    /// It is not valid before then.
    NotYetValid(Time),
    /// It ran out then; or has no end, where one is needed.
    Expired(Option<Time>),
}

impl Obstacle {
    /// The reason of the refusal.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NoCrl | Self::OutOfScope | Self::DeltaOnly | Self::SomeReasons => {
                Reason::RevocationUnknown
            }
            Self::Malformed(_) | Self::Number => Reason::CrlMalformed,
            Self::Ocsp(_) => Reason::OcspInvalid,
            Self::BadSignature(_) | Self::SignerRefused(_) => Reason::CrlBadSignature,
            Self::KeyUsage => Reason::CrlKeyUsage,
            Self::UnknownCritical { .. } => Reason::CrlUnknownCriticalExtension,
            Self::NotYetValid(_) => Reason::CrlNotYetValid,
            Self::Expired(_) => Reason::CrlExpired,
        }
    }

    /// The clause that asks for it.
    pub fn clause(&self) -> Clause {
        match self {
            Self::OutOfScope => "RFC 5280 section 6.3.3 (b)",
            Self::DeltaOnly => "RFC 5280 sections 5.2.4 and 6.3.3 (c)",
            Self::SomeReasons => "RFC 5280 section 6.3.3 (d), (e)",
            Self::Number => "RFC 5280 section 5.2.3",
            Self::SignerRefused(_) => "RFC 5280 section 6.3.3 (f)",
            other => other.reason().clause(),
        }
    }

    /// What happened, in plain words.
    pub fn detail(&self) -> String {
        match self {
            Self::NoCrl => "no CRL of its issuer is at hand".to_owned(),
            Self::Malformed(error) => format!("a CRL cannot be read: {error}"),
            Self::Ocsp(error) => format!("the OCSP response proves nothing: {error}"),
            Self::OutOfScope => {
                "its issuer's CRLs are for other certificates or distribution points".to_owned()
            }
            Self::DeltaOnly => {
                "only a delta CRL is at hand, without the complete CRL that it continues".to_owned()
            }
            Self::BadSignature(reason) => {
                format!("no entitled key signed its issuer's CRL ({reason})")
            }
            Self::SignerRefused(why) => {
                format!(
                    "no entitled key signed the CRL: a certificate of its issuer is refused, {why}"
                )
            }
            Self::KeyUsage => "the key that signed the CRL lacks cRLSign".to_owned(),
            Self::UnknownCritical { oid, in_entry } => {
                format!(
                    "{} holds the unknown critical extension {oid}",
                    if *in_entry {
                        "an entry of the CRL"
                    } else {
                        "the CRL"
                    }
                )
            }
            Self::Number => "the CRL's number is absent, or marked critical".to_owned(),
            Self::NotYetValid(time) => {
                format!("the CRL is not valid before {}", display_time(*time))
            }
            Self::Expired(Some(time)) => format!("the CRL ran out {}", display_time(*time)),
            Self::Expired(None) => {
                "the CRL has no nextUpdate, so nobody can tell whether it is current".to_owned()
            }
            Self::SomeReasons => {
                "the CRLs at hand do not cover every reason for revocation".to_owned()
            }
        }
    }
}
