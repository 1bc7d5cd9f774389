//! What a peer shows and proves: a chain, its key, and a key that is not its.

use super::message::handshake;
use super::wire::{put_number, put_vector};
use crate::{
    mint::{KeyPair, PrivateKey, toy_signature},
    recipe::{Key, KeyAlgorithm, SignatureAlgorithm},
    script::{Context, HandshakeKind, Proof, Side, SignatureScheme, Signer},
};

/// A chain and its key.
#[derive(Debug)]
pub struct Credentials {
    /// The chain, as DER, the end entity first.
    pub chain: Vec<Vec<u8>>,
    holder: Holder,
    /// Another client of the same CA.
    other_client: Option<Box<Self>>,
}

#[derive(Debug)]
enum Holder {
    /// A true key, its kind, and another of the same kind.
    Real {
        kind: KeyAlgorithm,
        own: Box<KeyPair>,
        another: Option<Box<KeyPair>>,
    },
    /// A public key in whose name anybody can sign.
    Toy { public_key: Vec<u8> },
}

/// A private key that cannot sign here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key is none of P-256, P-384, Ed25519 and RSA")]
pub struct UnusableKey;

impl Credentials {
    /// A chain and the key of its end entity.
    ///
    /// # Errors
    /// When the key is of a kind that cannot sign here.
    pub fn new(chain: Vec<Vec<u8>>, key: &PrivateKey) -> Result<Self, UnusableKey> {
        let (kind, own) = KeyPair::from_pkcs8(key.secret_pkcs8_der()).ok_or(UnusableKey)?;
        // The stranger is one of the committed keys where keys are committed.
        let another = KeyPair::of(&Key::new(kind, "stranger")).ok().map(Box::new);
        Ok(Self {
            chain,
            holder: Holder::Real {
                kind,
                own: Box::new(own),
                another,
            },
            other_client: None,
        })
    }

    /// The same beside another client of the same CA, whose key is at hand too.
    #[must_use]
    pub fn beside(mut self, other: Self) -> Self {
        self.other_client = Some(Box::new(other));
        self
    }

    /// The other client, where there is one.
    pub(super) fn other_client(&self) -> Option<&Self> {
        self.other_client.as_deref()
    }

    /// A chain whose signatures are toys, those of the handshake too.
    pub fn toy(chain: Vec<Vec<u8>>, public_key: Vec<u8>) -> Self {
        Self {
            chain,
            holder: Holder::Toy { public_key },
            other_client: None,
        }
    }

    /// The scheme that the key signs handshakes with unless told otherwise.
    pub const fn usual_scheme(&self) -> SignatureScheme {
        match &self.holder {
            Holder::Toy { .. } => SignatureScheme::ECDSA_SECP256R1_SHA256,
            Holder::Real { kind, .. } => match kind {
                KeyAlgorithm::P384 => SignatureScheme::ECDSA_SECP384R1_SHA384,
                KeyAlgorithm::P521 => SignatureScheme::ECDSA_SECP521R1_SHA512,
                KeyAlgorithm::Ed25519 => SignatureScheme::ED25519,
                kind if kind.is_rsa() => SignatureScheme::RSA_PSS_RSAE_SHA256,
                _ => SignatureScheme::ECDSA_SECP256R1_SHA256,
            },
        }
    }

    /// A CertificateVerify over this transcript hash (RFC 8446 section 4.4.3).
    pub(super) fn prove(&self, proof: &Proof, side: Side, transcript: &[u8]) -> Vec<u8> {
        self.sign_as(proof, &signed_content(proof.context, side, transcript))
    }

