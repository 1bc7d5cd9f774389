//! The older forms of a private key, turned into PKCS #8.
//!
//! Suites ship keys as OpenSSL once wrote them, one PEM label an algorithm.
//! Everything behind a case wants the one form that names its algorithm.

use crate::der::{Oid, Tree, Writer, oid, tag};

/// PKCS #8 from what stands under a PEM label. `None` when the label is not
/// that of a key, or the bytes do not have its form.
pub(super) fn to_pkcs8(label: &str, der: Vec<u8>) -> Option<Vec<u8>> {
    match label {
        "PRIVATE KEY" => Some(der),
        "RSA PRIVATE KEY" => Some(wrap(
            &oid::RSA_ENCRYPTION,
            |w| w.element(tag::NULL, &[]),
            &der,
        )),
        "EC PRIVATE KEY" => sec1(&der),
        "DSA PRIVATE KEY" => dsa(&der),
        _ => None,
    }
}

/// `ECPrivateKey` (RFC 5915 section 3) carries its curve in `[0]`.
fn sec1(der: &[u8]) -> Option<Vec<u8>> {
    let tree = Tree::read(der);
    let fields = tree.nodes.first()?.children();
    let curve = fields
        .iter()
        .find(|field| field.tag == [tag::context_constructed(0)])?;
    Some(wrap(
        &oid::EC_PUBLIC_KEY,
        |w| w.raw(&curve.body_bytes()),
        der,
    ))
}

/// OpenSSL's own sequence of version, p, q, g, y and x. PKCS #8 has p, q and g
/// as parameters and x as the key (RFC 3279 section 2.3.2).
fn dsa(der: &[u8]) -> Option<Vec<u8>> {
    let tree = Tree::read(der);
    let [_version, p, q, g, _y, x] = tree.nodes.first()?.children() else {
        return None;
    };
    let parameters = |w: &mut Writer| {
        w.sequence(|w| {
            [p, q, g]
                .into_iter()
                .for_each(|field| w.raw(&field.to_bytes()))
        });
    };
    Some(wrap(&oid::DSA, parameters, &x.to_bytes()))
}

/// `PrivateKeyInfo` (RFC 5208 section 5).
fn wrap(algorithm: &Oid, parameters: impl FnOnce(&mut Writer), key: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.unsigned(0);
        w.sequence(|w| {
            w.oid(algorithm);
            parameters(w);
        });
        w.element(tag::OCTET_STRING, key);
    });
    w.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sec1_key_gets_its_curve_as_parameter() {
        let sec1 = [
            0x30, 0x13, 0x02, 0x01, 0x01, 0x04, 0x02, 0xaa, 0xbb, 0xa0, 0x0a, 0x06, 0x08, 0x2a,
            0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
        ];
        let pkcs8 = to_pkcs8("EC PRIVATE KEY", sec1.to_vec()).expect("a key");
        let tree = Tree::read(&pkcs8);
        let fields = tree.nodes[0].children();
        assert_eq!(
            fields[1].children()[0].body_bytes(),
            oid::EC_PUBLIC_KEY.as_bytes()
        );
        assert_eq!(fields[1].children()[1].body_bytes(), oid::P256.as_bytes());
        assert_eq!(fields[2].body_bytes(), sec1);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for (label, der) in [
            ("CERTIFICATE", vec![0x30, 0]),
            ("EC PRIVATE KEY", vec![0x30, 0]),
            ("DSA PRIVATE KEY", vec![1, 2, 3]),
        ] {
            assert_eq!(to_pkcs8(label, der), None, "{label}");
        }
    }
}
