//! Recipe to signed DER. The same recipe gives the same bytes, always.
//!
//! Everything is written by hand: a library refuses to write most of what a
//! defect needs. Keys, and what is slow to sign, are remembered, so that a chain
//! whose end entity alone changes costs one signature.

mod certificate;
mod encode;
mod flaw;
mod given;
mod handshake;
mod key;
mod key_form;
mod ocsp;
mod open;
mod pss;
#[cfg(feature = "reference")]
mod quick_rsa;
mod read;
mod sign;
mod template;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use foldhash::fast::RandomState;

use encode::CertificateId;
pub use encode::{generalized_time, utc_time};
pub use given::{GivenKey, GivenKeyError};
pub use handshake::{Kinship, kinship, unraised_block};
pub use key::{KeyPair, PrivateKey};
pub use read::ReadError;
pub use sign::{algorithm_identifier, toy_signature};
pub use template::{Given, Template, TemplateError};

use crate::{
    der::{EditError, Writer},
    recipe::{
        Certificate, Crl, Key, Label, Name, PublicKeyForm, Recipe, RecipeError, Shared,
        SignatureAlgorithm, SignatureFlaw,
    },
};

/// What a recipe becomes, in the order of the recipe's labels.
#[derive(Clone, Debug)]
pub struct Minted {
    /// Trust anchors.
    pub anchors: Vec<Vec<u8>>,
    /// What the peer presents: the end entity, then the others.
    pub chain: Vec<Vec<u8>>,
    /// CRLs.
    pub crls: Vec<Vec<u8>>,
    /// The OCSP response.
    pub ocsp: Option<Vec<u8>>,
    /// The end entity's private key.
    pub end_entity_key: PrivateKey,
}

/// A recipe that cannot be minted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The recipe does not hold together.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// RSA keys come from the committed test keys alone.
    #[error(
        "there is no test key `{0}`: RSA labels are anchor, intermediate-1 to -4, end-entity, stranger and other-anchor, beside small, small-exponent and large"
    )]
    NoSuchRsaKey(Key),
    /// The key was given by its owner, and no recipe holds it.
    #[error("key `{0}` was given by its owner for this one run, and is in no recipe")]
    NotGiven(Key),
    /// The key cannot sign with the algorithm.
    #[error("key `{key}` cannot sign with {algorithm:?}")]
    AlgorithmMisfit {
        /// The signing key.
        key: Key,
        /// The algorithm that was asked.
        algorithm: SignatureAlgorithm,
    },
    /// The flaw is of signatures of another kind of key.
    #[error("a signature of key `{key}` cannot have the flaw {flaw:?}")]
    FlawMisfit {
        /// The signing key.
        key: Key,
        /// The flaw that was asked.
        flaw: SignatureFlaw,
    },
    /// The form is of keys of another kind.
    #[error("key `{key}` cannot be written as {form:?}")]
    FormMisfit {
        /// The key.
        key: Key,
        /// The form that was asked.
        form: PublicKeyForm,
    },
    /// The text has letters that its string type has not.
    #[error("`{0}` cannot be written in its string type")]
    Unencodable(String),
    /// An edit found nothing to change.
    #[error("an edit of `{label}` does not apply: {error}")]
    Edit {
        /// The certificate or CRL.
        label: Label,
        /// What was wrong.
        error: EditError,
    },
}

/// How signatures are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// As the algorithm says.
    Real,
    /// [`toy_signature`], under the same AlgorithmIdentifier.
    Toy,
}

/// Mints recipes, and remembers keys, names and signatures.
pub struct Minter {
    signatures: Signatures,
    keys: Remembered<Key, Arc<KeyPair>>,
    names: Remembered<Name, Arc<[u8]>>,
    signed: Remembered<SignedPart, Arc<[u8]>>,
    /// The authorities as they were last minted, by label: mostly they stay as they are from chain to chain.
    authorities: LastMinted<Certificate>,
    /// The CRLs, likewise.
    crls: LastMinted<Crl>,
    /// A certificate that stands as its owner gave it, as long as no defect changes it.
    given: Option<(Certificate, Vec<u8>)>,
    /// What keys are drawn from beside their labels. None for those that everybody has.
    salt: Option<[u8; 32]>,
}

