//! A private key that somebody gives: PKCS #8, SEC 1 or PKCS #1, in PEM or DER.
//!
//! Which of them it is shows in its structure, so that a wrong PEM label does
//! no harm. The key is never shown, and no recipe holds it.

use std::fmt;

use num_bigint::BigUint;

use super::key::{KeyPair, RsaSecret, Secret};
use crate::{
    der::{
        Body, Node, Oid, Tree, oid,
        pem::{self, PemError},
        tag,
    },
    recipe::KeyAlgorithm,
};

/// A key pair that is from no label.
pub struct GivenKey {
    /// Its kind. An RSA key goes by the size of the committed test keys that is
    /// nearest, so that look-alikes of its owner have keys too.
    pub(super) algorithm: KeyAlgorithm,
    pub(super) pair: KeyPair,
}

impl fmt::Debug for GivenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivenKey(…)")
    }
}

/// A private key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GivenKeyError {
    /// The text is no PEM.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The key is encrypted.
    #[error(
        "the private key is encrypted: `openssl pkey -in KEY -out PLAIN` asks for the password and decrypts it"
    )]
    Encrypted,
    /// There is something else in the file.
    #[error("no private key in it, only `{0}`")]
    OtherBlock(String),
    /// The structure is of no private key.
    #[error("not a private key in PKCS #8, SEC 1 or PKCS #1")]
    Structure,
    /// The algorithm is another.
    #[error(
        "the private key is of a kind that cannot sign here: P-256, P-384, P-521, Ed25519 and RSA can"
    )]
    Kind,
    /// The numbers are of no key.
    #[error("the numbers of the private key do not fit together")]
    Numbers,
}

