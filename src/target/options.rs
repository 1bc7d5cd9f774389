//! What stands beside a target's binary: `NAME.options` for libFuzzer, and the
//! dictionaries, all made from our own tables.

use std::fmt::Write as _;

use super::{Dictionary, Target};
use crate::{
    der::oid,
    script::{
        CipherSuite, ExtensionKind, HandshakeKind, NamedGroup, ProtocolVersion, SignatureScheme,
    },
};

/// The text of `NAME.options`, as ClusterFuzz and OSS-Fuzz read it.
pub fn options(target: &Target) -> String {
    let mut text = format!(
        "[libfuzzer]\nmax_len = {}\ntimeout = 10\nrss_limit_mb = 2048\nlen_control = 0\n",
        target.max_length
    );
    if !target.by_rarity {
        text.push_str("entropic = 0\n");
    }
    if let Some(dictionary) = target.dictionary {
        let _ = writeln!(text, "dict = {}", dictionary.file());
    }
    text
}

impl Dictionary {
    /// Every dictionary.
    pub const ALL: &'static [Self] = &[Self::X509, Self::Tls];

    /// The name of its file.
    pub const fn file(self) -> &'static str {
        match self {
            Self::X509 => "x509.dict",
            Self::Tls => "tls.dict",
        }
    }

    /// Its text, as libFuzzer reads it.
    pub fn text(self) -> String {
        match self {
            Self::X509 => x509(),
            Self::Tls => tls(),
        }
    }
}

/// Every version, suite, group, scheme, extension and message that has a name.
fn tls() -> String {
    let mut text = String::from(
        "# Made from the tables of src/script: UPDATE_DOCS=1 cargo test --test fuzz\n",
    );
    let mut table = |title: &str, points: &mut dyn Iterator<Item = (String, Vec<u8>)>| {
        let _ = writeln!(text, "\n# {title}");
        for (name, octets) in points {
            let _ = writeln!(text, "# {name}\n{}", entry(&octets));
        }
    };
    let two = |name: Option<&str>, number: u16| {
        (
            name.unwrap_or_default().to_owned(),
            number.to_be_bytes().to_vec(),
        )
    };
    let one =
        |name: Option<&str>, number: u8| (name.unwrap_or_default().to_owned(), vec![number, 0, 0]);
    table(
        "Versions",
        &mut ProtocolVersion::NAMED
            .iter()
            .map(|point| two(point.name(), point.0)),
    );
    table(
        "Cipher suites",
        &mut CipherSuite::NAMED
            .iter()
            .map(|point| two(point.name(), point.0)),
    );
    table(
        "Groups",
        &mut NamedGroup::NAMED
            .iter()
            .map(|point| two(point.name(), point.0)),
    );
    table(
        "Schemes",
        &mut SignatureScheme::NAMED
            .iter()
            .map(|point| two(point.name(), point.0)),
    );
    table(
        "Extensions",
        &mut ExtensionKind::NAMED
            .iter()
            .map(|point| two(point.name(), point.0)),
    );
    table(
        "Messages",
        &mut HandshakeKind::NAMED
            .iter()
            .map(|point| one(point.name(), point.0)),
    );
    text
}

/// Every object identifier and every tag that X.509 knows, as a libFuzzer dictionary.
///
/// An identifier stands as its whole element, since that is what readers compare.
fn x509() -> String {
    let mut text = String::from(
        "# Made from the tables of src/der: UPDATE_DOCS=1 cargo test --test fuzz\n\n# Object identifiers\n",
    );
    for (dotted, identifier) in oid::KNOWN {
        let octets = identifier.as_bytes();
        let element = [&[0x06, octets.len() as u8], octets].concat();
        let _ = writeln!(text, "# {dotted}\n{}", entry(&element));
    }
    text.push_str("\n# Elements\n");
    for (name, octets) in ELEMENTS {
        let _ = writeln!(text, "# {name}\n{}", entry(octets));
    }
    text
}

/// What is more than an identifier: forms that readers treat apart.
const ELEMENTS: &[(&str, &[u8])] = &[
    ("TRUE", &[1, 1, 0xff]),
    ("FALSE, which DER leaves out", &[1, 1, 0]),
    ("a boolean that is neither", &[1, 1, 1]),
    ("NULL", &[5, 0]),
    ("INTEGER 0", &[2, 1, 0]),
    ("INTEGER -1", &[2, 1, 0xff]),
    ("INTEGER with a needless octet", &[2, 2, 0, 1]),
    ("version 3", &[0xa0, 3, 2, 1, 2]),
    ("version 2", &[0xa0, 3, 2, 1, 1]),
    ("extensions", &[0xa3]),
    ("SEQUENCE, empty", &[0x30, 0]),
    ("SET, empty", &[0x31, 0]),
    ("OCTET STRING, empty", &[4, 0]),
    ("BIT STRING, empty", &[3, 1, 0]),
    ("BIT STRING without its first octet", &[3, 0]),
    ("indefinite length", &[0x30, 0x80]),
    ("end of contents", &[0, 0]),
    ("length in one octet too many", &[0x81, 1]),
    ("length of 255", &[0x81, 0xff]),
    ("length of 65,535", &[0x82, 0xff, 0xff]),
    ("length of 4 GiB", &[0x84, 0xff, 0xff, 0xff, 0xff]),
    ("length of 127 octets", &[0xff]),
    ("tag in two octets", &[0x1f, 0x81]),
    ("cA", &[0x30, 3, 1, 1, 0xff]),
    ("keyCertSign and cRLSign", &[3, 2, 1, 6]),
    ("digitalSignature", &[3, 2, 7, 0x80]),
    ("rfc822Name", &[0x81]),
    ("dNSName", &[0x82]),
    ("directoryName", &[0xa4]),
    ("URI", &[0x86]),
    ("iPAddress, version 4", &[0x87, 4]),
    ("iPAddress with mask", &[0x87, 8]),
    ("iPAddress, version 6", &[0x87, 16]),
    ("UTCTime", &[0x17, 13]),
    ("GeneralizedTime", &[0x18, 15]),
    ("a time that never ends", b"\x18\x0f99991231235959Z"),
    ("keyIdentifier", &[0x80, 20]),
    ("requireExplicitPolicy 0", &[0x80, 1, 0]),
    ("inhibitPolicyMapping 0", &[0x81, 1, 0]),
    ("a DNS name with a wildcard", b"*.gatecrash.example"),
    ("a DNS name with NUL", b"a\0.gatecrash.example"),
];

/// One line: `"\x06\x03\x55\x1d\x13"`.
fn entry(octets: &[u8]) -> String {
    let mut line = String::from("\"");
    for octet in octets {
        let _ = write!(line, "\\x{octet:02x}");
    }
    line.push('"');
    line
}
