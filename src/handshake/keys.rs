//! The key schedule of TLS 1.3 (RFC 8446 section 7).

use aws_lc_rs::{aead, digest, hmac};

use crate::script::{CipherSuite, Side};

/// The most octets of a hash here.
const MAX_HASH: usize = 48;

/// A cipher suite that can be spoken, not only named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// TLS_AES_128_GCM_SHA256.
    Aes128,
    /// TLS_AES_256_GCM_SHA384.
    Aes256,
    /// TLS_CHACHA20_POLY1305_SHA256.
    ChaCha20,
}

impl Suite {
    /// The suite with this code point, if it is one of the three.
    pub const fn of(suite: CipherSuite) -> Option<Self> {
        match suite {
            CipherSuite::AES_128_GCM_SHA256 => Some(Self::Aes128),
            CipherSuite::AES_256_GCM_SHA384 => Some(Self::Aes256),
            CipherSuite::CHACHA20_POLY1305_SHA256 => Some(Self::ChaCha20),
            _ => None,
        }
    }

    pub(super) fn aead(self) -> &'static aead::Algorithm {
        match self {
            Self::Aes128 => &aead::AES_128_GCM,
            Self::Aes256 => &aead::AES_256_GCM,
            Self::ChaCha20 => &aead::CHACHA20_POLY1305,
        }
    }

    /// The hash of transcripts.
    pub fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Aes128 | Self::ChaCha20 => &digest::SHA256,
            Self::Aes256 => &digest::SHA384,
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Aes128 | Self::ChaCha20 => hmac::HMAC_SHA256,
            Self::Aes256 => hmac::HMAC_SHA384,
        }
    }

    /// HKDF-Extract (RFC 5869 section 2.2).
    fn extract(self, salt: &[u8], secret: &[u8]) -> Secret {
        Secret::of(hmac::sign(&hmac::Key::new(self.hmac(), salt), secret).as_ref())
    }

    /// HKDF-Expand-Label (RFC 8446 section 7.1), for at most 255 octets.
    pub fn expand_label(self, secret: &[u8], label: &[u8], context: &[u8], out: &mut [u8]) {
        let mut info = Vec::with_capacity(80);
        info.extend_from_slice(&(out.len() as u16).to_be_bytes());
        info.push(6 + label.len() as u8);
        info.extend_from_slice(b"tls13 ");
        info.extend_from_slice(label);
        info.push(context.len() as u8);
        info.extend_from_slice(context);
        let key = hmac::Key::new(self.hmac(), secret);
        let mut block: Option<hmac::Tag> = None;
        for (counter, chunk) in (1u8..).zip(out.chunks_mut(self.hash().output_len())) {
            let mut mac = hmac::Context::with_key(&key);
            mac.update(block.as_ref().map_or(&[], |block| block.as_ref()));
            mac.update(&info);
            mac.update(&[counter]);
            let next = mac.sign();
            chunk.copy_from_slice(&next.as_ref()[..chunk.len()]);
            block = Some(next);
        }
    }

    /// Derive-Secret (RFC 8446 section 7.1), with the transcript hash already made.
    fn derive(self, secret: &Secret, label: &[u8], transcript: &[u8]) -> Secret {
        let mut out = Secret {
            octets: [0; MAX_HASH],
            length: self.hash().output_len(),
        };
        let length = out.length;
        self.expand_label(
            secret.as_ref(),
            label,
            transcript,
            &mut out.octets[..length],
        );
        out
    }
}

/// A secret of the schedule. Never shown.
#[derive(Clone, Copy)]
pub struct Secret {
    octets: [u8; MAX_HASH],
    length: usize,
}

