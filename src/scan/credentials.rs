//! A chain and the key that goes with it, ready to be shown.
//!
//! Libraries refuse to sign with keys that a defect is about: RSA of 1024
//! bits, an exponent of one, a point of small order. What a real attacker would
//! send is made here by hand.

use std::{fmt, sync::Arc};

use rustls::{
    Error, SignatureAlgorithm, SignatureScheme,
    crypto::aws_lc_rs::sign::any_supported_type,
    sign::{CertifiedKey, Signer, SigningKey},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{
    case::PrivateKey,
    der::{Tree, oid, tag},
    mint::{GivenKey, unraised_block},
    recipe::SignatureAlgorithm as Minted,
};

/// A chain and a key.
#[derive(Clone)]
pub struct Credentials {
    /// What is presented, as DER, the end entity first.
    pub chain: Vec<Vec<u8>>,
    /// What signs.
    pub key: PrivateKey,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({} certificates)", self.chain.len())
    }
}

impl Credentials {
    /// Both in the form that a handshake takes. The `Err` says what cannot be shown.
    pub(super) fn certified(&self) -> Result<Arc<CertifiedKey>, &'static str> {
        let chain: Vec<CertificateDer<'static>> = self
            .chain
            .iter()
            .map(|der| CertificateDer::from(der.clone()))
            .collect();
        Ok(Arc::new(CertifiedKey::new(chain, self.signing_key()?)))
    }

    fn signing_key(&self) -> Result<Arc<dyn SigningKey>, &'static str> {
        let stated = self.chain.first().and_then(|der| stated_key(der));
        if let Some(forged) = stated.as_ref().and_then(Forged::of) {
            return Ok(Arc::new(forged));
        }
        let pkcs8 = PrivatePkcs8KeyDer::from(self.key.secret_pkcs8_der().to_vec());
        if let Ok(key) = any_supported_type(&PrivateKeyDer::from(pkcs8)) {
            return Ok(key);
        }
        match GivenKey::read(self.key.secret_pkcs8_der()) {
            Ok(key) if key.modulus_octets().is_some() => Ok(Arc::new(Forged::Weak(Arc::new(key)))),
            _ => Err("a key that this client cannot sign with"),
        }
    }

    /// Whether the key is that of the end entity, so that a handshake proves possession of it.
    ///
    /// Where the certificate cannot be read, nobody knows, and it is taken for true.
    pub fn fits(&self) -> bool {
        let stated = self.chain.first().and_then(|der| stated_key(der));
        match (stated, GivenKey::read(self.key.secret_pkcs8_der())) {
            (Some(stated), Ok(key)) => {
                stated.bits == key.public_key() || Forged::of(&stated).is_some()
            }
            _ => true,
        }
    }
}

/// The public key that a certificate states.
struct Stated {
    algorithm: Vec<u8>,
    bits: Vec<u8>,
}

fn stated_key(certificate: &[u8]) -> Option<Stated> {
    let tree = Tree::read(certificate);
    let signed = tree.nodes.first()?.children().first()?;
    let has_version = signed.children().first()?.tag == [tag::context_constructed(0)];
    let info = signed.children().get(5 + usize::from(has_version))?;
    Some(Stated {
        algorithm: info.children().first()?.children().first()?.body_bytes(),
        bits: info.children().get(1)?.body_bytes().get(1..)?.to_vec(),
    })
}

/// Keys that libraries do not sign with.
#[derive(Debug)]
enum Forged {
    /// RSA that is too small or too large for them.
    Weak(Arc<GivenKey>),
    /// RSA with the exponent one, whose signatures are the padded digest itself; octets of the modulus.
    ExponentOne(usize),
    /// The identity of Ed25519, whose signatures are the same for every message.
    Identity,
}

/// The neutral element of Ed25519 (RFC 8032 section 5.1.2): y is one.
const IDENTITY: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 1;
    point
};

impl Forged {
    /// What signs for a stated key that is none.
    fn of(stated: &Stated) -> Option<Self> {
        if stated.algorithm == oid::ED25519.as_bytes() && stated.bits == IDENTITY {
            return Some(Self::Identity);
        }
        if stated.algorithm != oid::RSA_ENCRYPTION.as_bytes() {
            return None;
        }
        let tree = Tree::read(&stated.bits);
        let [modulus, exponent] = tree.nodes.first()?.children() else {
            return None;
        };
        let modulus = modulus.body_bytes();
        let octets = modulus.iter().skip_while(|octet| **octet == 0).count();
        (exponent.body_bytes() == [1] && octets >= 128).then_some(Self::ExponentOne(octets))
    }

    /// Schemes, best first, with what the mint calls them.
    fn schemes(&self) -> &'static [(SignatureScheme, Minted)] {
        const RSA: &[(SignatureScheme, Minted)] = &[
            (SignatureScheme::RSA_PSS_SHA256, Minted::RsaPssSha256),
            (SignatureScheme::RSA_PKCS1_SHA256, Minted::RsaSha256),
        ];
        match self {
            // A block of PSS has no room in 512 bits.
            Self::Weak(key) if key.modulus_octets().is_some_and(|octets| octets < 66) => &RSA[1..],
            Self::Weak(_) | Self::ExponentOne(_) => RSA,
            Self::Identity => &[(SignatureScheme::ED25519, Minted::Ed25519)],
        }
    }
}

impl SigningKey for Forged {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let (scheme, minted) = self
            .schemes()
            .iter()
            .find(|(scheme, _)| offered.contains(scheme))?;
        let how = match self {
            Self::Weak(key) => Self::Weak(Arc::clone(key)),
            Self::ExponentOne(octets) => Self::ExponentOne(*octets),
            Self::Identity => Self::Identity,
        };
        Some(Box::new(ForgedSigner {
            how,
            scheme: *scheme,
            minted: *minted,
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::Weak(_) | Self::ExponentOne(_) => SignatureAlgorithm::RSA,
            Self::Identity => SignatureAlgorithm::ED25519,
        }
    }
}

#[derive(Debug)]
struct ForgedSigner {
    how: Forged,
    scheme: SignatureScheme,
    minted: Minted,
}

impl Signer for ForgedSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let cannot = || Error::General("this key cannot sign so".to_owned());
        match &self.how {
            Forged::Weak(key) => key.sign(self.minted, message).ok_or_else(cannot),
            Forged::ExponentOne(octets) => {
                unraised_block(*octets, self.minted, message).ok_or_else(cannot)
            }
            // R is the base point and S is one: S·B = R + k·A holds for every k where A is neutral.
            Forged::Identity => {
                let mut signature = vec![0x66; 64];
                signature[0] = 0x58;
                signature[32..].fill(0);
                signature[32] = 1;
                Ok(signature)
            }
        }
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

/// Whether the key signs handshakes of TLS 1.2 alone, where PKCS #1 v1.5 is still allowed.
pub(super) fn needs_tls12(credentials: &Credentials) -> bool {
    GivenKey::read(credentials.key.secret_pkcs8_der())
        .ok()
        .and_then(|key| key.modulus_octets())
        .is_some_and(|octets| octets < 66)
}
