//! Signatures that a true key makes in a wrong way, ones that need no key, and keys in odd forms.
//!
//! They stand apart from [`Edit`](crate::der::Edit)s because they are computed
//! from the message, the key or a true signature.

use serde::{Deserialize, Serialize};

/// What is wrong with a signature. Each fits one kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignatureFlaw {
    /// RSA: the DigestInfo has no NULL after the hash's identifier.
    PaddingWithoutNull,
    /// RSA: eight octets of padding, the DigestInfo, and then zeros to the end.
    PaddingThenGarbage,
    /// RSA: eight octets of padding, and the rest hidden in the parameters of the hash.
    PaddingWithParameters,
    /// RSA: the padding is of block type 2.
    PaddingOfTypeTwo,
    /// RSA: one octet of the padding is not FF.
    PaddingWithGap,
    /// RSA: the DigestInfo names SHA-1, and the digest is that of the algorithm.
    PaddingNamesOtherHash,
    /// RSA: a length of the DigestInfo is in long form although it is short.
    PaddingWithLongLength,
    /// RSA: the digest alone, without DigestInfo.
    PaddingAroundBareDigest,
    /// RSA: the signature plus the modulus.
    RsaPlusModulus,
    /// RSA: a zero octet in front of the signature.
    RsaWithLeadingZero,
    /// RSA: the number zero.
    RsaZero,
    /// RSA: the number one.
    RsaOne,
    /// RSA with the public exponent 3: a cube root, made without the private key (Bleichenbacher 2006).
    CubeRoot,
    /// RSA with the public exponent 1: the padded block itself, made without the private key.
    UnraisedBlock,
    /// ECDSA: r and s side by side, without DER.
    EcdsaFlat,
    /// ECDSA: an s whose first bit is set, without the zero octet that makes it positive.
    EcdsaNegative,
    /// ECDSA: an r with a zero octet in front that it does not need.
    EcdsaPadded,
    /// ECDSA: r plus the order of the group.
    EcdsaRPlusOrder,
    /// ECDSA: s plus the order of the group.
    EcdsaSPlusOrder,
    /// ECDSA: made without the private key, for a verifier that takes the public
    /// key for the generator of its curve (CVE-2020-0601).
    EcdsaChosenGenerator,
    /// Ed25519: S plus the order of the group.
    EddsaPlusOrder,
}

/// How a public key is written, where that is not the usual way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PublicKeyForm {
    /// P-256: the curve's numbers in the place of its name.
    WrittenOutCurve,
    /// P-256: the curve's numbers, with the public key for the generator (CVE-2020-0601).
    ChosenGenerator,
}
