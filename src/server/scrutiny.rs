//! What credentials, anchors, CRLs and OCSP responses must be before they come into force.
//!
//! A verifier refuses clients one by one when its evidence is bad. An operator wants to hear
//! it once, and before the state that worked is given up: so everything is looked at here,
//! and compared with what it replaces.

use std::fmt;

use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::{
    question::Time,
    validator::{
        Certificate, CrlStore, ParsedCrl, RealSignatures, SignatureAlgorithm, SignatureScheme as _,
        StoredCrl, same_name,
    },
};

use super::{
    config::ServerConfig,
    error::Numbered,
    responses::{self, OcspFault, ResponseMark},
    succession::CrlMark,
    trust::{RevocationRule, Trust},
};

/// Something of a configuration that must not come into force, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} {fault}")]
pub struct Objection {
    /// A file or URL, or what it is where it came from neither. No contents.
    pub place: String,
    /// What is wrong.
    pub fault: Fault,
}

/// Why something must not come into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A certificate is past its end.
    #[error("ended at {0}: renew it")]
    Ended(Time),
    /// A certificate is before its beginning.
    #[error("is not valid before {0}: is the clock right?")]
    NotYetValid(Time),
    /// The server's certificate names purposes, and serving is not among them.
    #[error(
        "is not for servers: its extended key usage lacks serverAuth (RFC 5280 section 4.2.1.12)"
    )]
    NotForServers,
    /// The server's certificate must not sign handshakes.
    #[error(
        "cannot sign handshakes: its key usage lacks digitalSignature (RFC 5280 section 4.2.1.3)"
    )]
    MayNotSignHandshakes,
    /// A client CA, or an intermediate, is an end entity.
    #[error(
        "is no CA certificate: basicConstraints does not say so (RFC 5280 section 4.2.1.9); give the certificate that issues the clients'"
    )]
    NotACa,
    /// A client CA must not sign certificates.
    #[error(
        "may not issue certificates: its key usage lacks keyCertSign (RFC 5280 section 4.2.1.3)"
    )]
    MayNotSignCertificates,
    /// Not the DER of what it should be.
    #[error("cannot be read")]
    Unreadable,
    /// Nobody who is configured could have signed the CRL. That is no fault of the CRL: its
    /// CA may be one that clients show. It is looked at then.
    #[error(
        "is a CRL of no configured CA, so it is not looked at before a client shows one; name its CA under client-intermediate"
    )]
    UnknownCrlIssuer,
    /// The CRL's issuer did not sign it.
    #[error(
        "has a false signature: its issuer's key did not sign this CRL (RFC 5280 section 6.3.3)"
    )]
    FalseCrlSignature,
    /// The CRL's issuer may not sign CRLs.
    #[error("is a CRL by a CA whose key usage lacks cRLSign (RFC 5280 section 6.3.3)")]
    MayNotSignCrls,
    /// The CRL is past its next update. Every server can come to this while it runs, so it
    /// starts with such a CRL too, and refuses the clients concerned.
    #[error("is a CRL that should have been replaced by {0}: fetch the new one")]
    CrlExpired(Time),
    /// The CRL was issued in the future.
    #[error("is a CRL that was issued at {0}, which is in the future: is the clock right?")]
    CrlNotYetValid(Time),
    /// The CRL names no next update, so nobody can tell when it is stale.
    #[error(
        "is a CRL without nextUpdate, so it is never known to be fresh (RFC 5280 section 5.1.2.5)"
    )]
    NoNextUpdate,
    /// The CRL holds something critical that is not understood.
    #[error("is a CRL with a critical extension that is not known (RFC 5280 section 5.2)")]
    UnknownCriticalExtension,
    /// A CRL of the same issuer and scope with a higher number, or a later date, is in force.
    #[error(
        "is a CRL older than the one in force; whoever was revoked since would be let in. Restart to take it all the same"
    )]
    OlderThanInForce,
    /// There was a CRL of this issuer and scope, and now there is none.
    #[error(
        "no longer holds a CRL that is in force; take the file or URL out of the configuration if its CA is to have none"
    )]
    CrlGone,
    /// The same of OCSP responses.
    #[error(transparent)]
    Ocsp(#[from] OcspFault),
    /// Revocation is required, and the last CRL and OCSP response are taken away.
    #[error(
        "holds neither a CRL nor an OCSP response any more, although revocation is required; say revocation = \"off\" if that is meant"
    )]
    NoEvidence,
}

impl Fault {
    pub(crate) fn at(self, place: impl fmt::Display) -> Objection {
        Objection {
            place: place.to_string(),
            fault: self,
        }
    }
}

/// Where the parts of a configuration came from, in their order. Empty when a program made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origins {
    pub(crate) anchors: Vec<Origin>,
    pub(crate) crls: Vec<Origin>,
    pub(crate) ocsp: Vec<Origin>,
}

/// A file or URL, and which of its contents is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The path or URL, as it is configured.
    pub(crate) source: String,
    number: Numbered,
}

