//! Key stores: PKCS #12 files (RFC 7292) and those of old JDKs. What is encrypted in them cannot
//! be looked into, and how it is encrypted can.

use std::path::Path;

use super::{
    Flaw, Look, Rule,
    file::{Entry, Tree as Folder},
    shown,
    store_password::Mac,
};
use crate::{
    defect::Severity,
    der::{Node, Tree},
    mint::GivenKey,
};

const GUESSED: Rule = Rule {
    id: "files/key-store-password-guessed",
    look: Look::KeyStore,
    severity: Severity::High,
    title: "A key store opens with a password that everybody tries first",
    why: "The password is all that stands between whoever gets the file and the private key in it.",
    remediation: "put the key into a store with a long random password, or into a PEM file that its account alone can read; where others could read this file, replace the key",
    references: &["CWE-521", "CWE-798"],
};

const WEAK: Rule = Rule {
    id: "files/key-store-weak-encryption",
    look: Look::KeyStore,
    severity: Severity::Medium,
    title: "A key store is encrypted as it was done twenty years ago",
    why: "Keys of 40 bits are found in minutes whatever the password is, and a few hundred rounds let a cheap machine try millions of passwords a second.",
    remediation: "write it anew with a current tool: `openssl pkcs12 -in old.p12 -legacy -nodes | openssl pkcs12 -export -out new.p12`, or `keytool -importkeystore -deststoretype pkcs12`",
    references: &["CWE-326", "CWE-916", "RFC 8018 section 4.2"],
};

const READABLE: Rule = Rule {
    id: "files/key-store-readable-by-all",
    look: Look::Mode,
    severity: Severity::Medium,
    title: "A key store can be read by every account of the machine",
    why: "Whoever has a copy tries passwords on it for as long as he likes, and nobody notices.",
    remediation: "chmod 600 the file and give it to the account that the server runs as",
    references: &["CWE-732"],
};

const CLOSED: Rule = Rule {
    id: "files/key-store-not-looked-into",
    look: Look::KeyStore,
    severity: Severity::Info,
    title: "A key store cannot be looked into without its password",
    why: "Whether its key and its certificate belong together, and when the certificate ends, was not looked at.",
    remediation: "look with `keytool -list -v -keystore FILE` or `openssl pkcs12 -in FILE -nokeys | openssl x509 -noout -dates`",
    references: &[],
};

/// The fewest rounds that make guessing dear (NIST SP 800-132 section 5.2).
const FEWEST_ROUNDS: u64 = 1000;

/// What can be seen of a key store from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    /// What it is called.
    form: &'static str,
    /// Where its contents begin, for a command that looks at them.
    offset: usize,
    /// How parts of it are encrypted, each way once.
    ciphers: Vec<Cipher>,
    /// The fewest rounds that a password goes through.
    rounds: Option<u64>,
    /// A password that everybody tries first and that opens it.
    pub(super) guessed: Option<&'static str>,
    /// Public keys (subjectPublicKey) of the private keys that stand in it unencrypted.
    pub(super) keys: Vec<Vec<u8>>,
    /// Private keys that stand in it unencrypted.
    pub(super) open_keys: usize,
    /// Private keys that are encrypted.
    pub(super) shut_keys: usize,
    /// Certificates that stand in it unencrypted, as DER.
    pub(super) certificates: Vec<Vec<u8>>,
}

/// A way to encrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cipher {
    name: &'static str,
    is_weak: bool,
}

const fn sound(name: &'static str) -> Cipher {
    Cipher {
        name,
        is_weak: false,
    }
}

const fn weak(name: &'static str) -> Cipher {
    Cipher {
        name,
        is_weak: true,
    }
}

/// `pkcs-12PbeIds` (RFC 7292 appendix C) and the schemes of PKCS #5, by their content octets.
const CIPHERS: &[(&[u8], Cipher)] = &[
    (PBES2, sound("PBES2")),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 1],
        weak("RC4 of 128 bits"),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 2],
        weak("RC4 of 40 bits"),
    ),
    // Its key is long enough; its rounds are what is looked at.
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3],
        sound("3DES"),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 4],
        weak("3DES with two keys"),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 5],
        weak("RC2 of 128 bits"),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 6],
        weak("RC2 of 40 bits"),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 3],
        weak("DES with MD5"),
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 10],
        weak("DES with SHA-1"),
    ),
];

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
const KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 1];
const SHROUDED_KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
const CERTIFICATE_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];

