//! OCSP responses before they come into force: whose they are, who signed them, and whether
//! they may come after those in force.
//!
//! A response is signed and public, as a CRL is, so an old one is the same weapon: put back, it
//! lets in whoever was revoked since.

use crate::{
    question::Time,
    validator::{Certificate, CertificateStatus, OcspResponse, RealSignatures, SingleResponse},
};

use super::scrutiny::{CrlIssuer, Fault, Objection, Origin};

/// Why an OCSP response must not come into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OcspFault {
    /// Neither the certificate's issuer signed it, nor a responder that this issuer appointed.
    #[error(
        "is an OCSP response that neither the certificate's issuer signed nor a responder that it appointed (RFC 6960 section 4.2.2.2)"
    )]
    FalseSignature,
    /// It is about a certificate of a CA that is not configured. It is looked at when a client shows one.
    #[error(
        "is an OCSP response about a certificate of no configured CA, so it is not looked at before a client shows one; name its CA under client-intermediate"
    )]
    UnknownIssuer,
    /// It is past its next update. A server starts with it all the same, as with such a CRL.
    #[error("is an OCSP response that should have been replaced by {0}: fetch the new one")]
    Expired(Time),
    /// It was issued in the future.
    #[error("is an OCSP response of {0}, which is in the future: is the clock right?")]
    NotYetValid(Time),
    /// It names no next update, so nobody can tell when it is stale.
    #[error(
        "is an OCSP response without nextUpdate, so it is never known to be fresh (RFC 6960 section 4.2.2.1)"
    )]
    NoNextUpdate,
    /// A later one about the same certificate is in force.
    #[error(
        "is an OCSP response older than the one in force; whoever was revoked since would be let in. Restart to take it all the same"
    )]
    OlderThanInForce,
    /// The one in force says that a certificate is revoked, and now there is none about it.
    #[error(
        "no longer holds the OCSP response that is in force and says that a certificate is revoked; take the file or URL out of the configuration if that is meant"
    )]
    Gone,
}

impl OcspFault {
    fn at(self, place: impl std::fmt::Display) -> Objection {
        Fault::from(self).at(place)
    }
}

/// Which certificate a response is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subject {
    /// One of a configured CA, by the CA's name and key, and the serial.
    Of(Vec<u8>, Vec<u8>, Vec<u8>),
    /// One of somebody else: hashes of the same, and the serial.
    OfNobody([Vec<u8>; 2], Vec<u8>),
}

/// What is remembered of one answer of a response in force.
#[derive(Clone, Debug)]
pub(crate) struct ResponseMark {
    subject: Subject,
    single: SingleResponse,
    outdated: Option<OcspFault>,
    origin: Option<Origin>,
}

impl ResponseMark {
    fn is_of_the_line_of(&self, other: &Self) -> bool {
        self.subject == other.subject
    }

    fn is_as(&self, other: &Self) -> bool {
        self.is_of_the_line_of(other) && self.single.this_update == other.single.this_update
    }

    fn is_revocation(&self) -> bool {
        matches!(self.single.status, CertificateStatus::Revoked { .. })
    }

    fn place(&self) -> String {
        match &self.origin {
            Some(origin) => origin.to_string(),
            None => "one of the OCSP responses".to_owned(),
        }
    }
}

/// The files and URLs of responses about one of these certificates.
pub(crate) fn sources<'m, D: AsRef<[u8]>>(marks: &'m [ResponseMark], chain: &[D]) -> Vec<&'m str> {
    let shown: Vec<Certificate> = chain
        .iter()
        .filter_map(|der| Certificate::parse(der.as_ref()).ok())
        .collect();
    let mut sources = Vec::new();
    for mark in marks {
        let is_shown = |shown: &Certificate| {
            mark.single.serial() == shown.serial() && mark.single.names_issuer(shown.issuer_der())
        };
        if let Some(origin) = &mark.origin
            && shown.iter().any(is_shown)
            && !sources.contains(&origin.source.as_str())
        {
            sources.push(origin.source.as_str());
        }
    }
    sources
}

/// Looks at one response by itself: a mark of each of its answers, and what is wrong and harms
/// nobody but those who are refused for it.
pub(crate) fn look_at(
    der: &[u8],
    now: Time,
    issuers: &[CrlIssuer],
    pool: &[Certificate],
    origin: Option<&Origin>,
) -> Result<(Vec<ResponseMark>, Vec<Fault>), Fault> {
    let response = OcspResponse::from_der(der.to_vec()).map_err(|_| Fault::Unreadable)?;
    let (mut marks, mut concerns) = (Vec::new(), Vec::new());
    for single in response.singles() {
        let issuer = issuers
            .iter()
            .find(|issuer| single.is_of(&issuer.name, &issuer.key_info));
        let serial = single.serial().to_vec();
        let subject = match issuer {
            Some(issuer) => {
                response
                    .verify(&issuer.name, &issuer.key_info, pool, now, &RealSignatures)
                    .map_err(|_| OcspFault::FalseSignature)?;
                Subject::Of(issuer.name.clone(), issuer.key_info.clone(), serial)
            }
            None => {
                concerns.push(OcspFault::UnknownIssuer.into());
                Subject::OfNobody(single.issuer_hashes().map(<[u8]>::to_vec), serial)
            }
        };
        let outdated = outdated(single, now)?;
        concerns.extend(outdated.map(Fault::from));
        marks.push(ResponseMark {
            subject,
            single: single.clone(),
            outdated,
            origin: origin.cloned(),
        });
    }
    Ok((marks, concerns))
}

// RFC 6960 sections 3.2 and 4.2.2.1: a revocation stands whenever it was told
fn outdated(single: &SingleResponse, now: Time) -> Result<Option<OcspFault>, OcspFault> {
    if matches!(single.status, CertificateStatus::Revoked { .. }) {
        return Ok(None);
    }
    let next = single.next_update.ok_or(OcspFault::NoNextUpdate)?;
    Ok(if now < single.this_update {
        Some(OcspFault::NotYetValid(single.this_update))
    } else {
        (next < now).then_some(OcspFault::Expired(next))
    })
}

/// Whether responses may follow those in force. `named` is where the next configuration looks
/// for them, and `issuers` whom it believes.
pub(crate) fn check(
    in_force: &[ResponseMark],
    next: &[ResponseMark],
    issuers: &[CrlIssuer],
    named: &[Origin],
) -> Result<(), Objection> {
    for mark in next {
        // What runs out while it is in force stays, so that everything else can change.
        if let Some(fault) = mark.outdated
            && !in_force.iter().any(|old| old.is_as(mark))
        {
            return Err(fault.at(mark.place()));
        }
    }
    for old in in_force {
        let believed = match &old.subject {
            Subject::Of(name, key_info, _) => issuers.iter().any(|issuer| {
                issuer.is_under_anchor && issuer.name == *name && issuer.key_info == *key_info
            }),
            Subject::OfNobody(..) => true,
        };
        let mut successors = next
            .iter()
            .filter(|mark| mark.is_of_the_line_of(old))
            .peekable();
        if let Some(first) = successors.peek() {
            let place = first.place();
            if successors.all(|mark| mark.single.this_update < old.single.this_update) {
                return Err(OcspFault::OlderThanInForce.at(place));
            }
        } else if let Some(origin) = &old.origin
            && old.is_revocation()
            && believed
            && named.iter().any(|named| named.source == origin.source)
        {
            return Err(OcspFault::Gone.at(&origin.source));
        }
    }
    Ok(())
}
