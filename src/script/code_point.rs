//! The numbers of TLS under their registered names.
//!
//! A code point that has no name here is written as hexadecimal and kept: a
//! script may say any number, and a peer may answer with any.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Text that is neither a name nor a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no {what}: write a name such as `{example}`, or hexadecimal such as `{hexadecimal}`"
)]
pub struct InvalidCodePoint {
    text: String,
    what: &'static str,
    example: &'static str,
    hexadecimal: String,
}

macro_rules! code_points {
    (
        $(#[$doc:meta])*
        $type:ident($number:ty) = $what:literal, $width:literal;
        $($(#[$point_doc:meta])* $point:ident = $value:literal, $name:literal;)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(pub $number);

        impl $type {
            $($(#[$point_doc])* pub const $point: Self = Self($value);)+

            /// Every one that has a name, in the order of the table.
            pub const NAMED: &'static [Self] = &[$(Self::$point,)+];

            /// The registered name, where it is in the table.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($name),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, concat!("{:#0", $width, "x}"), self.0),
                }
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $type {
            type Err = InvalidCodePoint;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let named = Self::NAMED.iter().find(|point| point.name() == Some(text));
                let number = || {
                    let digits = text.strip_prefix("0x")?;
                    <$number>::from_str_radix(digits, 16).ok().map(Self)
                };
                named.copied().or_else(number).ok_or_else(|| InvalidCodePoint {
                    text: text.to_owned(),
                    what: $what,
                    example: [$($name,)+][0],
                    hexadecimal: format!(concat!("{:#0", $width, "x}"), Self::NAMED[0].0),
                })
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

code_points! {
    /// A protocol version.
    ProtocolVersion(u16) = "protocol version", 6;
    /// SSL 3.0 (RFC 6101).
    SSL_3_0 = 0x0300, "ssl-3.0";
    /// TLS 1.0 (RFC 2246).
    TLS_1_0 = 0x0301, "tls-1.0";
    /// TLS 1.1 (RFC 4346).
    TLS_1_1 = 0x0302, "tls-1.1";
    /// TLS 1.2 (RFC 5246).
    TLS_1_2 = 0x0303, "tls-1.2";
    /// TLS 1.3 (RFC 8446).
    TLS_1_3 = 0x0304, "tls-1.3";
}

code_points! {
    /// A cipher suite.
    CipherSuite(u16) = "cipher suite", 6;
    /// RFC 8446 appendix B.4.
    AES_128_GCM_SHA256 = 0x1301, "TLS_AES_128_GCM_SHA256";
    /// RFC 8446 appendix B.4.
    AES_256_GCM_SHA384 = 0x1302, "TLS_AES_256_GCM_SHA384";
    /// RFC 8446 appendix B.4.
    CHACHA20_POLY1305_SHA256 = 0x1303, "TLS_CHACHA20_POLY1305_SHA256";
    /// RFC 8446 appendix B.4: a tag of eight octets.
    AES_128_CCM_8_SHA256 = 0x1305, "TLS_AES_128_CCM_8_SHA256";
    /// RFC 7507: no suite, but the word that the hello is a fallback.
    FALLBACK_SCSV = 0x5600, "TLS_FALLBACK_SCSV";
    /// RFC 5289, TLS 1.2.
    ECDHE_ECDSA_AES_128_GCM = 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
    /// RFC 5289, TLS 1.2.
    ECDHE_ECDSA_AES_256_GCM = 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    /// RFC 5289, TLS 1.2.
    ECDHE_RSA_AES_128_GCM = 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    /// RFC 5289, TLS 1.2.
    ECDHE_RSA_AES_256_GCM = 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
    /// RFC 7905, TLS 1.2.
    ECDHE_RSA_CHACHA20 = 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
    /// RFC 7905, TLS 1.2.
    ECDHE_ECDSA_CHACHA20 = 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
    /// RFC 9150: integrity alone.
    SHA256_SHA256 = 0xc0b4, "TLS_SHA256_SHA256";
}

code_points! {
    /// A group for key exchange.
    NamedGroup(u16) = "group", 6;
    /// RFC 7748.
    X25519 = 0x001d, "x25519";
    /// NIST P-256.
    SECP256R1 = 0x0017, "secp256r1";
    /// NIST P-384.
    SECP384R1 = 0x0018, "secp384r1";
    /// A binary curve, deprecated.
    SECT163K1 = 0x0001, "sect163k1";
    /// A key exchange of the fuzz targets, which keeps no secret.
    TOY = 0xfe00, "toy";
}

code_points! {
    /// A signature scheme.
    SignatureScheme(u16) = "signature scheme", 6;
    /// ECDSA over P-256 with SHA-256.
    ECDSA_SECP256R1_SHA256 = 0x0403, "ecdsa_secp256r1_sha256";
    /// ECDSA over P-384 with SHA-384.
    ECDSA_SECP384R1_SHA384 = 0x0503, "ecdsa_secp384r1_sha384";
    /// ECDSA over P-521 with SHA-512.
    ECDSA_SECP521R1_SHA512 = 0x0603, "ecdsa_secp521r1_sha512";
    /// Ed25519.
    ED25519 = 0x0807, "ed25519";
    /// RSASSA-PSS with a key for PKCS #1 and SHA-256.
    RSA_PSS_RSAE_SHA256 = 0x0804, "rsa_pss_rsae_sha256";
    /// RSASSA-PSS with a key for PKCS #1 and SHA-384.
    RSA_PSS_RSAE_SHA384 = 0x0805, "rsa_pss_rsae_sha384";
    /// RSASSA-PSS with a key for PKCS #1 and SHA-512.
    RSA_PSS_RSAE_SHA512 = 0x0806, "rsa_pss_rsae_sha512";
    /// PKCS #1 v1.5 with SHA-256: not for handshakes of TLS 1.3.
    RSA_PKCS1_SHA256 = 0x0401, "rsa_pkcs1_sha256";
    /// PKCS #1 v1.5 with SHA-384: not for handshakes of TLS 1.3.
    RSA_PKCS1_SHA384 = 0x0501, "rsa_pkcs1_sha384";
    /// PKCS #1 v1.5 with SHA-512: not for handshakes of TLS 1.3.
    RSA_PKCS1_SHA512 = 0x0601, "rsa_pkcs1_sha512";
    /// PKCS #1 v1.5 with SHA-1: broken.
    RSA_PKCS1_SHA1 = 0x0201, "rsa_pkcs1_sha1";
    /// ECDSA with SHA-1: broken.
    ECDSA_SHA1 = 0x0203, "ecdsa_sha1";
}

code_points! {
    /// The kind of an extension.
    ExtensionKind(u16) = "extension", 6;
    /// RFC 6066 section 3.
    SERVER_NAME = 0, "server_name";
    /// RFC 6066 section 8.
    STATUS_REQUEST = 5, "status_request";
    /// RFC 6066 section 7.
    TRUNCATED_HMAC = 4, "truncated_hmac";
    /// RFC 8446 section 4.2.7.
    SUPPORTED_GROUPS = 10, "supported_groups";
    /// RFC 8422 section 5.1.2.
    EC_POINT_FORMATS = 11, "ec_point_formats";
    /// RFC 8446 section 4.2.3.
    SIGNATURE_ALGORITHMS = 13, "signature_algorithms";
    /// RFC 7301.
    APPLICATION_LAYER_PROTOCOL_NEGOTIATION = 16, "application_layer_protocol_negotiation";
    /// RFC 6961.
    STATUS_REQUEST_V2 = 17, "status_request_v2";
    /// RFC 6962.
    SIGNED_CERTIFICATE_TIMESTAMP = 18, "signed_certificate_timestamp";
    /// RFC 7250.
    CLIENT_CERTIFICATE_TYPE = 19, "client_certificate_type";
    /// RFC 7627.
    EXTENDED_MASTER_SECRET = 23, "extended_master_secret";
    /// RFC 8879.
    COMPRESS_CERTIFICATE = 27, "compress_certificate";
    /// RFC 8446 section 4.2.11.
    PRE_SHARED_KEY = 41, "pre_shared_key";
    /// RFC 8446 section 4.2.10.
    EARLY_DATA = 42, "early_data";
    /// RFC 8446 section 4.2.1.
    SUPPORTED_VERSIONS = 43, "supported_versions";
    /// RFC 8446 section 4.2.2.
    COOKIE = 44, "cookie";
    /// RFC 8446 section 4.2.9.
    PSK_KEY_EXCHANGE_MODES = 45, "psk_key_exchange_modes";
    /// RFC 8446 section 4.2.4.
    CERTIFICATE_AUTHORITIES = 47, "certificate_authorities";
    /// RFC 8446 section 4.2.6.
    POST_HANDSHAKE_AUTH = 49, "post_handshake_auth";
    /// RFC 8446 section 4.2.8.
    KEY_SHARE = 51, "key_share";
    /// RFC 5746.
    RENEGOTIATION_INFO = 0xff01, "renegotiation_info";
}

code_points! {
    /// An alert (RFC 8446 section 6).
    Alert(u8) = "alert", 4;
    /// The peer is done.
    CLOSE_NOTIFY = 0, "close_notify";
    /// A message at the wrong time.
    UNEXPECTED_MESSAGE = 10, "unexpected_message";
    /// A record that does not decrypt.
    BAD_RECORD_MAC = 20, "bad_record_mac";
    /// A record that is too long.
    RECORD_OVERFLOW = 22, "record_overflow";
    /// Nothing in common.
    HANDSHAKE_FAILURE = 40, "handshake_failure";
    /// A certificate that is no good.
    BAD_CERTIFICATE = 42, "bad_certificate";
    /// A certificate of a kind that is not supported.
    UNSUPPORTED_CERTIFICATE = 43, "unsupported_certificate";
    /// Taken back.
    CERTIFICATE_REVOKED = 44, "certificate_revoked";
    /// Out of its time.
    CERTIFICATE_EXPIRED = 45, "certificate_expired";
    /// No good for another cause.
    CERTIFICATE_UNKNOWN = 46, "certificate_unknown";
    /// A field that contradicts another.
    ILLEGAL_PARAMETER = 47, "illegal_parameter";
    /// No known CA.
    UNKNOWN_CA = 48, "unknown_ca";
    /// A good certificate of somebody who is not let in.
    ACCESS_DENIED = 49, "access_denied";
    /// A message that cannot be read.
    DECODE_ERROR = 50, "decode_error";
    /// A signature, a binder or a Finished that does not verify.
    DECRYPT_ERROR = 51, "decrypt_error";
    /// A version that is not supported.
    PROTOCOL_VERSION = 70, "protocol_version";
    /// Weaker than the peer allows.
    INSUFFICIENT_SECURITY = 71, "insufficient_security";
    /// The peer's own fault.
    INTERNAL_ERROR = 80, "internal_error";
    /// A fallback that was not needed (RFC 7507).
    INAPPROPRIATE_FALLBACK = 86, "inappropriate_fallback";
    /// The peer gives up for a cause outside the protocol.
    USER_CANCELED = 90, "user_canceled";
    /// No second handshake in this connection, in TLS 1.2: a warning.
    NO_RENEGOTIATION = 100, "no_renegotiation";
    /// An extension is missing.
    MISSING_EXTENSION = 109, "missing_extension";
    /// An extension that was not offered, or where none may be.
    UNSUPPORTED_EXTENSION = 110, "unsupported_extension";
    /// No such server here.
    UNRECOGNIZED_NAME = 112, "unrecognized_name";
    /// A stapled response that is no good.
    BAD_CERTIFICATE_STATUS_RESPONSE = 113, "bad_certificate_status_response";
    /// No such key.
    UNKNOWN_PSK_IDENTITY = 115, "unknown_psk_identity";
    /// A certificate is required.
    CERTIFICATE_REQUIRED = 116, "certificate_required";
    /// No protocol in common.
    NO_APPLICATION_PROTOCOL = 120, "no_application_protocol";
}

code_points! {
    /// The kind of a handshake message (RFC 8446 section 4).
    HandshakeKind(u8) = "handshake message", 4;
    /// A wish for another handshake, of TLS 1.2.
    HELLO_REQUEST = 0, "hello-request";
    /// The client's first message.
    CLIENT_HELLO = 1, "client-hello";
    /// The server's choice, or its wish for another ClientHello.
    SERVER_HELLO = 2, "server-hello";
    /// A ticket.
    NEW_SESSION_TICKET = 4, "new-session-ticket";
    /// The last of early data.
    END_OF_EARLY_DATA = 5, "end-of-early-data";
    /// What the server says under keys.
    ENCRYPTED_EXTENSIONS = 8, "encrypted-extensions";
    /// A chain.
    CERTIFICATE = 11, "certificate";
    /// Of TLS 1.2.
    SERVER_KEY_EXCHANGE = 12, "server-key-exchange";
    /// A demand for a chain.
    CERTIFICATE_REQUEST = 13, "certificate-request";
    /// Of TLS 1.2.
    SERVER_HELLO_DONE = 14, "server-hello-done";
    /// The proof that the key is held.
    CERTIFICATE_VERIFY = 15, "certificate-verify";
    /// The client's share, of TLS 1.2.
    CLIENT_KEY_EXCHANGE = 16, "client-key-exchange";
    /// The last of a handshake.
    FINISHED = 20, "finished";
    /// New keys.
    KEY_UPDATE = 24, "key-update";
    /// A chain, compressed (RFC 8879).
    COMPRESSED_CERTIFICATE = 25, "compressed-certificate";
    /// Stands for the first ClientHello in a transcript.
    MESSAGE_HASH = 254, "message-hash";
}

code_points! {
    /// The kind of a record (RFC 8446 section 5.1).
    RecordKind(u8) = "record", 4;
    /// One octet, for show since TLS 1.3.
    CHANGE_CIPHER_SPEC = 20, "change-cipher-spec";
    /// An alert.
    ALERT = 21, "alert";
    /// Parts of handshake messages.
    HANDSHAKE = 22, "handshake";
    /// Everything once there are keys.
    APPLICATION_DATA = 23, "application-data";
    /// RFC 6520.
    HEARTBEAT = 24, "heartbeat";
}

impl SignatureScheme {
    /// Whether it signs over MD5 or SHA-1: before TLS 1.3 the first octet names the hash
    /// (RFC 5246 section 7.4.1.4.1).
    pub const fn is_over_broken_hash(self) -> bool {
        matches!(self.0 >> 8, 1 | 2)
    }
}

impl NamedGroup {
    /// Whether it is a curve of less than 200 bits (RFC 8422 section 5.1.1 took them out of use).
    pub const fn is_weak(self) -> bool {
        matches!(self.0, 0x0001..=0x0005 | 0x000f..=0x0013)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_read_back_and_other_text_does_not() {
        for suite in CipherSuite::NAMED
            .iter()
            .copied()
            .chain([CipherSuite(0x0a0a)])
        {
            assert_eq!(suite.to_string().parse(), Ok(suite));
        }
        assert_eq!(Alert(7).to_string(), "0x07");
        let error = "tls-1.4".parse::<ProtocolVersion>().expect_err("none such");
        assert_eq!(
            error.to_string(),
            "`tls-1.4` is no protocol version: write a name such as `ssl-3.0`, or hexadecimal such as `0x0300`"
        );
    }
}