impl Origin {
    /// The origins of so many things from one source.
    pub(crate) fn of(source: &impl fmt::Display, count: usize) -> impl Iterator<Item = Self> {
        let source = source.to_string();
        (1..=count).map(move |number| Self {
            source: source.clone(),
            number: Numbered((count > 1).then_some(number)),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.source, self.number)
    }
}

/// A CA that may have signed a CRL.
#[derive(Debug)]
pub(crate) struct CrlIssuer {
    pub(crate) name: Vec<u8>,
    pub(crate) key_info: Vec<u8>,
    pub(crate) may_sign_crls: bool,
    /// Whether it is an anchor, or signatures lead from it to one. The server's own chain may
    /// be another CA's than its clients'.
    pub(crate) is_under_anchor: bool,
}

/// What was seen of the CRLs and OCSP responses.
#[derive(Default)]
pub(crate) struct Sighting {
    /// Of each CRL.
    pub(crate) marks: Vec<CrlMark>,
    /// Of each answer of the OCSP responses.
    pub(crate) responses: Vec<ResponseMark>,
    /// Whoever may have signed them.
    pub(crate) issuers: Vec<CrlIssuer>,
    /// What is wrong and harms nobody but those who are refused for it.
    pub(crate) concerns: Vec<Objection>,
}

/// Looks at everything by itself.
pub(crate) fn look_at(
    config: &ServerConfig,
    trust: &Trust,
    crls: &CrlStore,
    origins: &Origins,
) -> Result<Sighting, Objection> {
    let now = trust.time.now();
    check_credentials(config, now)?;
    for (index, anchor) in trust.anchors.iter().enumerate() {
        let place = place(origins.anchors.get(index), "client CA", index);
        check_ca(anchor, now).map_err(|fault| fault.at(place))?;
    }
    let mut sighting = Sighting {
        issuers: crl_issuers(config, trust),
        ..Sighting::default()
    };
    if config.policy.revocation == RevocationRule::Off {
        return Ok(sighting);
    }
    for (index, stored) in crls.stored().enumerate() {
        let origin = origins.crls.get(index);
        let place = place(origin, "CRL", index);
        let mark =
            check_crl(stored, now, &sighting.issuers, origin).map_err(|fault| fault.at(&place))?;
        let unknown = mark.is_unverified().then_some(Fault::UnknownCrlIssuer);
        let concerns = mark.outdated.into_iter().chain(unknown);
        sighting
            .concerns
            .extend(concerns.map(|fault| fault.at(&place)));
        sighting.marks.push(mark);
    }
    let pool: Vec<Certificate> = trust
        .intermediates
        .iter()
        .filter_map(|der| Certificate::parse(der).ok())
        .collect();
    for (index, der) in trust.ocsp.iter().enumerate() {
        let origin = origins.ocsp.get(index);
        let place = place(origin, "OCSP response", index);
        let (marks, concerns) = responses::look_at(der, now, &sighting.issuers, &pool, origin)
            .map_err(|fault| fault.at(&place))?;
        sighting
            .concerns
            .extend(concerns.into_iter().map(|fault| fault.at(&place)));
        sighting.responses.extend(marks);
    }
    Ok(sighting)
}

fn place(origin: Option<&Origin>, what: &str, index: usize) -> String {
    match origin {
        Some(origin) => origin.to_string(),
        None => format!("{what} {index}"),
    }
}

fn check_credentials(config: &ServerConfig, now: Time) -> Result<(), Objection> {
    let file = config
        .settings
        .as_ref()
        .map(|settings| format!("{}: ", settings.certificate.display()))
        .unwrap_or_default();
    for (index, der) in config.credentials.chain.iter().enumerate() {
        let what = match index {
            0 => format!("{file}the server's certificate"),
            _ => format!("{file}certificate {} of the server's chain", index + 1),
        };
        let check = || {
            let certificate = read(der)?;
            check_time(&certificate, now)?;
            if index == 0 {
                check_server_usage(&certificate)?;
            }
            Ok(())
        };
        check().map_err(|fault: Fault| fault.at(what))?;
    }
    Ok(())
}

fn read(der: &[u8]) -> Result<X509Certificate<'_>, Fault> {
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => Ok(certificate),
        Err(_) => Err(Fault::Unreadable),
    }
}

// RFC 5280 section 4.1.2.5
fn check_time(certificate: &X509Certificate<'_>, now: Time) -> Result<(), Fault> {
    let validity = certificate.validity();
    let begin = Time::from_unix_seconds(validity.not_before.timestamp());
    let end = Time::from_unix_seconds(validity.not_after.timestamp());
    if now < begin {
        return Err(Fault::NotYetValid(begin));
    }
    if end < now {
        return Err(Fault::Ended(end));
    }
    Ok(())
}

// RFC 5280 sections 4.2.1.3 and 4.2.1.12: what is absent allows everything
fn check_server_usage(certificate: &X509Certificate<'_>) -> Result<(), Fault> {
    let purposes = certificate
        .extended_key_usage()
        .map_err(|_| Fault::Unreadable)?;
    if purposes.is_some_and(|purposes| !purposes.value.server_auth && !purposes.value.any) {
        return Err(Fault::NotForServers);
    }
    let usage = certificate.key_usage().map_err(|_| Fault::Unreadable)?;
    if usage.is_some_and(|usage| !usage.value.digital_signature()) {
        return Err(Fault::MayNotSignHandshakes);
    }
    Ok(())
}

