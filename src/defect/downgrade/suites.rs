//! Cipher suites that nobody should take any more, each kind offered alone in a hello of TLS 1.2, in every size that it has.

use super::{Clause, Defect, Severity, defect, offer, old, policy};
use crate::{
    defect::Class,
    script::{CipherSuite, ProtocolVersion},
};

/// Suites that are weak for one cause.
struct Weakness {
    page: &'static str,
    clause: Clause,
    severity: Severity,
    class: Class,
}

const NULL: Weakness = Weakness {
    page: "Nothing is encrypted: whoever listens reads along. Libraries keep such suites for debugging, and a cipher list that names everything names them too.",
    clause: "RFC 9325 section 4.1",
    severity: Severity::Critical,
    class: Class::MustReject,
};

const EXPORT: Weakness = Weakness {
    page: "Keys of 40 bits, weak on purpose: an afternoon breaks them. FREAK and Logjam talked servers down to them that had merely forgotten to turn them off.",
    clause: "RFC 9325 section 4.1",
    severity: Severity::Critical,
    class: Class::MustReject,
};

const ANONYMOUS: Weakness = Weakness {
    page: "The server proves nothing, and may not ask for a certificate either: whoever stands between is both ends.",
    clause: "RFC 5246 section F.1.1.1; RFC 9325 section 4.1",
    severity: Severity::Critical,
    class: Class::MustReject,
};

const RC4: Weakness = Weakness {
    page: "Its keystream is biased, and plaintext that is sent again and again, such as a cookie, shows through the bias.",
    clause: "RFC 7465 section 2",
    severity: Severity::High,
    class: Class::MustReject,
};

const SHORT_BLOCKS: Weakness = Weakness {
    page: "Blocks of 64 bits collide after some gigabytes of one connection (Sweet32); DES has short keys too.",
    clause: "RFC 9325 section 4.1",
    severity: Severity::Medium,
    class: Class::MustReject,
};

const STATIC: Weakness = Weakness {
    page: "No forward secrecy: the server's key opens every connection that was ever recorded. With RSA its padding \
           is an oracle besides (ROBOT).",
    clause: "RFC 9325 section 4.1",
    severity: Severity::Medium,
    class: Class::Policy,
};

const CBC: Weakness = Weakness {
    page: "The MAC is computed before encryption, which has leaked through timing again and again (Lucky Thirteen).",
    clause: "RFC 9325 section 4.2",
    severity: Severity::Low,
    class: Class::Policy,
};

const SHORT_TAG: Weakness = Weakness {
    page: "An authentication tag of eight octets, meant for networks of sensors: a forger needs 2^64 tries for one record and not 2^128.",
    clause: "RFC 9325 section 4.2.1",
    severity: Severity::Low,
    class: Class::Policy,
};

macro_rules! suites {
    ($($id:literal, [$($number:literal),+], $name:literal, $weakness:ident;)+) => {
        &[$({
            let found = defect(
                concat!("downgrade/", $id),
                concat!("the client offers ", $name, " alone"),
                $weakness.page,
                $weakness.clause,
                $weakness.severity,
                |recipe, _| offer(recipe, |hello| {
                    old(hello, ProtocolVersion::TLS_1_2, &[$(CipherSuite($number)),+]);
                }),
            );
            match $weakness.class {
                Class::Policy => policy(found),
                _ => found,
            }
        },)+
        // Suites of TLS 1.3 that few should take.
        policy(defect(
            "downgrade/tls-1-3-without-encryption",
            "the client offers TLS_SHA256_SHA256 of TLS 1.3 alone",
            NULL.page,
            "RFC 9150 section 1",
            Severity::Critical,
            |recipe, _| offer(recipe, |hello| hello.suites = vec![CipherSuite::SHA256_SHA256]),
        )),
        policy(defect(
            "downgrade/tls-1-3-short-tag",
            "the client offers TLS_AES_128_CCM_8_SHA256 of TLS 1.3 alone",
            SHORT_TAG.page,
            "RFC 8446 appendix B.4",
            SHORT_TAG.severity,
            |recipe, _| offer(recipe, |hello| hello.suites = vec![CipherSuite::AES_128_CCM_8_SHA256]),
        ))]
    };
}

