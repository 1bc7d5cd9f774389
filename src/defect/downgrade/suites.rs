//! Cipher suites that nobody should take any more, offered in a hello of TLS 1.2.
//!
//! Those that servers are found with are offered one by one. What is left of each kind, with other
//! ciphers, sizes and hashes, is offered together: whoever takes one of them chooses it.

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

impl Weakness {
    const fn as_class(&self, found: Defect) -> Defect {
        match self.class {
            Class::Policy => policy(found),
            _ => found,
        }
    }
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
    (
        $($id:literal, $number:literal, $name:literal, $weakness:ident;)+
        together: $($group:literal, $numbers:expr, $what:literal, $cause:ident;)+
    ) => {
        &[$($weakness.as_class(defect(
            concat!("downgrade/", $id),
            concat!("the client offers ", $name, " alone"),
            $weakness.page,
            $weakness.clause,
            $weakness.severity,
            |recipe, _| offer(recipe, |hello| {
                old(hello, ProtocolVersion::TLS_1_2, &[CipherSuite($number)]);
            }),
        )),)+
        $($cause.as_class(defect(
            concat!("downgrade/", $group),
            concat!("the client offers ", $what, " alone"),
            $cause.page,
            $cause.clause,
            $cause.severity,
            |recipe, _| offer(recipe, |hello| {
                let suites: Vec<_> = $numbers.iter().copied().map(CipherSuite).collect();
                old(hello, ProtocolVersion::TLS_1_2, &suites);
            }),
        )),)+
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
    "null-md5", 0x0001, "TLS_RSA_WITH_NULL_MD5", NULL;
    "null-sha", 0x0002, "TLS_RSA_WITH_NULL_SHA", NULL;
    "null-sha256", 0x003b, "TLS_RSA_WITH_NULL_SHA256", NULL;
    "ecdhe-ecdsa-null", 0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", NULL;
    "ecdhe-rsa-null", 0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA", NULL;
    "export-rc4-40", 0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", EXPORT;
    "export-rc2-40", 0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", EXPORT;
    "export-des-40", 0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", EXPORT;
    "export-dhe", 0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", EXPORT;
    "export-anonymous", 0x0017, "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", EXPORT;
    "anonymous-dh-rc4", 0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", ANONYMOUS;
    "anonymous-dh-aes", 0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", ANONYMOUS;
    "anonymous-dh-gcm", 0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", ANONYMOUS;
    "anonymous-ecdh-aes", 0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", ANONYMOUS;
    "anonymous-ecdh-null", 0xc015, "TLS_ECDH_anon_WITH_NULL_SHA", ANONYMOUS;
    "rc4-md5", 0x0004, "TLS_RSA_WITH_RC4_128_MD5", RC4;
    "rc4-sha", 0x0005, "TLS_RSA_WITH_RC4_128_SHA", RC4;
    "ecdhe-rsa-rc4", 0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", RC4;
    "ecdhe-ecdsa-rc4", 0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", RC4;
    "des", 0x0009, "TLS_RSA_WITH_DES_CBC_SHA", SHORT_BLOCKS;
    "dhe-des", 0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA", SHORT_BLOCKS;
    "idea", 0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA", SHORT_BLOCKS;
    "3des", 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS;
    "dhe-3des", 0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS;
    "ecdhe-rsa-3des", 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS;
    "ecdhe-ecdsa-3des", 0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS;
    "static-rsa-aes", 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", STATIC;
    "static-rsa-gcm", 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", STATIC;
    "static-ecdh-ecdsa", 0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", STATIC;
    "static-ecdh-rsa", 0xc00e, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", STATIC;
    "static-dh", 0x0031, "TLS_DH_RSA_WITH_AES_128_CBC_SHA", STATIC;
    "ecdhe-rsa-cbc", 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", CBC;
    "ecdhe-ecdsa-cbc", 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", CBC;
    "dhe-cbc", 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", CBC;
    "short-tag", 0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", SHORT_TAG;
    together:
    "other-null", OTHER_NULL, "the other suites without encryption", NULL;
    "other-export", OTHER_EXPORT, "the other export suites", EXPORT;
    "other-anonymous", OTHER_ANONYMOUS, "the other suites without a certificate of the server", ANONYMOUS;
    "other-rc4", OTHER_RC4, "the other suites with RC4", RC4;
    "other-short-blocks", OTHER_SHORT_BLOCKS, "the other suites with DES and 3DES", SHORT_BLOCKS;
    "other-static", OTHER_STATIC, "the other suites with static keys", STATIC;
    "other-cbc", OTHER_CBC, "the other suites with CBC", CBC;
    "other-short-tag", OTHER_SHORT_TAG, "the other suites with tags of eight octets", SHORT_TAG;
};

// The registry of TLS cipher suites at IANA, by kind. ECDHE and DHE stand before PSK.

const OTHER_NULL: &[u16] = &[
    0xc001, 0xc00b, 0x002c, 0x002d, 0x002e, 0x00b0, 0x00b1, 0x00b4, 0x00b5, 0x00b8, 0x00b9, 0xc039,
    0xc03a, 0xc03b,
];

const OTHER_EXPORT: &[u16] = &[0x000b, 0x000e, 0x0011, 0x0019];

const OTHER_ANONYMOUS: &[u16] = &[
    // AES
    0x00a7, 0x006d, 0x006c, 0x003a, 0xc019, // ARIA
    0xc05b, 0xc05a, 0xc047, 0xc046, // Camellia
    0xc085, 0xc084, 0x00c5, 0x00bf, 0x0089, 0x0046, // SEED, 3DES, RC4, DES
    0x009b, 0x001b, 0xc017, 0xc016, 0x001a,
];

const OTHER_RC4: &[u16] = &[0xc002, 0xc00c, 0xc033, 0x008a, 0x008e, 0x0092];

const OTHER_SHORT_BLOCKS: &[u16] = &[
    0x000c, 0x000d, 0x000f, 0x0010, 0x0012, 0x0013, 0xc003, 0xc00d, 0xc034, 0x008b, 0x008f, 0x0093,
];

const OTHER_STATIC: &[u16] = &[
    // RSA with AES, ARIA, Camellia and SEED
    0x009d, 0x003d, 0x003c, 0x0035, 0xc09d, 0xc09c, 0xc0a1, 0xc0a0, 0xc051, 0xc050, 0xc03d, 0xc03c,
    0xc07b, 0xc07a, 0x00c0, 0x00ba, 0x0084, 0x0041,
    0x0096, // Diffie-Hellman over a finite field
    0x00a1, 0x00a0, 0x00a5, 0x00a4, 0x0069, 0x003f, 0x0068, 0x003e, 0x0037, 0x0036, 0x0030, 0x0086,
    0x0085, 0x0043, 0x0042, 0x0098, 0x0097, // and over a curve
    0xc005, 0xc00f, 0xc025, 0xc026, 0xc029, 0xc02a, 0xc02d, 0xc02e, 0xc031, 0xc032, 0xc074, 0xc075,
    0xc078, 0xc079,
];

const OTHER_CBC: &[u16] = &[
    // ECDHE with AES, ARIA and Camellia
    0xc014, 0xc00a, 0xc028, 0xc027, 0xc024, 0xc023, 0xc049, 0xc048, 0xc04d, 0xc04c, 0xc073, 0xc072,
    0xc077, 0xc076, // DHE
    0x006b, 0x0067, 0x0039, 0x006a, 0x0040, 0x0038, 0x0032, 0x00c4, 0x00be, 0x0088, 0x0045, 0x0087,
    0x0044, 0x009a, 0x0099,
];

const OTHER_SHORT_TAG: &[u16] = &[0xc0af, 0xc0a3, 0xc0a2];
