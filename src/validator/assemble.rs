//! DER put together by hand, for this module tree's own tests.
//!
//! The tests need CRLs and certificates that no library would write, and must
//! not see the side of the house that mints them.

/// One element.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long @ 0x80..=0xff => out.extend([0x81, long as u8]),
        long @ 0x100..=0xffff => out.extend([0x82, (long >> 8) as u8, long as u8]),
        long => out.extend([0x83, (long >> 16) as u8, (long >> 8) as u8, long as u8]),
    }
    out.extend_from_slice(content);
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// A Name of one common name.
pub(crate) fn name(common_name: &str) -> Vec<u8> {
    let attribute = sequence(&[b"\x06\x03\x55\x04\x03", &tlv(0x0c, common_name.as_bytes())]);
    sequence(&[&tlv(0x31, &attribute)])
}

/// A Name of organization names, each a string of the type of its tag.
pub(crate) fn organizations(values: &[(u8, &[u8])]) -> Vec<u8> {
    let sets = values.iter().map(|(string_tag, value)| {
        let attribute = sequence(&[b"\x06\x03\x55\x04\x0a", &tlv(*string_tag, value)]);
        tlv(0x31, &attribute)
    });
    tlv(0x30, &sets.collect::<Vec<_>>().concat())
}

/// An extension under `id-ce`.
pub(crate) fn extension(arc: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { b"\x01\x01\xff" } else { b"" };
    sequence(&[&[0x06, 0x03, 0x55, 0x1d, arc], critical, &tlv(0x04, value)])
}

/// An entry of a CRL, revoked on 2026-01-01.
pub(crate) fn entry(serial: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = if extensions.is_empty() {
        Vec::new()
    } else {
        sequence(&[&extensions.concat()])
    };
    sequence(&[&tlv(0x02, serial), b"\x17\x0d260101000000Z", &extensions])
}

/// A reasonCode extension.
pub(crate) fn reason(code: u8) -> Vec<u8> {
    extension(21, false, &[0x0a, 1, code])
}

/// A cRLNumber extension.
pub(crate) fn number(value: u8) -> Vec<u8> {
    extension(20, false, &[0x02, 0x01, value])
}

/// A distributionPoint field with one URI.
pub(crate) fn uri_point(uri: &str) -> Vec<u8> {
    tlv(0xa0, &tlv(0xa0, &tlv(0x86, uri.as_bytes())))
}

/// ecdsa-with-SHA256.
pub(crate) const ALGORITHM: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// The version field of a version 2 CRL.
pub(crate) const V2: &[u8] = b"\x02\x01\x01";
/// Current during 2026.
pub(crate) const YEAR_2026: &[u8] = b"\x17\x0d260101000000Z\x17\x0d270101000000Z";

/// A CRL in parts.
pub(crate) struct CrlParts<'a> {
    pub(crate) version: &'a [u8],
    pub(crate) issuer: &'a str,
    pub(crate) times: &'a [u8],
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) extensions: Vec<Vec<u8>>,
    pub(crate) signature: &'a [u8],
}

impl Default for CrlParts<'_> {
    fn default() -> Self {
        Self {
            version: V2,
            issuer: "CA",
            times: YEAR_2026,
            entries: Vec::new(),
            extensions: vec![number(1)],
            signature: &[0xaa, 0xbb],
        }
    }
}

impl CrlParts<'_> {
    pub(crate) fn der(&self) -> Vec<u8> {
        let list = |parts: &[Vec<u8>]| {
            if parts.is_empty() {
                Vec::new()
            } else {
                sequence(&[&parts.concat()])
            }
        };
        let extensions = match &*self.extensions {
            [] => Vec::new(),
            some => tlv(0xa0, &list(some)),
        };
        let entries = list(&self.entries);
        let tbs = sequence(&[
            self.version,
            ALGORITHM,
            &name(self.issuer),
            self.times,
            &entries,
            &extensions,
        ]);
        sequence(&[
            &tbs,
            ALGORITHM,
            &tlv(0x03, &[&[0], self.signature].concat()),
        ])
    }
}

/// A P-256 SubjectPublicKeyInfo whose point is this octet 64 times, so on no curve.
pub(crate) fn key(fill: u8) -> Vec<u8> {
    let point = [&[0, 4][..], &[fill; 64]].concat();
    sequence(&[
        b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
        &tlv(0x03, &point),
    ])
}

/// A version 3 certificate of this serial, issuer and extensions, with a made-up key and signature.
pub(crate) fn certificate(
    serial: u8,
    issuer: &str,
    subject: &str,
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    signed_certificate(serial, issuer, subject, extensions, &[0xaa, 0xbb])
}

/// The same with this signature. Its key is `key(serial)`.
pub(crate) fn signed_certificate(
    serial: u8,
    issuer: &str,
    subject: &str,
    extensions: &[Vec<u8>],
    signature: &[u8],
) -> Vec<u8> {
    let extensions = match extensions {
        [] => Vec::new(),
        some => tlv(0xa3, &sequence(&[&some.concat()])),
    };
    let tbs = sequence(&[
        b"\xa0\x03\x02\x01\x02",
        &[2, 1, serial],
        ALGORITHM,
        &name(issuer),
        &sequence(&[YEAR_2026]),
        &name(subject),
        &key(serial),
        &extensions,
    ]);
    sequence(&[&tbs, ALGORITHM, &tlv(0x03, &[&[0], signature].concat())])
}
