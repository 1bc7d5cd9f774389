//! An OCSP response (RFC 6960 section 4.2.1), as a recipe says it.

use serde::{Deserialize, Serialize};

use super::{Extension, Label, Name, Signing, TimeField};
use crate::der::{Edit, HexBytes};

/// One OCSP response: that which the peer staples.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OcspResponse {
    /// The label of the certificate whose key signs, where `signing` does not say otherwise.
    pub signer: Label,
    /// responseStatus: 0 is successful; any other leaves the rest out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub status: u8,
    /// responderID, where it is not the signer's subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responder: Option<Responder>,
    /// producedAt
    pub produced_at: TimeField,
    /// Labels of the certificates that come with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Label>,
    /// How it is signed.
    #[serde(default, skip_serializing_if = "Signing::is_usual")]
    pub signing: Signing,
    /// Edits of the ResponseData before it is signed; the root is the ResponseData.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits_before_signing: Vec<Edit>,
    /// Edits of the BasicOCSPResponse once it is signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits_of_basic: Vec<Edit>,
    /// Edits of the whole; the root is the OCSPResponse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// The answers.
    #[serde(rename = "answer", default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<OcspAnswer>,
    /// responseExtensions
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

/// Who is said to have answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Responder {
    /// byName
    Name(Name),
    /// byKey, with the SHA-1 hash of the signer's key.
    KeyOfSigner,
    /// byKey, with these octets.
    Key(HexBytes),
}

/// What a response says of one certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OcspAnswer {
    /// The label of the issuer, whose name and key are hashed.
    pub issuer: Label,
    /// The serial number, as the octets of the INTEGER.
    pub serial: HexBytes,
    /// The hash that identifies the issuer.
    #[serde(default, skip_serializing_if = "OcspHash::is_usual")]
    pub hash: OcspHash,
    /// issuerNameHash, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_hash: Option<HexBytes>,
    /// issuerKeyHash, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_hash: Option<HexBytes>,
    /// certStatus
    pub status: OcspStatus,
    /// thisUpdate
    pub this_update: TimeField,
    /// nextUpdate
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_update: Option<TimeField>,
    /// singleExtensions
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
}

/// The hash by which a certificate's issuer is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OcspHash {
    /// SHA-1, as nearly every responder has it (RFC 5019 section 2.1.1).
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
}

impl OcspHash {
    fn is_usual(&self) -> bool {
        *self == Self::Sha1
    }
}

/// certStatus
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum OcspStatus {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// revocationTime
        since: TimeField,
        /// revocationReason
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<u8>,
    },
    /// The responder does not know the certificate.
    Unknown,
}

fn is_zero(status: &u8) -> bool {
    *status == 0
}
