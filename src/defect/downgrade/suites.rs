//! Cipher suites that nobody should take any more, offered in a hello of TLS 1.2.
//!
//! Those that servers are found with are offered one by one. What is left of each kind, with other
//! ciphers, sizes and hashes, is offered together: whoever takes one of them chooses it.

use super::{Clause, Defect, Severity, defect, of_tls_1_2, offer, policy};
use crate::{defect::Class, script::CipherSuite};

/// Suites that are weak for one cause.
struct Weakness {
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
    clause: "RFC 9325 section 4.1",
    severity: Severity::Critical,
    class: Class::MustReject,
};

const EXPORT: Weakness = Weakness {
    clause: "RFC 9325 section 4.1",
    severity: Severity::Critical,
    class: Class::MustReject,
};

const ANONYMOUS: Weakness = Weakness {
    clause: "RFC 5246 section F.1.1.1; RFC 9325 section 4.1",
    severity: Severity::Critical,
    class: Class::MustReject,
};

const RC4: Weakness = Weakness {
    clause: "RFC 7465 section 2",
    severity: Severity::High,
    class: Class::MustReject,
};

const SHORT_BLOCKS: Weakness = Weakness {
    clause: "RFC 9325 section 4.1",
    severity: Severity::Medium,
    class: Class::MustReject,
};

const STATIC: Weakness = Weakness {
    clause: "RFC 9325 section 4.1",
    severity: Severity::Medium,
    class: Class::Policy,
};

const CBC: Weakness = Weakness {
    clause: "RFC 9325 section 4.2",
    severity: Severity::Low,
    class: Class::Policy,
};

const SHORT_TAG: Weakness = Weakness {
    clause: "RFC 9325 section 4.2.1",
    severity: Severity::Low,
    class: Class::Policy,
};

/// What is wrong with all suites of a kind, in words.
macro_rules! page {
    (NULL) => {
        "Nothing is encrypted: whoever listens reads along. Libraries keep such suites for debugging, and a cipher list that names everything names them too."
    };
    (EXPORT) => {
        "Keys of 40 bits, weak on purpose: an afternoon breaks them. FREAK and Logjam talked servers down to them that had merely forgotten to turn them off."
    };
    (ANONYMOUS) => {
        "The server proves nothing, and may not ask for a certificate either: whoever stands between is both ends."
    };
    (RC4) => {
        "Its keystream is biased, and plaintext that is sent again and again, such as a cookie, shows through the bias."
    };
    (SHORT_BLOCKS) => {
        "Blocks of 64 bits collide after some gigabytes of one connection (Sweet32); DES has short keys too."
    };
    (STATIC) => {
        "No forward secrecy: the server's key opens every connection that was ever recorded. With RSA its padding \
           is an oracle besides (ROBOT)."
    };
    (CBC) => {
        "The MAC is computed before encryption, which has leaked through timing again and again (Lucky Thirteen)."
    };
    (SHORT_TAG) => {
        "An authentication tag of eight octets, meant for networks of sensors: a forger needs 2^64 tries for one record and not 2^128."
    };
}

macro_rules! suites {
    (
        $($id:literal, $number:literal, $name:literal, $weakness:ident, $fact:literal;)+
        together: $($group:literal, $numbers:expr, $what:literal, $cause:ident, $about:literal;)+
    ) => {
        &[$(of_tls_1_2($weakness.as_class(defect(
            concat!("downgrade/", $id),
            concat!("the client offers ", $name, " alone"),
            concat!($fact, " ", page!($weakness)),
            $weakness.clause,
            $weakness.severity,
            |recipe, _| offer(recipe, |hello| {
                hello.suites = vec![CipherSuite($number)];
            }),
        ))),)+
        $(of_tls_1_2($cause.as_class(defect(
            concat!("downgrade/", $group),
            concat!("the client offers ", $what, " alone"),
            concat!($about, " ", page!($cause)),
            $cause.clause,
            $cause.severity,
            |recipe, _| offer(recipe, |hello| {
                hello.suites = $numbers.iter().copied().map(CipherSuite).collect();
            }),
        ))),)+
        // Suites of TLS 1.3 that few should take.
        policy(defect(
            "downgrade/tls-1-3-without-encryption",
            "the client offers TLS_SHA256_SHA256 of TLS 1.3 alone",
            concat!("Integrity alone, for networks of machines (RFC 9150). ", page!(NULL)),
            "RFC 9150 section 1",
            Severity::Critical,
            |recipe, _| offer(recipe, |hello| hello.suites = vec![CipherSuite::SHA256_SHA256]),
        )),
        policy(defect(
            "downgrade/tls-1-3-short-tag",
            "the client offers TLS_AES_128_CCM_8_SHA256 of TLS 1.3 alone",
            concat!("The one suite of TLS 1.3 that its standard does not recommend. ", page!(SHORT_TAG)),
            "RFC 8446 appendix B.4",
            SHORT_TAG.severity,
            |recipe, _| offer(recipe, |hello| hello.suites = vec![CipherSuite::AES_128_CCM_8_SHA256]),
        ))]
    };
}

