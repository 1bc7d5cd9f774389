//! The bits of keyUsage, and their names.
//!
//! Apart from the extensions that hold them, because profiles and CRL signers speak of them too.

use serde::{Deserialize, Serialize};

/// One bit of keyUsage, as profiles name it.
// RFC 5280 section 4.2.1.3
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are the standard's.
pub enum KeyUsage {
    DigitalSignature,
    ContentCommitment,
    KeyEncipherment,
    DataEncipherment,
    KeyAgreement,
    KeyCertSign,
    #[serde(rename = "cRLSign")]
    CrlSign,
    EncipherOnly,
    DecipherOnly,
}

impl KeyUsage {
    /// Every bit, from bit 0 on.
    pub const ALL: [Self; 9] = [
        Self::DigitalSignature,
        Self::ContentCommitment,
        Self::KeyEncipherment,
        Self::DataEncipherment,
        Self::KeyAgreement,
        Self::KeyCertSign,
        Self::CrlSign,
        Self::EncipherOnly,
        Self::DecipherOnly,
    ];

    /// How the standard names it.
    pub const fn name(self) -> &'static str {
        KeyUsageBits::NAMES[self as usize]
    }

    /// The bit that the standard names so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bit| bit.name() == name)
    }
}

/// The bits of keyUsage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsageBits(u16);

impl KeyUsageBits {
    pub(super) const fn new(bits: u16) -> Self {
        Self(bits)
    }

    /// How the standard names the bits, from bit 0 on.
    pub const NAMES: [&'static str; 9] = [
        "digitalSignature",
        "contentCommitment",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// Whether the bit of this number is set.
    pub const fn has(self, bit: u8) -> bool {
        bit < 16 && self.0 >> bit & 1 == 1
    }

    /// Whether this bit is set.
    pub const fn includes(self, usage: KeyUsage) -> bool {
        self.has(usage as u8)
    }

    /// digitalSignature.
    pub const fn digital_signature(self) -> bool {
        self.has(0)
    }

    /// keyEncipherment.
    pub const fn key_encipherment(self) -> bool {
        self.has(2)
    }

    /// keyAgreement.
    pub const fn key_agreement(self) -> bool {
        self.has(4)
    }

    /// keyCertSign.
    pub const fn key_cert_sign(self) -> bool {
        self.has(5)
    }

    /// cRLSign.
    pub const fn crl_sign(self) -> bool {
        self.has(6)
    }

    /// The names of the bits that are set, with commas.
    pub fn display(self) -> String {
        let set: Vec<_> = (0u8..9)
            .filter(|&bit| self.has(bit))
            .map(|bit| Self::NAMES[usize::from(bit)])
            .collect();
        if set.is_empty() {
            "nothing".to_owned()
        } else {
            set.join(", ")
        }
    }
}