/// Parts of recipes as they were last minted, by label.
type LastMinted<T> = Remembered<Label, MintedPart<T>>;

/// What was made before. Quick to look up: it stands in for work of a microsecond.
type Remembered<K, V> = RwLock<HashMap<K, V, RandomState>>;

/// A certificate of an authority or a CRL, with all that its octets follow from.
struct MintedPart<T> {
    part: Shared<T>,
    issuer: Shared<Certificate>,
    /// Where it names the issuer's certificate, which follows from who issued that as well.
    issuer_certificate: Option<CertificateId>,
    der: Vec<u8>,
}

/// What a remembered signature is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SignedPart {
    key: Key,
    algorithm: SignatureAlgorithm,
    flaw: Option<SignatureFlaw>,
    message: Vec<u8>,
}

/// Remembered signatures are dropped beyond this number, so that a long run
/// does not grow without bound: 50,000 parts of about 600 bytes are 30 MB.
const MAX_REMEMBERED: usize = 50_000;

/// Authorities and CRLs beyond this number are forgotten: labels come from recipes, and anybody can write one.
const MAX_PARTS: usize = 1_000;

// The salt makes private keys.
impl std::fmt::Debug for Minter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Minter({:?})", self.signatures)
    }
}

impl Default for Minter {
    fn default() -> Self {
        Self::new()
    }
}

impl Minter {
    /// Mints with true signatures.
    pub fn new() -> Self {
        Self::with(Signatures::Real)
    }

    /// Mints with toy signatures, for verifiers that were told to take them.
    pub fn toy() -> Self {
        Self::with(Signatures::Toy)
    }

    fn with(signatures: Signatures) -> Self {
        Self {
            signatures,
            keys: RwLock::default(),
            names: RwLock::default(),
            signed: RwLock::default(),
            authorities: RwLock::default(),
            crls: RwLock::default(),
            given: None,
            salt: None,
        }
    }

    /// Draws keys from a salt beside their labels, so that nobody else has them.
    fn salt(&mut self, salt: [u8; 32]) {
        self.salt = Some(salt);
    }

    /// Takes a key pair that no label makes, and the certificate of it.
    fn give(&mut self, key: Key, pair: KeyPair, certificate: Option<(Certificate, Vec<u8>)>) {
        let keys = self.keys.get_mut().unwrap_or_else(PoisonError::into_inner);
        keys.insert(key, Arc::new(pair));
        self.given = certificate.or(self.given.take());
    }

    /// Mints everything that the recipe presents, trusts and revokes.
    ///
    /// # Errors
    /// When the recipe does not hold together, or asks for what cannot be written.
    pub fn mint(&self, recipe: &Recipe) -> Result<Minted, MintError> {
        recipe.check()?;
        let end_entity = recipe.end_entity()?;
        let certificate = |label: &Label| match label == end_entity {
            true => self.certificate(recipe, label),
            false => self.authority(recipe, label),
        };
        let pick = |labels: &[Label]| -> Result<Vec<Vec<u8>>, MintError> {
            labels.iter().map(certificate).collect()
        };
        let crl = |crl: &Shared<Crl>| {
            let issuer = shared(recipe, &crl.issuer)?;
            let named = self.named_issuer(recipe, &crl.extensions, issuer)?;
            last_minted(&self.crls, &crl.label, crl, (issuer, named), || {
                self.crl(recipe, crl)
            })
        };
        let key = &recipe
            .certificate(end_entity)
            .ok_or_else(|| unknown(end_entity))?
            .key;
        Ok(Minted {
            anchors: pick(&recipe.anchors)?,
            chain: pick(&recipe.presented)?,
            crls: recipe.crls.iter().map(crl).collect::<Result<_, _>>()?,
            ocsp: recipe
                .ocsp
                .as_ref()
                .map(|response| self.ocsp_response(recipe, response))
                .transpose()?,
            end_entity_key: self.key(key)?.to_private(key.algorithm),
        })
    }

    /// The key pair that a recipe names.
    ///
    /// # Errors
    /// When it names an RSA key that is not among the committed test keys.
    pub fn key(&self, key: &Key) -> Result<Arc<KeyPair>, MintError> {
        remembered(&self.keys, key, usize::MAX, || {
            let pair = match &self.salt {
                Some(salt) => KeyPair::salted(key, salt),
                None => KeyPair::of(key),
            };
            pair.map(Arc::new)
        })
    }