impl Store {
    /// What these octets are of a key store. None where they are none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.get(..4)? {
            [0xfe, 0xed, 0xfe, 0xed] => Some(Self::of_java("JKS", bytes)),
            [0xce, 0xce, 0xce, 0xce] => Some(Self::of_java("JCEKS", bytes)),
            [0x30, ..] => Self::pkcs_12(bytes),
            _ => None,
        }
    }

    /// The JDK's own: certificates stand in it as they are, and a key goes through SHA-1 once, or
    /// through a scheme of Sun's with 3DES.
    fn of_java(form: &'static str, bytes: &[u8]) -> Self {
        let mut store = Self {
            form,
            ciphers: vec![match form {
                "JKS" => weak("a key stream of SHA-1"),
                _ => sound("3DES"),
            }],
            ..Self::default()
        };
        // As far as it goes: what is cut off is no more than what was not written.
        let _ = store.entries(&mut Cursor(bytes));
        store
    }

    /// Magic, version and count, and then each entry.
    fn entries(&mut self, rest: &mut Cursor<'_>) -> Option<()> {
        let _head = rest.take(8)?;
        for _ in 0..rest.number()? {
            let kind = rest.number()?;
            let _alias = rest.text()?;
            let _date = rest.take(8)?;
            let mut certificates = 1;
            if kind == 1 {
                let length = rest.number()?;
                rest.take(length)?;
                self.shut_keys += 1;
                certificates = rest.number()?;
            }
            for _ in 0..certificates {
                let _kind = rest.text()?;
                let length = rest.number()?;
                self.certificates.push(rest.take(length)?.to_vec());
            }
        }
        Some(())
    }

    /// PFX (RFC 7292 section 4).
    fn pkcs_12(bytes: &[u8]) -> Option<Self> {
        let tree = Tree::read(bytes);
        let [version, contents, mac @ ..] = tree.nodes.first()?.children() else {
            return None;
        };
        if version.tag != [0x02] || version.body_bytes() != [3] {
            return None;
        }
        let [kind, explicit] = contents.children() else {
            return None;
        };
        if kind.tag != [0x06] || kind.body_bytes() != DATA {
            return None;
        }
        let safe = octets(explicit.children().first()?);
        let mut store = Self {
            form: "PKCS #12",
            offset: bytes
                .windows(safe.len().max(1))
                .position(|window| window == safe)
                .unwrap_or_default(),
            ..Self::default()
        };
        for part in Tree::read(&safe).nodes.iter().flat_map(Node::children) {
            store.part(part);
        }
        if let Some(mac) = mac.first().and_then(Mac::read) {
            store.hear_rounds(mac.rounds());
            store.guessed = mac.guess(&safe);
        }
        Some(store)
    }

    /// A ContentInfo of the AuthenticatedSafe, seen from the SEQUENCE OF that holds it.
    fn part(&mut self, info: &Node) {
        let [kind, explicit] = info.children() else {
            return;
        };
        let Some(content) = explicit.children().first() else {
            return;
        };
        match kind.body_bytes().as_slice() {
            DATA => {
                let bags = Tree::read(&octets(content));
                for bag in bags.nodes.iter().flat_map(Node::children) {
                    self.bag(bag);
                }
            }
            // EncryptedData: a version, and EncryptedContentInfo with the algorithm second.
            ENCRYPTED_DATA => {
                let algorithm = content.children().get(1).map(Node::children);
                if let Some([_, algorithm, ..]) = algorithm {
                    self.hear(algorithm);
                }
            }
            _ => {}
        }
    }

    /// A SafeBag (RFC 7292 section 4.2).
    fn bag(&mut self, bag: &Node) {
        let [kind, explicit, ..] = bag.children() else {
            return;
        };
        let Some(value) = explicit.children().first() else {
            return;
        };
        match kind.body_bytes().as_slice() {
            KEY_BAG => {
                self.open_keys += 1;
                if let Ok(key) = GivenKey::read(&value.to_bytes()) {
                    self.keys.push(key.public_key().to_vec());
                }
            }
            SHROUDED_KEY_BAG => {
                self.shut_keys += 1;
                if let [algorithm, ..] = value.children() {
                    self.hear(algorithm);
                }
            }
            CERTIFICATE_BAG => {
                if let [_, certificate] = value.children()
                    && let Some(certificate) = certificate.children().first()
                {
                    self.certificates.push(octets(certificate));
                }
            }
            _ => {}
        }
    }

    /// An AlgorithmIdentifier of something encrypted.
    fn hear(&mut self, algorithm: &Node) {
        let [id, parameters, ..] = algorithm.children() else {
            return;
        };
        let id = id.body_bytes();
        let cipher = match CIPHERS.iter().find(|(known, _)| *known == id) {
            Some((_, cipher)) => *cipher,
            None => sound("a scheme that is not known here"),
        };
        if !self.ciphers.contains(&cipher) {
            self.ciphers.push(cipher);
        }
        // PBES2 names a derivation with parameters of its own (RFC 8018 appendix A.2).
        let derivation = match id.as_slice() {
            PBES2 => parameters.children().first().map(Node::children),
            _ => None,
        };
        let of_password = match derivation {
            Some([_, parameters, ..]) => parameters,
            _ => parameters,
        };
        if let [_, rounds, ..] = of_password.children()
            && rounds.tag == [0x02]
        {
            self.hear_rounds(number(rounds));
        }
    }

    fn hear_rounds(&mut self, rounds: u64) {
        self.rounds = Some(self.rounds.map_or(rounds, |least| least.min(rounds)));
    }

    /// How many private keys are in it. Without any it is a store of certificates, and no secret.
    pub(super) fn private_keys(&self) -> usize {
        self.open_keys + self.shut_keys
    }

    /// Whether its private keys are safe from those who can read it and do not know the password.
    pub(super) fn is_closed(&self) -> bool {
        self.open_keys == 0 && self.guessed.is_none()
    }

    fn weaknesses(&self) -> Vec<String> {
        let ciphers = self.ciphers.iter().filter(|cipher| cipher.is_weak);
        let mut words: Vec<String> = ciphers.map(|cipher| cipher.name.to_owned()).collect();
        if let Some(rounds) = self.rounds.filter(|rounds| *rounds < FEWEST_ROUNDS) {
            words.push(match rounds {
                1 => "one round for a password".to_owned(),
                rounds => format!("{rounds} rounds for a password"),
            });
        }
        words
    }
}