/// Suites.
pub(super) const SUITES: &[Defect] = suites! {
    "null-md5", 0x0001, "TLS_RSA_WITH_NULL_MD5", NULL,
        "The key exchange is RSA, the hash MD5, and the cipher none.";
    "null-sha", 0x0002, "TLS_RSA_WITH_NULL_SHA", NULL,
        "The first suite that a test of clear text tries: RSA, no cipher, SHA-1.";
    "null-sha256", 0x003b, "TLS_RSA_WITH_NULL_SHA256", NULL,
        "Younger than TLS 1.2 itself, and still without a cipher.";
    "ecdhe-ecdsa-null", 0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", NULL,
        "A fresh elliptic key for each connection, and nothing that is done with it.";
    "ecdhe-rsa-null", 0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA", NULL,
        "Forward secrecy for what was never secret.";
    "export-rc4-40", 0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", EXPORT,
        "RC4 with 40 secret bits, and an RSA key of 512 bits for the exchange.";
    "export-rc2-40", 0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5", EXPORT,
        "RC2 in CBC with 40 secret bits, which only the oldest clients ever wanted.";
    "export-des-40", 0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", EXPORT,
        "DES with 16 of its 56 bits given away.";
    "export-dhe", 0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", EXPORT,
        "Diffie-Hellman over 512 bits, the group that Logjam calculated beforehand.";
    "export-anonymous", 0x0017, "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5", EXPORT,
        "40 bits, and a server without a name: nothing of the channel is left.";
    "anonymous-dh-rc4", 0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", ANONYMOUS,
        "Diffie-Hellman with whoever answers, under RC4.";
    "anonymous-dh-aes", 0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", ANONYMOUS,
        "A good cipher with whoever answers: encryption to the wrong person.";
    "anonymous-dh-gcm", 0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", ANONYMOUS,
        "Authenticated encryption, authenticated by nobody: a modern suite of an old idea.";
    "anonymous-ecdh-aes", 0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", ANONYMOUS,
        "The elliptic form, which cipher lists that strike out only `DH_anon` leave in.";
    "anonymous-ecdh-null", 0xc015, "TLS_ECDH_anon_WITH_NULL_SHA", ANONYMOUS,
        "No certificate and no cipher, in one suite.";
    "rc4-md5", 0x0004, "TLS_RSA_WITH_RC4_128_MD5", RC4,
        "RC4 with MD5, what browsers preferred for a decade.";
    "rc4-sha", 0x0005, "TLS_RSA_WITH_RC4_128_SHA", RC4,
        "RC4 with SHA-1, once the advice against attacks on CBC.";
    "ecdhe-rsa-rc4", 0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", RC4,
        "RC4 behind a modern key exchange, which makes it no better.";
    "ecdhe-ecdsa-rc4", 0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", RC4,
        "RC4 for servers with elliptic certificates.";
    "des", 0x0009, "TLS_RSA_WITH_DES_CBC_SHA", SHORT_BLOCKS,
        "DES with 56 bits, which fell to a machine of 1998.";
    "dhe-des", 0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA", SHORT_BLOCKS,
        "DES again, behind Diffie-Hellman.";
    "idea", 0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA", SHORT_BLOCKS,
        "IDEA has keys of 128 bits and blocks of 64.";
    "3des", 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS,
        "Triple DES, the last that old clients have in common with new servers.";
    "dhe-3des", 0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS,
        "Triple DES behind Diffie-Hellman.";
    "ecdhe-rsa-3des", 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS,
        "Triple DES behind an elliptic exchange, kept for systems of one vendor.";
    "ecdhe-ecdsa-3des", 0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", SHORT_BLOCKS,
        "Triple DES for servers with elliptic certificates.";
    "static-rsa-aes", 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", STATIC,
        "The suite that TLS 1.2 made mandatory: RSA key transport and AES in CBC.";
    "static-rsa-gcm", 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", STATIC,
        "A modern cipher behind RSA key transport.";
    "static-ecdh-ecdsa", 0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", STATIC,
        "The elliptic key of the certificate is the key of the exchange, for every connection the same.";
    "static-ecdh-rsa", 0xc00e, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", STATIC,
        "An elliptic key in a certificate that an RSA key signed, used for every connection.";
    "static-dh", 0x0031, "TLS_DH_RSA_WITH_AES_128_CBC_SHA", STATIC,
        "Diffie-Hellman with the numbers of the certificate, a suite that hardly anybody has ever seen used.";
    "ecdhe-rsa-cbc", 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", CBC,
        "What a client from before 2013 offers best.";
    "ecdhe-ecdsa-cbc", 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", CBC,
        "The same generation, for elliptic certificates.";
    "dhe-cbc", 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", CBC,
        "The same cipher behind Diffie-Hellman over a finite field, whose group the server picks.";
    "short-tag", 0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", SHORT_TAG,
        "AES in CCM, with half a tag.";
    together:
    "other-null", OTHER_NULL, "the other suites without encryption", NULL,
        "What is left of its kind when the common ones are struck out by name, PSK among it.";
    "other-export", OTHER_EXPORT, "the other export suites", EXPORT,
        "Those of DES and RC4 with anonymous exchange, and of DSA.";
    "other-anonymous", OTHER_ANONYMOUS, "the other suites without a certificate of the server", ANONYMOUS,
        "ARIA, Camellia, SEED and others, which lists of forbidden suites by name forget.";
    "other-rc4", OTHER_RC4, "the other suites with RC4", RC4,
        "Static ECDH, and PSK in its three forms.";
    "other-short-blocks", OTHER_SHORT_BLOCKS, "the other suites with DES and 3DES", SHORT_BLOCKS,
        "Static and pre-shared exchanges with the old block ciphers.";
    "other-static", OTHER_STATIC, "the other suites with static keys", STATIC,
        "All other sizes and hashes, with ARIA, Camellia and SEED.";
    "other-cbc", OTHER_CBC, "the other suites with CBC", CBC,
        "SHA-2 for the MAC changes nothing about the order of MAC and encryption.";
    "other-short-tag", OTHER_SHORT_TAG, "the other suites with tags of eight octets", SHORT_TAG,
        "AES with 256 bits has the same short tag.";
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
