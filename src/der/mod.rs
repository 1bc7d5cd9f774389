//! DER as bytes and as a tree that loses nothing, bad lengths included.
//!
//! This is the side that *makes* encodings, wrong ones above all. The reference
//! validator reads with other code, so that one bug cannot hide on both sides.

pub mod edit;
pub mod oid;
pub mod pem;
pub mod tree;
pub mod write;

pub use edit::{Change, Edit, EditError, HexBytes, Path};
pub use oid::Oid;
pub use tree::{Body, Length, Node, Tree};
pub use write::Writer;

/// Identifier octets of the types that X.509 uses.
pub mod tag {
    /// BOOLEAN
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER
    pub const OID: u8 = 0x06;
    /// ENUMERATED
    pub const ENUMERATED: u8 = 0x0a;
    /// UTF8String
    pub const UTF8_STRING: u8 = 0x0c;
    /// PrintableString
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// TeletexString
    pub const TELETEX_STRING: u8 = 0x14;
    /// IA5String
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// UniversalString
    pub const UNIVERSAL_STRING: u8 = 0x1c;
    /// BMPString
    pub const BMP_STRING: u8 = 0x1e;
    /// SEQUENCE, constructed
    pub const SEQUENCE: u8 = 0x30;
    /// SET, constructed
    pub const SET: u8 = 0x31;

    /// Context-specific, primitive, number below 31.
    pub const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// Context-specific, constructed, number below 31.
    pub const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}
