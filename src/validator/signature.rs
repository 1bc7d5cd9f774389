//! The seam behind which signatures are verified, real or toy.
//!
//! Fuzzing and exhaustion need a hundred thousand validations a second, which
//! real signatures do not allow. So the validator asks a scheme.

use super::algorithm::SignatureAlgorithm;

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The signature was not made by this key over these bytes.
    #[error("the signature does not verify")]
    Bad,
    /// The algorithm is not one that the scheme knows.
    #[error("the signature algorithm is not supported")]
    UnsupportedAlgorithm,
    /// The algorithm's parameters are not what its definition says.
    #[error("the signature algorithm's parameters are wrong")]
    BadParameters,
    /// The key is not a key of the algorithm's kind.
    #[error("the key does not fit the signature algorithm")]
    WrongKey,
    /// The key is not a valid key of its kind.
    #[error("the key is not valid")]
    InvalidKey,
}

/// Verifies signatures.
pub trait SignatureScheme: Send + Sync {
    /// Whether `signature` over `message` verifies under the SubjectPublicKeyInfo `key_info` (DER).
    ///
    /// `algorithm` is the AlgorithmIdentifier beside the signature, parsed; its
    /// [`der`](SignatureAlgorithm::der) gives the bytes.
    fn verify(
        &self,
        algorithm: &SignatureAlgorithm<'_>,
        key_info: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError>;

    /// Whether a key is valid by itself: on its curve, of full order. A toy scheme says yes.
    fn check_key(&self, key_info: &[u8]) -> Result<(), SignatureError>;
}