    /// A CertificateVerify that signs these octets, which is what one of TLS 1.2 does with the
    /// transcript (RFC 5246 section 7.4.8).
    pub(super) fn sign_as(&self, proof: &Proof, message: &[u8]) -> Vec<u8> {
        if let (Signer::OtherClient, Some(other)) = (proof.signer, self.other_client()) {
            let proof = Proof {
                signer: Signer::Own,
                ..*proof
            };
            return other.sign_as(&proof, message);
        }
        let scheme = proof.scheme.unwrap_or_else(|| self.usual_scheme());
        let signature = match proof.signer {
            Signer::Nobody => Vec::new(),
            Signer::Zeros => vec![0; 64],
            Signer::Own | Signer::Another | Signer::OtherClient => {
                self.sign(proof.signer, scheme, message)
            }
        };
        handshake(HandshakeKind::CERTIFICATE_VERIFY, |out| {
            put_number(out, 2, scheme.0.into());
            put_vector(out, 2, |out| out.extend_from_slice(&signature));
        })
    }

    fn sign(&self, signer: Signer, scheme: SignatureScheme, message: &[u8]) -> Vec<u8> {
        match &self.holder {
            Holder::Toy { public_key } => {
                let mut key = public_key.clone();
                let is_other = matches!(signer, Signer::Another | Signer::OtherClient);
                if let (true, Some(octet)) = (is_other, key.last_mut()) {
                    *octet ^= 1;
                }
                toy_signature(&key, message).to_vec()
            }
            Holder::Real { own, another, .. } => {
                // Where no other client is at hand, a stranger stands for it.
                let is_other = matches!(signer, Signer::Another | Signer::OtherClient);
                let pair = match (is_other, another) {
                    (true, Some(another)) => another,
                    _ => own,
                };
                let usual = || signature_algorithm(self.usual_scheme());
                let told = signature_algorithm(scheme).and_then(|told| pair.sign(told, message));
                let signed = told
                    .or_else(|| pair.sign(usual()?, message))
                    .unwrap_or_default();
                match is_other && another.is_none() {
                    true => flipped(signed),
                    false => signed,
                }
            }
        }
    }
}

/// Where there is no other key, a signature that does not verify stands for its.
fn flipped(mut signature: Vec<u8>) -> Vec<u8> {
    if let Some(octet) = signature.last_mut() {
        *octet ^= 1;
    }
    signature
}

/// What is signed (RFC 8446 section 4.4.3).
fn signed_content(context: Context, side: Side, transcript: &[u8]) -> Vec<u8> {
    let side = match context {
        Context::Own => side,
        Context::OtherSide => side.other(),
        Context::Absent => return transcript.to_vec(),
    };
    let name: &[u8] = match side {
        Side::Client => b"TLS 1.3, client CertificateVerify\0",
        Side::Server => b"TLS 1.3, server CertificateVerify\0",
    };
    [&[0x20; 64][..], name, transcript].concat()
}

/// How to sign under a scheme. `None` where the mint cannot.
const fn signature_algorithm(scheme: SignatureScheme) -> Option<SignatureAlgorithm> {
    Some(match scheme {
        SignatureScheme::ECDSA_SECP256R1_SHA256 => SignatureAlgorithm::EcdsaSha256,
        SignatureScheme::ECDSA_SECP384R1_SHA384 => SignatureAlgorithm::EcdsaSha384,
        SignatureScheme::ECDSA_SECP521R1_SHA512 => SignatureAlgorithm::EcdsaSha512,
        SignatureScheme::ECDSA_SHA1 => SignatureAlgorithm::EcdsaSha1,
        SignatureScheme::ED25519 => SignatureAlgorithm::Ed25519,
        SignatureScheme::RSA_PSS_RSAE_SHA256 => SignatureAlgorithm::RsaPssSha256,
        SignatureScheme::RSA_PKCS1_SHA256 => SignatureAlgorithm::RsaSha256,
        SignatureScheme::RSA_PKCS1_SHA384 => SignatureAlgorithm::RsaSha384,
        SignatureScheme::RSA_PKCS1_SHA512 => SignatureAlgorithm::RsaSha512,
        SignatureScheme::RSA_PKCS1_SHA1 => SignatureAlgorithm::RsaSha1,
        _ => return None,
    })
}