/// What is left of a file whose numbers come first, in four octets or two.
struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<usize> {
        let octets = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(octets)).ok()
    }

    fn text(&mut self) -> Option<&'b [u8]> {
        let octets = self.take(2)?.try_into().ok()?;
        self.take(usize::from(u16::from_be_bytes(octets)))
    }
}

/// The content of an OCTET STRING, which BER may give in pieces.
fn octets(node: &Node) -> Vec<u8> {
    match node.children() {
        [] => node.body_bytes(),
        pieces => pieces.iter().flat_map(octets).collect(),
    }
}

/// An INTEGER that is no larger than anybody would write.
pub(super) fn number(node: &Node) -> u64 {
    let octets = node.body_bytes();
    let fits = octets.len() <= 8;
    let value = octets.iter().fold(0, |value: u64, octet| {
        value.wrapping_shl(8) | u64::from(*octet)
    });
    if fits { value } else { u64::MAX }
}

pub(super) fn check(tree: &Folder, flaws: &mut Vec<Flaw>) {
    for entry in &tree.files {
        if let Some(store) = &entry.contents.store {
            of_store(entry, store, flaws);
        }
    }
}

fn of_store(entry: &Entry, store: &Store, flaws: &mut Vec<Flaw>) {
    let path = shown(&entry.path);
    let mut flaw = |rule, evidence: String| {
        flaws.push(Flaw {
            rule,
            paths: vec![entry.path.clone()],
            evidence: format!("{path}: {evidence}"),
        });
    };
    let is_secret = store.private_keys() > 0;
    if let Some(password) = store.guessed.filter(|_| is_secret) {
        let password = match password {
            "" => "no password at all".to_owned(),
            password => format!("the password `{password}`"),
        };
        flaw(&GUESSED, format!("{}, opens with {password}", store.form));
    }
    let weaknesses = store.weaknesses();
    if is_secret && !weaknesses.is_empty() {
        let weaknesses = weaknesses.join(", ");
        flaw(&WEAK, format!("{}, {weaknesses}", store.form));
    }
    if is_secret && store.is_closed() && entry.mode.is_some_and(|mode| mode & 0o004 != 0) {
        let mode = entry.mode.unwrap_or_default();
        flaw(&READABLE, format!("{}, mode {mode:04o}", store.form));
    }
    if store.certificates.is_empty() {
        let ciphers: Vec<&str> = store.ciphers.iter().map(|cipher| cipher.name).collect();
        let ciphers = match ciphers.is_empty() {
            true => "what it holds is hidden".to_owned(),
            false => format!("encrypted with {}", ciphers.join(" and ")),
        };
        flaw(&CLOSED, format!("{}, {ciphers}", store.form));
    }
}

/// The command by which somebody sees from outside how a store is encrypted.
pub(super) fn look(path: &Path, store: Option<&Store>) -> String {
    let file = super::word(&shown(path));
    match store {
        Some(store) if store.offset > 0 => match store.guessed {
            Some(password) => format!(
                "openssl pkcs12 -in {file} -nokeys -passin {}",
                super::word(&format!("pass:{password}"))
            ),
            None => format!(
                "openssl asn1parse -inform DER -in {file} -offset {} -i",
                store.offset
            ),
        },
        _ => format!("head -c 4 {file} | od -An -tx1"),
    }
}
