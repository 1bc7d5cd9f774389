//! The CRLs at hand, and whose signatures over them have been verified.
//!
//! A CRL's signature covers megabytes, and hashing them at every handshake is
//! what makes large CRLs slow elsewhere. Here each answer is remembered beside
//! the CRL, bound to the issuer key that gave it.

use std::sync::{Arc, RwLock};

use super::{
    certificate::Certificate,
    crl::{LoadProgress, ParsedCrl},
    crl_read::claimed_issuer,
    cursor::ParseError,
    name::{Name, same_name},
    signature::SignatureScheme,
};
use crate::verdict::Reason;

/// How many issuer keys one CRL remembers. A CA has a key and, in rollover, a second one.
const REMEMBERED_KEYS: usize = 8;

/// The answer of one issuer key about one CRL's signature.
struct Remembered {
    key_info: Box<[u8]>,
    answer: Result<(), Reason>,
}

/// One CRL with the answers about its signature.
pub(crate) struct StoredCrl {
    pub(crate) crl: ParsedCrl,
    /// The issuer's name, prepared for comparison. `None` when it is no Name.
    issuer: Option<Name>,
    answers: RwLock<Vec<Remembered>>,
}

impl StoredCrl {
    fn new(crl: ParsedCrl) -> Self {
        Self {
            issuer: Name::read_whole(crl.issuer()).ok(),
            crl,
            answers: RwLock::default(),
        }
    }

    /// Whether the CRL is of the issuer of this certificate.
    ///
    /// RFC 5280 section 6.3.3 (b)(1).
    pub(crate) fn is_from_issuer_of(&self, certificate: &Certificate) -> bool {
        self.issuer.is_some_and(|issuer| {
            issuer.equals(self.crl.issuer(), certificate.issuer(), certificate)
        })
    }

    /// Whether the CRL is signed by this key: from memory, or by asking `verify` once.
    ///
    /// RFC 5280 section 6.3.3 (g).
    pub(crate) fn is_signed_by(
        &self,
        key_info: &[u8],
        verify: impl FnOnce(&ParsedCrl) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let known = |answers: &[Remembered]| {
            answers
                .iter()
                .find(|answer| &*answer.key_info == key_info)
                .map(|answer| answer.answer)
        };
        // A poisoned lock only means that another thread panicked; the answers are whole.
        if let Some(answer) = known(
            &self
                .answers
                .read()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        ) {
            return answer;
        }
        let answer = verify(&self.crl);
        if matches!(answer, Err(reason) if reason != Reason::BadSignature) {
            // What a budget or a profile refused says nothing about the signature.
            return answer;
        }
        let mut answers = self
            .answers
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if known(&answers).is_none() {
            if answers.len() == REMEMBERED_KEYS {
                // Refusals go first: they are what somebody else can cause.
                let victim = answers
                    .iter()
                    .position(|answer| answer.answer.is_err())
                    .unwrap_or(0);
                answers.swap_remove(victim);
            }
            answers.push(Remembered {
                key_info: key_info.into(),
                answer,
            });
        }
        answer
    }
}

/// The CRLs that a validator consults. Their order means nothing.
///
/// Clones share the CRLs and what is known about their signatures, so a store
/// belongs to one way of verifying signatures: never hand the store of a
/// validator with toy signatures to one with real ones.
#[derive(Clone, Default)]
pub struct CrlStore {
    crls: Vec<Arc<StoredCrl>>,
    malformed: Vec<MalformedCrl>,
}

/// Something that was given as a CRL and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MalformedCrl {
    /// Where it came from, when that is known.
    pub file: Option<String>,
    /// What is wrong with it.
    pub error: ParseError,
    /// Whose list it seems to be: the DER of a Name. `None` where that cannot be read either.
    pub issuer: Option<Vec<u8>>,
}

impl MalformedCrl {
    /// Whether the status of what this issuer signed may stand in it.
    pub(crate) fn may_be_of(&self, issuer: &[u8]) -> bool {
        let own = self.issuer.as_deref();
        own.is_none_or(|own| own == issuer || same_name(own, issuer))
    }
}