impl Secret {
    fn of(octets: &[u8]) -> Self {
        let mut secret = Self {
            octets: [0; MAX_HASH],
            length: octets.len().min(MAX_HASH),
        };
        secret.octets[..secret.length].copy_from_slice(&octets[..secret.length]);
        secret
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The traffic secrets of one epoch, one for each direction.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    client: Secret,
    server: Secret,
}

impl Traffic {
    /// The secret of what this side sends.
    pub const fn of(&self, side: Side) -> &Secret {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

/// The schedule of one connection, as far as it has come.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Its suite.
    pub suite: Suite,
    handshake: Secret,
}

impl Schedule {
    /// Begins with a pre-shared key, or without one, and the secret of the key exchange.
    pub fn new(suite: Suite, psk: Option<&[u8]>, shared: &[u8]) -> Self {
        let none = [0; MAX_HASH];
        let none = &none[..suite.hash().output_len()];
        let early = suite.extract(none, psk.unwrap_or(none));
        let derived = suite.derive(&early, b"derived", empty(suite).as_ref());
        Self {
            suite,
            handshake: suite.extract(derived.as_ref(), shared),
        }
    }

    /// The early traffic secret of a client (RFC 8446 section 7.1), over its ClientHello.
    pub fn early(suite: Suite, psk: &[u8], transcript: &[u8]) -> Secret {
        let none = [0; MAX_HASH];
        let early = suite.extract(&none[..suite.hash().output_len()], psk);
        suite.derive(&early, b"c e traffic", transcript)
    }

    /// The binder of a pre-shared key over a ClientHello without binders (RFC 8446 section 4.2.11.2).
    pub fn binder(suite: Suite, psk: &[u8], resumption: bool, transcript: &[u8]) -> Vec<u8> {
        let none = [0; MAX_HASH];
        let early = suite.extract(&none[..suite.hash().output_len()], psk);
        let label: &[u8] = if resumption {
            b"res binder"
        } else {
            b"ext binder"
        };
        let key = suite.derive(&early, label, empty(suite).as_ref());
        verify_data(suite, &key, transcript)
    }

    /// The secrets of the handshake, over the transcript to the ServerHello.
    pub fn handshake(&self, transcript: &[u8]) -> Traffic {
        Traffic {
            client: self
                .suite
                .derive(&self.handshake, b"c hs traffic", transcript),
            server: self
                .suite
                .derive(&self.handshake, b"s hs traffic", transcript),
        }
    }

    fn master(&self) -> Secret {
        let derived = self
            .suite
            .derive(&self.handshake, b"derived", empty(self.suite).as_ref());
        let none = [0; MAX_HASH];
        self.suite
            .extract(derived.as_ref(), &none[..self.suite.hash().output_len()])
    }

    /// The secrets of application data, over the transcript to the server's Finished.
    pub fn application(&self, transcript: &[u8]) -> Traffic {
        let master = self.master();
        Traffic {
            client: self.suite.derive(&master, b"c ap traffic", transcript),
            server: self.suite.derive(&master, b"s ap traffic", transcript),
        }
    }

    /// The pre-shared key of a ticket, over the whole transcript (RFC 8446 section 4.6.1).
    pub fn resumption(&self, transcript: &[u8], ticket_nonce: &[u8]) -> Vec<u8> {
        let secret = self.suite.derive(&self.master(), b"res master", transcript);
        let mut psk = vec![0; self.suite.hash().output_len()];
        self.suite
            .expand_label(secret.as_ref(), b"resumption", ticket_nonce, &mut psk);
        psk
    }
}

/// What a Finished says: a MAC over the transcript (RFC 8446 section 4.4.4).
pub fn verify_data(suite: Suite, secret: &Secret, transcript: &[u8]) -> Vec<u8> {
    let key = suite.derive(secret, b"finished", &[]);
    hmac::sign(&hmac::Key::new(suite.hmac(), key.as_ref()), transcript)
        .as_ref()
        .to_vec()
}

/// The next traffic secret after a KeyUpdate (RFC 8446 section 7.2).
pub fn next_secret(suite: Suite, secret: &Secret) -> Secret {
    suite.derive(secret, b"traffic upd", &[])
}

fn empty(suite: Suite) -> digest::Digest {
    digest::digest(suite.hash(), &[])
}