/// Suites.
pub(super) const SUITES: &[Defect] = suites! {
    "null-md5", [0x0001], "TLS_RSA_WITH_NULL_MD5", NULL;
    "null-sha", [0x0002], "TLS_RSA_WITH_NULL_SHA", NULL;
    "null-sha256", [0x003b], "TLS_RSA_WITH_NULL_SHA256", NULL;
    "ecdhe-ecdsa-null", [0xc006], "TLS_ECDHE_ECDSA_WITH_NULL_SHA", NULL;
    "ecdhe-rsa-null", [0xc010], "TLS_ECDHE_RSA_WITH_NULL_SHA", NULL;
    "export-rc4-40", [0x0003], "TLS_RSA_EXPORT_WITH_RC4_40_MD5", EXPORT;
    "export-rc2-40", [0x0006], "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", EXPORT;
    "export-des-40", [0x0008], "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", EXPORT;
    "export-dhe", [0x0014, 0x0011, 0x0062, 0x0063, 0x0064, 0x0065], "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA or another of its kind", EXPORT;
    "export-anonymous", [0x0017, 0x0019], "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5 or DES", EXPORT;
    "anonymous-dh-rc4", [0x0018, 0x001a, 0x001b], "TLS_DH_anon_WITH_RC4_128_MD5, or DES", ANONYMOUS;
    "anonymous-dh-aes", [0x0034, 0x003a, 0x006c, 0x006d, 0x0046, 0x0089, 0x009b], "TLS_DH_anon_WITH_AES_128_CBC_SHA or another size, MAC or block cipher of its kind", ANONYMOUS;
    "anonymous-dh-gcm", [0x00a6, 0x00a7], "TLS_DH_anon_WITH_AES_128_GCM_SHA256 or its larger size", ANONYMOUS;
    "anonymous-ecdh-aes", [0xc018, 0xc019, 0xc017, 0xc016], "TLS_ECDH_anon_WITH_AES_128_CBC_SHA or another cipher of its kind", ANONYMOUS;
    "anonymous-ecdh-null", [0xc015], "TLS_ECDH_anon_WITH_NULL_SHA", ANONYMOUS;
    "rc4-md5", [0x0004], "TLS_RSA_WITH_RC4_128_MD5", RC4;
    "rc4-sha", [0x0005], "TLS_RSA_WITH_RC4_128_SHA", RC4;
    "ecdhe-rsa-rc4", [0xc011], "TLS_ECDHE_RSA_WITH_RC4_128_SHA", RC4;
    "ecdhe-ecdsa-rc4", [0xc007], "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", RC4;
    "des", [0x0009], "TLS_RSA_WITH_DES_CBC_SHA", SHORT_BLOCKS;
    "dhe-des", [0x0015], "TLS_DHE_RSA_WITH_DES_CBC_SHA", SHORT_BLOCKS;
    "idea", [0x0007], "TLS_RSA_WITH_IDEA_CBC_SHA", SHORT_BLOCKS;
    "3des", [0x000a], "TLS_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS;
    "dhe-3des", [0x0016], "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS;
    "ecdhe-rsa-3des", [0xc012], "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS;
    "ecdhe-ecdsa-3des", [0xc008], "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS;
    "static-rsa-aes", [0x002f, 0x0035, 0x003c, 0x003d, 0x0041, 0x0084, 0x0096, 0x00ba, 0x00c0], "TLS_RSA_WITH_AES_128_CBC_SHA or another size, MAC or block cipher of its kind", STATIC;
    "static-rsa-gcm", [0x009c, 0x009d, 0xc09c, 0xc09d, 0xc0a0, 0xc0a1, 0xc07a, 0xc07b, 0xc050, 0xc051], "TLS_RSA_WITH_AES_128_GCM_SHA256 or another authenticated cipher with static RSA", STATIC;
    "static-ecdh-ecdsa", [0xc004, 0xc005, 0xc025, 0xc026, 0xc02d, 0xc02e], "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA or another size, MAC or mode of its kind", STATIC;
    "static-ecdh-rsa", [0xc00e, 0xc00f, 0xc029, 0xc02a, 0xc031, 0xc032], "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA or another size, MAC or mode of its kind", STATIC;
    "static-dh", [0x0031, 0x0037, 0x003f, 0x0069, 0x00a0, 0x00a1, 0x0030, 0x0036], "TLS_DH_RSA_WITH_AES_128_CBC_SHA or another of its kind", STATIC;
    "ecdhe-rsa-cbc", [0xc013, 0xc014, 0xc027, 0xc028, 0xc076, 0xc077], "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA or another size, MAC or block cipher of its kind", CBC;
    "ecdhe-ecdsa-cbc", [0xc009, 0xc00a, 0xc023, 0xc024, 0xc072, 0xc073], "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA or another size, MAC or block cipher of its kind", CBC;
    "dhe-cbc", [0x0033, 0x0039, 0x0067, 0x006b, 0x0045, 0x0088, 0x009a], "TLS_DHE_RSA_WITH_AES_128_CBC_SHA or another size, MAC or block cipher of its kind", CBC;
    "short-tag", [0xc0ae, 0xc0af, 0xc0a0, 0xc0a1, 0xc0a2, 0xc0a3], "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 or another with a tag of eight octets", SHORT_TAG;
};
