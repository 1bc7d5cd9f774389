//! The key schedule of TLS 1.2 (RFC 5246 sections 5 and 6.3, RFC 7627).

use aws_lc_rs::{aead, digest, hmac};

use super::record::Protection;
use crate::script::{CipherSuite, Side};

/// Octets of a master secret.
const MASTER: usize = 48;

/// Octets of a Finished (RFC 5246 section 7.4.9).
const FINISHED: usize = 12;

/// A suite of TLS 1.2 that can be spoken: ephemeral exchange over a curve, authenticated encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suite {
    Aes128,
    Aes256,
    ChaCha20,
}

impl Suite {
    pub(super) const fn of(suite: CipherSuite) -> Option<Self> {
        match suite {
            CipherSuite::ECDHE_ECDSA_AES_128_GCM | CipherSuite::ECDHE_RSA_AES_128_GCM => {
                Some(Self::Aes128)
            }
            CipherSuite::ECDHE_ECDSA_AES_256_GCM | CipherSuite::ECDHE_RSA_AES_256_GCM => {
                Some(Self::Aes256)
            }
            CipherSuite::ECDHE_ECDSA_CHACHA20 | CipherSuite::ECDHE_RSA_CHACHA20 => {
                Some(Self::ChaCha20)
            }
            _ => None,
        }
    }

    fn aead(self) -> &'static aead::Algorithm {
        match self {
            Self::Aes128 => &aead::AES_128_GCM,
            Self::Aes256 => &aead::AES_256_GCM,
            Self::ChaCha20 => &aead::CHACHA20_POLY1305,
        }
    }

    /// Octets of a nonce that follow from the keys: the rest travels with each record
    /// (RFC 5288 section 3, RFC 7905 section 2).
    const fn fixed_nonce(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes256 => 4,
            Self::ChaCha20 => 12,
        }
    }

    fn hash(self, octets: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Aes128 | Self::ChaCha20 => &digest::SHA256,
            Self::Aes256 => &digest::SHA384,
        };
        digest::digest(algorithm, octets)
    }

    /// RFC 5246 section 5
    fn prf(self, secret: &[u8], label: &str, seed: &[&[u8]], out: &mut [u8]) {
        let algorithm = match self {
            Self::Aes128 | Self::ChaCha20 => hmac::HMAC_SHA256,
            Self::Aes256 => hmac::HMAC_SHA384,
        };
        let key = hmac::Key::new(algorithm, secret);
        let seed = [&[label.as_bytes()], seed].concat().concat();
        let mut link = hmac::sign(&key, &seed);
        for chunk in out.chunks_mut(link.as_ref().len()) {
            let block = hmac::sign(&key, &[link.as_ref(), &seed].concat());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
            link = hmac::sign(&key, link.as_ref());
        }
    }
}

/// The randoms of both hellos.
#[derive(Clone, Copy)]
pub(super) struct Randoms {
    pub(super) client: [u8; 32],
    pub(super) server: [u8; 32],
}

/// The master secret. Never shown.
#[derive(Clone, Copy)]
pub(super) struct Master {
    suite: Suite,
    secret: [u8; MASTER],
}

impl Master {
    /// From the secret of the key exchange; over the transcript to the ClientKeyExchange where
    /// both sides have agreed on it (RFC 7627 section 4).
    pub(super) fn new(
        suite: Suite,
        shared: &[u8],
        randoms: &Randoms,
        transcript: Option<&[u8]>,
    ) -> Self {
        let mut secret = [0; MASTER];
        match transcript {
            Some(transcript) => {
                let hash = suite.hash(transcript);
                let label = "extended master secret";
                suite.prf(shared, label, &[hash.as_ref()], &mut secret);
            }
            None => {
                let seed = [&randoms.client[..], &randoms.server];
                suite.prf(shared, "master secret", &seed, &mut secret);
            }
        }
        Self { suite, secret }
    }

    /// What a Finished of this side says over a transcript.
    pub(super) fn finished(&self, side: Side, transcript: &[u8]) -> [u8; FINISHED] {
        let label = match side {
            Side::Client => "client finished",
            Side::Server => "server finished",
        };
        let hash = self.suite.hash(transcript);
        let mut data = [0; FINISHED];
        self.suite
            .prf(&self.secret, label, &[hash.as_ref()], &mut data);
        data
    }

    pub(super) fn keys(&self, randoms: &Randoms) -> Keys {
        Keys::new(self.suite, &self.secret, randoms)
    }
}

/// The keys of both directions.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) client: Protection,
    pub(super) server: Protection,
}

impl Keys {
    /// Of a master secret, or of no octets: the secret of who has none yet (CVE-2014-0224).
    pub(super) fn new(suite: Suite, master: &[u8], randoms: &Randoms) -> Self {
        let (key, nonce) = (suite.aead().key_len(), suite.fixed_nonce());
        let mut block = [0; 2 * (32 + 12)];
        let block = &mut block[..2 * (key + nonce)];
        let seed = [&randoms.server[..], &randoms.client];
        suite.prf(master, "key expansion", &seed, block);
        let (keys, nonces) = block.split_at(2 * key);
        let of = |side: usize| {
            let nonce = &nonces[side * nonce..][..nonce];
            Protection::of_tls_1_2(suite.aead(), &keys[side * key..][..key], nonce)
        };
        Self {
            client: of(0),
            server: of(1),
        }
    }
}