    /// The certificate of an authority, remembered until it changes.
    fn authority(&self, recipe: &Recipe, label: &Label) -> Result<Vec<u8>, MintError> {
        let certificate = shared(recipe, label)?;
        let issuer = shared(recipe, &certificate.issuer)?;
        let named = self.named_issuer(recipe, &certificate.extensions, issuer)?;
        last_minted(
            &self.authorities,
            label,
            certificate,
            (issuer, named),
            || self.certificate(recipe, label),
        )
    }

    fn name(&self, name: &Name) -> Result<Arc<[u8]>, MintError> {
        remembered(&self.names, name, MAX_REMEMBERED, || {
            let mut w = Writer::new();
            encode::write_name(&mut w, name)?;
            Ok(w.into_bytes().into())
        })
    }

    fn sign(
        &self,
        key: &Key,
        (algorithm, flaw): (SignatureAlgorithm, Option<SignatureFlaw>),
        message: &[u8],
    ) -> Result<Arc<[u8]>, MintError> {
        let pair = self.key(key)?;
        if self.signatures == Signatures::Toy {
            let mut signature = toy_signature(&pair.public_key, message);
            if flaw.is_some() {
                // A toy signature has no inside; a flawed one is one that does not verify.
                signature[15] ^= 1;
            }
            return Ok(Arc::from(signature));
        }
        let make = || match flaw {
            None => {
                sign::sign(&pair, algorithm, message).ok_or_else(|| MintError::AlgorithmMisfit {
                    key: key.clone(),
                    algorithm,
                })
            }
            Some(flaw) => flaw::sign_with(key, &pair, (algorithm, flaw), message),
        };
        if pair.open_signer().is_some() {
            // To look for it takes longer than to make it again.
            return make().map(Arc::from);
        }
        let part = SignedPart {
            key: key.clone(),
            algorithm,
            flaw,
            message: message.to_vec(),
        };
        remembered(&self.signed, &part, MAX_REMEMBERED, || {
            make().map(Arc::from)
        })
    }
}

fn unknown(label: &Label) -> MintError {
    RecipeError::UnknownLabel(label.clone()).into()
}

/// The certificate of this label, to remember.
fn shared<'r>(recipe: &'r Recipe, label: &Label) -> Result<&'r Shared<Certificate>, MintError> {
    let mut certificates = recipe.certificates.iter();
    let found = certificates.find(|certificate| certificate.label == *label);
    found.ok_or_else(|| unknown(label))
}

/// The octets of a part as they were last time, or new ones where it is another or under another name or key,
/// or names another certificate of its issuer.
fn last_minted<T: PartialEq>(
    known: &LastMinted<T>,
    label: &Label,
    part: &Shared<T>,
    (issuer, named): (&Shared<Certificate>, Option<CertificateId>),
    mint: impl FnOnce() -> Result<Vec<u8>, MintError>,
) -> Result<Vec<u8>, MintError> {
    let remembered = known.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(last) = remembered.get(label)
        && last.part == *part
        && last.issuer_certificate == named
        && (last.issuer.is_same(issuer)
            || (&last.issuer.key, &last.issuer.subject) == (&issuer.key, &issuer.subject))
    {
        return Ok(last.der.clone());
    }
    drop(remembered);
    let der = mint()?;
    let last = MintedPart {
        part: part.clone(),
        issuer: issuer.clone(),
        issuer_certificate: named,
        der: der.clone(),
    };
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MAX_PARTS {
        known.clear();
    }
    known.insert(label.clone(), last);
    Ok(der)
}

/// The remembered value, or a new one. A map that is full is emptied first.
fn remembered<K: Clone + Eq + std::hash::Hash, V: Clone>(
    map: &Remembered<K, V>,
    key: &K,
    limit: usize,
    make: impl FnOnce() -> Result<V, MintError>,
) -> Result<V, MintError> {
    if let Some(value) = map.read().unwrap_or_else(PoisonError::into_inner).get(key) {
        return Ok(value.clone());
    }
    let value = make()?;
    let mut map = map.write().unwrap_or_else(PoisonError::into_inner);
    if map.len() >= limit {
        map.clear();
    }
    map.insert(key.clone(), value.clone());
    Ok(value)
}