impl std::fmt::Display for MalformedCrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}: {}", self.error),
            None => self.error.fmt(f),
        }
    }
}

impl CrlStore {
    /// A store of these CRLs, none of them verified yet.
    pub fn new(crls: impl IntoIterator<Item = ParsedCrl>) -> Self {
        let mut store = Self::default();
        crls.into_iter().for_each(|crl| store.add(crl));
        store
    }

    /// A store of whatever can be read; the rest is remembered as malformed.
    ///
    /// What cannot be read may list anybody, so that its issuer's certificates are of unknown status,
    /// whatever else is at hand. A service that loads CRLs wants [`CrlStore::load`] and its error instead.
    pub fn from_der_lossy<D: Into<Vec<u8>>>(crls: impl IntoIterator<Item = D>) -> Self {
        let mut store = Self::default();
        for der in crls {
            store.load_lossy(None, der.into(), &mut |_| {});
        }
        store
    }

    /// Reads one more CRL into the store. One that cannot be read is remembered
    /// as malformed, with the file that it came from.
    pub fn load_lossy(
        &mut self,
        file: Option<&str>,
        der: Vec<u8>,
        progress: &mut dyn FnMut(LoadProgress),
    ) {
        let issuer = claimed_issuer(&der);
        match ParsedCrl::from_der_with_progress(der, progress) {
            Ok(crl) => self.add(crl),
            Err(error) => self.malformed.push(MalformedCrl {
                file: file.map(str::to_owned),
                error,
                issuer,
            }),
        }
    }

    /// Reads one more CRL into the store, which stays as it was when that fails.
    ///
    /// # Errors
    /// As [`ParsedCrl::from_der`].
    pub fn load(
        &mut self,
        der: Vec<u8>,
        progress: &mut dyn FnMut(LoadProgress),
    ) -> Result<(), ParseError> {
        self.add(ParsedCrl::from_der_with_progress(der, progress)?);
        Ok(())
    }

    /// Adds a CRL.
    pub fn add(&mut self, crl: ParsedCrl) {
        self.crls.push(Arc::new(StoredCrl::new(crl)));
    }

    /// Asks now, of each CRL, whether the issuers of its name signed it, so that
    /// no handshake has to. Each issuer is the DER of its Name and of its key.
    #[cfg_attr(
        not(feature = "rustls"),
        expect(
            dead_code,
            reason = "only a verifier of rustls outlives one validation"
        )
    )]
    // RFC 5280 section 6.3.3 (f) and (g)
    pub(crate) fn verify_signatures<'k>(
        &self,
        issuers: impl Iterator<Item = (&'k [u8], &'k [u8])> + Clone,
        scheme: &dyn SignatureScheme,
    ) {
        for stored in &self.crls {
            for (_, key_info) in issuers
                .clone()
                .filter(|(name, _)| stored.crl.is_issued_by(name))
            {
                // A refusal is remembered like a confirmation, and told when a certificate asks.
                let _ = stored.is_signed_by(key_info, |crl| crl.verify(key_info, scheme));
            }
        }
    }

    /// Whether there is nothing in it, not even something malformed.
    pub fn is_empty(&self) -> bool {
        self.crls.is_empty() && self.malformed.is_empty()
    }

    /// The CRLs.
    pub fn crls(&self) -> impl Iterator<Item = &ParsedCrl> {
        self.crls.iter().map(|stored| &stored.crl)
    }

    /// What could not be read.
    pub fn malformed(&self) -> &[MalformedCrl] {
        &self.malformed
    }

    pub(crate) fn stored(&self) -> impl Iterator<Item = &StoredCrl> {
        self.crls.iter().map(Arc::as_ref)
    }
}

impl std::fmt::Debug for CrlStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CrlStore")
            .field("crls", &self.crls.len())
            .field("malformed", &self.malformed)
            .finish()
    }
}
