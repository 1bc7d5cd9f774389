//! Certificates that a good list revokes.

use super::{Defect, Position, Severity, defect, revoke};
use crate::verdict::Reason;

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        positions: &[Position::EndEntity],
        severity: Severity::Critical,
        clause: "RFC 5280 sections 6.1.3 (a)(3) and 6.3.3 (i)",
        ..defect(
            "revocation/end-entity-revoked",
            "the issuer's fresh list names the end entity",
            "The key was stolen, the device was sold, the employee left: the CA has taken the certificate back and \
             says so in a list that is complete, fresh and truly signed. A verifier that accepts it does not look at \
             the list at all. Services fall for it by configuration more often than by code: Apache with a CRL file \
             but no SSLCARevocationCheck, Node with a changed file that nobody reads again.",
            &[Reason::Revoked],
            revoke,
        )
    },
    Defect {
        positions: &[Position::Intermediate],
        severity: Severity::Critical,
        clause: "RFC 5280 sections 6.1.3 (a)(3) and 6.3.3 (i)",
        ..defect(
            "revocation/intermediate-revoked",
            "the anchor's or an upper CA's fresh list names the CA that issued the end entity",
            "When a CA is broken into, its own certificate is revoked by the CA above; everything that it ever issued \
             falls with it. A verifier that asks for the status of the end entity alone, as Python's \
             VERIFY_CRL_CHECK_LEAF or OpenSSL's X509_V_FLAG_CRL_CHECK do, accepts what the thief issues.",
            &[Reason::Revoked],
            revoke,
        )
    },
];