impl GivenKey {
    /// Reads a private key.
    ///
    /// # Errors
    /// When it is none, is encrypted, or is of a kind that nothing here signs with.
    pub fn read(bytes: &[u8]) -> Result<Self, GivenKeyError> {
        if bytes.first() == Some(&tag::SEQUENCE) {
            return Self::from_der(bytes);
        }
        let blocks = pem::read(bytes).map_err(|error| match error {
            // Old encrypted keys have headers, and nothing else has.
            PemError::Headers { .. } => GivenKeyError::Encrypted,
            error => GivenKeyError::Pem(error),
        })?;
        let key = blocks
            .iter()
            .find(|block| block.label.ends_with("PRIVATE KEY"));
        match key {
            Some(block) if block.label.starts_with("ENCRYPTED") => Err(GivenKeyError::Encrypted),
            Some(block) => Self::from_der(&block.der),
            None => Err(GivenKeyError::OtherBlock(blocks[0].label.clone())),
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, GivenKeyError> {
        let secret = secret(der)?;
        let algorithm = match &secret {
            Secret::P256(_) => KeyAlgorithm::P256,
            Secret::P384(_) => KeyAlgorithm::P384,
            Secret::P521(_) => KeyAlgorithm::P521,
            Secret::Ed25519(_) => KeyAlgorithm::Ed25519,
            Secret::Rsa(rsa) if rsa.modulus.bits() < 3072 => KeyAlgorithm::Rsa2048,
            Secret::Rsa(_) => KeyAlgorithm::Rsa3072,
        };
        Ok(Self {
            algorithm,
            pair: KeyPair::from_secret(algorithm, secret),
        })
    }
}

/// The secret in any of the three structures.
pub(super) fn secret(der: &[u8]) -> Result<Secret, GivenKeyError> {
    let mut tree = Tree::read(der);
    let [node] = tree.nodes.as_mut_slice() else {
        return Err(GivenKeyError::Structure);
    };
    let tags: Vec<u8> = node.children().iter().map(|child| child.tag[0]).collect();
    match tags.as_slice() {
        [tag::INTEGER, tag::SEQUENCE, tag::OCTET_STRING, ..] => pkcs8(node),
        [tag::INTEGER, tag::OCTET_STRING, ..] => sec1(node, None),
        [tag::INTEGER, tag::INTEGER, ..] => pkcs1(node),
        _ => Err(GivenKeyError::Structure),
    }
}

/// PrivateKeyInfo (RFC 5958 section 2).
fn pkcs8(node: &mut Node) -> Result<Secret, GivenKeyError> {
    let Body::Constructed { nodes, .. } = &mut node.body else {
        return Err(GivenKeyError::Structure);
    };
    let identifiers: Vec<Oid> = nodes[1].children().iter().filter_map(read_oid).collect();
    if !nodes[2].open() {
        return Err(GivenKeyError::Structure);
    }
    let inner = nodes[2]
        .children()
        .first()
        .ok_or(GivenKeyError::Structure)?;
    match identifiers.as_slice() {
        [kind, ..] if *kind == oid::RSA_ENCRYPTION => pkcs1(inner),
        [kind, curve] if *kind == oid::EC_PUBLIC_KEY => sec1(inner, Some(curve)),
        [kind] if *kind == oid::ED25519 => {
            let seed = <[u8; 32]>::try_from(inner.body_bytes().as_slice())
                .map_err(|_| GivenKeyError::Numbers)?;
            Ok(Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(
                &seed,
            )))
        }
        _ => Err(GivenKeyError::Kind),
    }
}

/// ECPrivateKey (RFC 5915 section 3). Its curve stands inside it or around it.
fn sec1(node: &Node, curve: Option<&Oid>) -> Result<Secret, GivenKeyError> {
    let [_, scalar, optional @ ..] = node.children() else {
        return Err(GivenKeyError::Structure);
    };
    let own = optional
        .iter()
        .find(|field| field.tag == [tag::context_constructed(0)])
        .and_then(|field| field.children().first())
        .and_then(read_oid);
    let scalar = scalar.body_bytes();
    match curve.or(own.as_ref()).ok_or(GivenKeyError::Kind)? {
        curve if *curve == oid::P256 => p256::ecdsa::SigningKey::from_slice(&scalar)
            .map(Secret::P256)
            .map_err(|_| GivenKeyError::Numbers),
        curve if *curve == oid::P384 => p384::ecdsa::SigningKey::from_slice(&scalar)
            .map(Secret::P384)
            .map_err(|_| GivenKeyError::Numbers),
        curve if *curve == oid::P521 => p521::ecdsa::SigningKey::from_slice(&scalar)
            .map(Secret::P521)
            .map_err(|_| GivenKeyError::Numbers),
        _ => Err(GivenKeyError::Kind),
    }
}

/// RSAPrivateKey (RFC 8017 appendix A.1.2), of two primes.
fn pkcs1(node: &Node) -> Result<Secret, GivenKeyError> {
    let numbers: Vec<BigUint> = node
        .children()
        .iter()
        .map(|number| BigUint::from_bytes_be(&number.body_bytes()))
        .collect();
    let numbers = <[BigUint; 9]>::try_from(numbers).map_err(|_| GivenKeyError::Structure)?;
    RsaSecret::from_numbers(numbers)
        .map(Secret::Rsa)
        .ok_or(GivenKeyError::Numbers)
}

fn read_oid(node: &Node) -> Option<Oid> {
    (node.tag == [tag::OID])
        .then(|| Oid::from_octets(node.body_bytes()))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{der::Writer, recipe::Key};

    /// The same key in every form that there is for it.
    fn forms(key: &Key) -> Vec<Vec<u8>> {
        let pkcs8 = KeyPair::of(key).expect("exists").to_pkcs8(key.algorithm);
        let mut tree = Tree::read(&pkcs8);
        let Body::Constructed { nodes, .. } = &mut tree.nodes[0].body else {
            panic!("PKCS #8 is a SEQUENCE");
        };
        let inner = nodes[2].body_bytes();
        let mut forms = vec![pem::write(pem::PRIVATE_KEY, &pkcs8).into_bytes(), pkcs8];
        let curve = match key.algorithm {
            KeyAlgorithm::P256 => Some(oid::P256),
            KeyAlgorithm::P384 => Some(oid::P384),
            KeyAlgorithm::P521 => Some(oid::P521),
            _ => None,
        };
        if let Some(curve) = curve {
            let mut w = Writer::new();
            let sec1 = Tree::read(&inner);
            w.sequence(|w| {
                w.raw(&sec1.nodes[0].children()[0].to_bytes());
                w.raw(&sec1.nodes[0].children()[1].to_bytes());
                w.nest(tag::context_constructed(0), |w| w.oid(&curve));
            });
            let body = pem::write("EC PRIVATE KEY", &w.into_bytes());
            // As `openssl ecparam -genkey` writes it.
            let parameters = pem::write("EC PARAMETERS", &[6, 1, 0]);
            forms.push(format!("{parameters}{body}").into_bytes());
        }
        if key.algorithm.is_rsa() {
            forms.push(pem::write("RSA PRIVATE KEY", &inner).into_bytes());
        }
        forms
    }

    #[test]
    fn every_form_of_a_key_is_the_same_key() {
        for text in [
            "p256:a",
            "p384:a",
            "p521:a",
            "ed25519:a",
            "rsa2048:anchor",
            "rsa3072:anchor",
        ] {
            let key: Key = text.parse().expect(text);
            let pair = KeyPair::of(&key).expect("exists");
            for form in forms(&key) {
                let given = GivenKey::read(&form).expect(text);
                assert_eq!(given.algorithm, key.algorithm, "{text}");
                assert_eq!(given.pair.spki, pair.spki, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
        let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        let block = |label: &str| pem::write(label, &[0x30, 0]).into_bytes();
        let short = vec![0x30, 3, 2, 1, 0];
        let other = vec![0x30, 0x0b, 2, 1, 0, 0x30, 4, 6, 2, 0x2a, 3, 4, 0];
        let table = [
            (Vec::new(), "no PEM block"),
            (block(pem::CERTIFICATE), "only `CERTIFICATE`"),
            (block("ENCRYPTED PRIVATE KEY"), "encrypted"),
            (encrypted.into(), "encrypted"),
            (short, "not a private key"),
            (other, "not a private key"),
        ];
        for (bytes, message) in table {
            let error = GivenKey::read(&bytes).expect_err(message).to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn any_octet_of_a_key_may_be_wrong_without_a_panic() {
        let der = KeyPair::of(&Key::new(KeyAlgorithm::Rsa2048, "anchor"))
            .expect("exists")
            .to_pkcs8(KeyAlgorithm::Rsa2048);
        for at in (0..der.len()).step_by(7) {
            let mut wrong = der.clone();
            wrong[at] ^= 0x55;
            let _ = GivenKey::read(&wrong);
            let _ = GivenKey::read(&der[..at]);
        }
    }
}