// RFC 5280 sections 4.2.1.3 and 4.2.1.9
fn check_ca(der: &[u8], now: Time) -> Result<(), Fault> {
    let certificate = read(der)?;
    let constraints = certificate
        .basic_constraints()
        .map_err(|_| Fault::Unreadable)?;
    if !constraints.is_some_and(|constraints| constraints.value.ca) {
        return Err(Fault::NotACa);
    }
    let usage = certificate.key_usage().map_err(|_| Fault::Unreadable)?;
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return Err(Fault::MayNotSignCertificates);
    }
    check_time(&certificate, now)
}

/// Everybody whose CRLs can be meant. Whoever cannot be read signs nothing.
fn crl_issuers(config: &ServerConfig, trust: &Trust) -> Vec<CrlIssuer> {
    let parsed = |der: &[u8]| Certificate::parse(der).ok();
    let anchors: Vec<_> = trust.anchors.iter().filter_map(|der| parsed(der)).collect();
    let own = config.credentials.chain.iter().skip(1).map(AsRef::as_ref);
    let others: Vec<_> = trust
        .intermediates
        .iter()
        .map(Vec::as_slice)
        .chain(own)
        .filter_map(parsed)
        .collect();
    let mut issuers: Vec<_> = anchors.iter().map(|anchor| issuer(anchor, true)).collect();
    let mut left: Vec<_> = others.iter().collect();
    loop {
        let is_under = |certificate: &&Certificate| {
            let mut above = issuers.iter().filter(|issuer| issuer.is_under_anchor);
            above.any(|issuer| is_issued_by(certificate, issuer))
        };
        let (under, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(is_under);
        left = rest;
        if under.is_empty() {
            break;
        }
        issuers.extend(
            under
                .into_iter()
                .map(|certificate| issuer(certificate, true)),
        );
    }
    issuers.extend(
        left.into_iter()
            .map(|certificate| issuer(certificate, false)),
    );
    issuers
}

fn issuer(certificate: &Certificate, is_under_anchor: bool) -> CrlIssuer {
    let usage = certificate.extensions().key_usage();
    CrlIssuer {
        name: certificate.subject_der().to_vec(),
        key_info: certificate.key_info().to_vec(),
        may_sign_crls: usage.is_none_or(|usage| usage.crl_sign()),
        is_under_anchor,
    }
}

// RFC 5280 section 6.1.3 (a)(1), (a)(4)
fn is_issued_by(certificate: &Certificate, issuer: &CrlIssuer) -> bool {
    let Ok(algorithm) = SignatureAlgorithm::parse(certificate.signature_algorithm()) else {
        return false;
    };
    same_name(certificate.issuer_der(), &issuer.name)
        && RealSignatures
            .verify(
                &algorithm,
                &issuer.key_info,
                certificate.tbs(),
                certificate.signature(),
            )
            .is_ok()
}

// RFC 5280 section 6.3.3 (f), (g)
fn signer_of<'i>(stored: &StoredCrl, issuers: &'i [CrlIssuer]) -> Result<&'i CrlIssuer, Fault> {
    let mut fault = Fault::UnknownCrlIssuer;
    for issuer in issuers
        .iter()
        .filter(|issuer| stored.crl.is_issued_by(&issuer.name))
    {
        // The answer is remembered, so that whoever judges clients need not ask again.
        let signed = stored.is_signed_by(&issuer.key_info, |crl| {
            crl.verify(&issuer.key_info, &RealSignatures)
        });
        match signed {
            Ok(()) if issuer.may_sign_crls => return Ok(issuer),
            Ok(()) => fault = Fault::MayNotSignCrls,
            // Whoever is under no anchor may have the name of one who is.
            Err(_) if fault == Fault::UnknownCrlIssuer && issuer.is_under_anchor => {
                fault = Fault::FalseCrlSignature;
            }
            Err(_) => {}
        }
    }
    Err(fault)
}

// RFC 5280 sections 5.1.2.5 and 5.2
fn check_crl(
    stored: &StoredCrl,
    now: Time,
    issuers: &[CrlIssuer],
    origin: Option<&Origin>,
) -> Result<CrlMark, Fault> {
    let crl: &ParsedCrl = &stored.crl;
    let signer = match signer_of(stored, issuers) {
        Ok(signer) => Some(signer),
        Err(Fault::UnknownCrlIssuer) => None,
        Err(fault) => return Err(fault),
    };
    let next = crl.next_update().ok_or(Fault::NoNextUpdate)?;
    if crl.unknown_critical().is_some() {
        return Err(Fault::UnknownCriticalExtension);
    }
    let outdated = if now < crl.this_update() {
        Some(Fault::CrlNotYetValid(crl.this_update()))
    } else {
        (next < now).then_some(Fault::CrlExpired(next))
    };
    Ok(CrlMark::new(crl, signer, outdated, origin))
}
