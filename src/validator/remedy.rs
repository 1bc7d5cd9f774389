//! What a person can do about a violation: one short sentence for each reason.
//!
//! It stands apart from the rules, which say what is wrong and never what to
//! do, and so that every reason has its line in one table.

use crate::verdict::Reason;

use super::report::Violation;

/// What helps against this violation. `None` where nothing but another certificate does.
pub(crate) fn remedy(found: &Violation) -> Option<&'static str> {
    // What is sound by itself and not in the profile needs the profile's choice, or another profile.
    match found.clause {
        "profile: signatures" => {
            return Some(
                "have it signed with an algorithm that the profile lists, or list this one",
            );
        }
        clause if clause.starts_with("profile: keys.") => {
            return Some("issue it for a key that the profile allows, or allow this kind");
        }
        _ => {}
    }
    Some(match found.reason {
        Reason::Expired => "renew it",
        Reason::NotYetValid => "check the clock, or wait",
        Reason::BadValidity => "issue it again with a validity that begins before it ends",
        Reason::LifetimeTooLong => "issue it for a shorter time",
        Reason::BadSignature => {
            "check that the issuer shown is the one that signed it: names can be the same and keys not"
        }
        Reason::WeakSignatureAlgorithm => "have it signed again with SHA-256 or better",
        Reason::WeakKey | Reason::InvalidKey | Reason::UnsupportedKey => {
            "issue it for another key, such as P-256 or RSA of 2048 bits or more"
        }
        Reason::UnknownIssuer => {
            "add the missing certificate to the chain, or trust its issuer as an anchor"
        }
        Reason::NotACa => "issue the CA certificate again with basicConstraints cA, critical",
        Reason::CaAsEndEntity => "show an end entity's certificate and not the CA's own",
        Reason::PathLengthExceeded | Reason::PathTooDeep => {
            "issue it from a CA that stands higher, or lift the path length above it"
        }
        Reason::KeyUsage => "issue it with the key usage that is named",
        Reason::ExtendedKeyUsage => {
            "issue it with the extended key usage that is named, or ask for the other purpose"
        }
        Reason::NameMismatch => {
            "issue it with the name in subjectAltName, or ask for one that it has"
        }
        Reason::NameConstraint => "leave the name out, or ask a CA that may certify it",
        Reason::IdentityNotAllowed => "let the identity in by the profile's rules",
        Reason::NoValidPolicy => "issue it under a policy that the whole path knows",
        Reason::UnknownCriticalExtension => "leave the extension out, or not critical",
        Reason::RevocationUnknown => "give a current CRL of its issuer",
        Reason::CrlExpired => "fetch the issuer's newest CRL",
        Reason::CrlNotYetValid => "check the clock, or take the CRL that is in force",
        Reason::CrlMalformed => "fetch the CRL again",
        Reason::CrlBadSignature => "fetch the CRL again, from the CA that issued the certificate",
        Reason::CrlKeyUsage => "issue the CA certificate again with cRLSign",
        Reason::OcspInvalid => "fetch the OCSP response again",
        Reason::Revoked => "stop using it; have another one issued for a new key",
        Reason::MissingExtension | Reason::WrongCriticality | Reason::MalformedExtension => {
            "correct the template that it was issued from"
        }
        Reason::BudgetExceeded => {
            "present the path alone, without certificates that do not belong to it"
        }
        _ => return None,
    })
}
