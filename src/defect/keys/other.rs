//! Keys of old, new and unknown kinds: DSA, Diffie-Hellman, Ed448, ML-DSA.

use sha2::{Digest, Sha256};

use super::{foreign, invalid, octets, written};
use crate::{
    defect::{Class, Defect, Position, Severity, Unfit, certificate_at},
    der::{Oid, oid},
    recipe::Recipe,
    verdict::Clause,
};

/// What defines a sound key of this kind.
const CLAUSE: Clause = "RFC 8032 section 5.2.3; RFC 8410 section 4";

/// 1.3.6.1.4.1.64957.8, which nobody has defined.
const UNKNOWN: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xfb, 0x3d, 8]);
/// dhpublicnumber (RFC 3279 section 2.3.3).
const DIFFIE_HELLMAN: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3e, 2, 1]);
/// id-X448 has the neighbouring identifier; this is the base point of Ed448 (RFC 8032 section 5.2).
const ED448_BASE: &str = "14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a0051e9c78874098a36c7373ea4b62c7c9563720768824bcb66e71463f6900";
/// A DSA key of 1024 bits with its parameters, as a whole subjectPublicKeyInfo.
const DSA_1024: &str = "308201be3082013306072a8648ce3804013082012602818100864fcdb283d91ea4eb7a47014b9073\
    9ad17d27676e8143b00434dab514c0916cbd0640157dde7cf6d21da271ac7066b61e6cbf40bcc383\
    a14ddb6ffa6825b17e360f6ef832688d9738160394188e6bb36c8c2ccc62e8e78bbfbe57807559b4\
    5257b363e760815fad8f5513c72fa58766ee4aa847e496294276cbe083459f73db021d00d054b104\
    8f00b3ac1e2731413f16f90a2c0f70f23d39e9e0834161ad0281801626eae4cea154cbc44d67356c\
    c916196cb1283ba204d30e86f5c63adb391d529908c2d1226df9b7d313f5497ac36e57ea04614fce\
    054dd991b71ffcb9f636f0710527779fbaf5c07c86e564188e58392db24fc071da8667bcd3fdc91d\
    18c1dfefb83721b661445d48b99597e0faba76556c5a1816dba1445441cf24ff877e6f0381840002\
    8180095187c527f0b59d802580db6f0285914a8e9a9b61bebf5aa9a90e03d9985d70db565506a0ce\
    07d004caaf86fde1505de9a598a18d383a14ce401f7812024604eb846ec8c373b252d057d2f8043c\
    618afb3d7fb1bf830b7e50ad90458720df039fa501b6a36c659d52fca6b9e2a0a5a90dcee07e1b34\
    60c90e4935ad76e4917e";

/// So many octets that look random and are the same each time. Any octets are a well-formed ML-DSA key.
fn noise(length: usize) -> Vec<u8> {
    (0u32..)
        .flat_map(|block| Sha256::digest(format!("octets of a key, block {block}")))
        .take(length)
        .collect()
}

fn lattice(
    recipe: &mut Recipe,
    position: Position,
    (oid, parameters): (&Oid, &[u8]),
    length: usize,
) -> Result<(), Unfit> {
    written(recipe, position, (oid, parameters), &noise(length))
}

const fn new(defect: Defect) -> Defect {
    Defect {
        clause: "RFC 9881 section 4; profile: kinds of keys",
        ..defect
    }
}

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        vulnerabilities: &["CVE-2025-58188"],
        clause: "NIST FIPS 186-5; profile: kinds of keys",
        severity: Severity::Medium,
        ..foreign(
            "keys/dsa",
            "a DSA key of 1024 bits",
            "DSA left the standard with FIPS 186-5, and TLS 1.3 has no place for it. Go's verifier panicked on chains that held \
             one, because it compared keys without asking their kind.",
            |recipe, position| {
                certificate_at(recipe, position)?.public_key = Some(octets(DSA_1024).into());
                Ok(())
            },
        )
    },
    Defect {
        vulnerabilities: &["CVE-2024-24783"],
        severity: Severity::Medium,
        ..foreign(
            "keys/unknown-kind",
            "a key of a kind that nobody has defined",
            "A verifier does not know the identifier and cannot know the key. Go panicked when such a certificate stood in a \
             chain, on clients and on servers that verify clients.",
            |recipe, position| written(recipe, position, (&UNKNOWN, &[]), &noise(32)),
        )
    },
    Defect {
        vulnerabilities: &["CVE-2015-0205"],
        severity: Severity::Medium,
        ..foreign(
            "keys/diffie-hellman",
            "a Diffie-Hellman key, which cannot sign",
            "Old TLS let clients authenticate with a Diffie-Hellman certificate and no CertificateVerify; OpenSSL 1.0 accepted it \
             without any proof that the client had the key. The parameters here are toys.",
            |recipe, position| {
                // DomainParameters { p 23, g 5, q 11 } and the public number 8.
                let parameters = [0x30, 9, 2, 1, 23, 2, 1, 5, 2, 1, 11];
                written(recipe, position, (&DIFFIE_HELLMAN, &parameters), &[2, 1, 8])
            },
        )
    },
    foreign(
        "keys/ed448",
        "an Ed448 key",
        "RFC 8410 defines it, TLS 1.3 names it, and few libraries have it. A service that lists its kinds of keys refuses it.",
        |recipe, position| written(recipe, position, (&oid::ED448, &[]), &octets(ED448_BASE)),
    ),
    Defect {
        severity: Severity::Medium,
        ..invalid(
            CLAUSE,
            "keys/ed448-short",
            "an Ed448 key of 32 octets",
            "The identifier is of Ed448 and the length of Ed25519. Libraries that treat both in one function must not mix their \
             sizes.",
            |recipe, position| written(recipe, position, (&oid::ED448, &[]), &noise(32)),
        )
    },
    new(foreign(
        "keys/ml-dsa-44",
        "a well-formed ML-DSA-44 key",
        "Keys that withstand quantum computers are coming into certificates. A service that cannot use them must refuse them in \
         good order, 1,312 octets and all, and not fall over.",
        |recipe, position| lattice(recipe, position, (&oid::ML_DSA_44, &[]), 1312),
    )),
    new(foreign(
        "keys/ml-dsa-65",
        "a well-formed ML-DSA-65 key",
        "The size that TLS is likely to use: 1,952 octets. Buffers that were made for RSA are too small for it. \
         Whoever has not heard of it must say so and neither crash nor fall back to no check.",
        |recipe, position| lattice(recipe, position, (&oid::ML_DSA_65, &[]), 1952),
    )),
    new(foreign(
        "keys/ml-dsa-87",
        "a well-formed ML-DSA-87 key",
        "The largest of the three, 2,592 octets, which alone fills two packets of a handshake. It must be refused without being stored.",
        |recipe, position| lattice(recipe, position, (&oid::ML_DSA_87, &[]), 2592),
    )),
    new(invalid(
        CLAUSE,
        "keys/ml-dsa-short",
        "an ML-DSA-65 key that lacks an octet",
        "Keys of ML-DSA have a fixed length. Unpacking one that is short reads beyond its end. \
         RFC 9881 gives each of the three sizes as a number, so that the check is one comparison.",
        |recipe, position| lattice(recipe, position, (&oid::ML_DSA_65, &[]), 1951),
    )),
    new(invalid(
        CLAUSE,
        "keys/ml-dsa-long",
        "an ML-DSA-65 key with an octet too many",
        "Cut off it is a good key, and the certificate has a second spelling, which a list of known certificates does not hold.",
        |recipe, position| lattice(recipe, position, (&oid::ML_DSA_65, &[]), 1953),
    )),
    new(invalid(
        CLAUSE,
        "keys/ml-dsa-of-another-size",
        "an ML-DSA-44 key under the identifier of ML-DSA-87",
        "The parameter set is told by the identifier alone. A library that goes by the length instead is told by the attacker how \
         strong the key must be.",
        |recipe, position| lattice(recipe, position, (&oid::ML_DSA_87, &[]), 1312),
    )),
    new(Defect {
        class: Class::Lint,
        severity: Severity::Info,
        ..invalid(
            CLAUSE,
            "keys/ml-dsa-parameters-null",
            "an ML-DSA-65 key with NULL for parameters",
            "RFC 9881 demands that the parameters be absent. It is the same mistake that each generation of software makes anew.",
            |recipe, position| lattice(recipe, position, (&oid::ML_DSA_65, &[5, 0]), 1952),
        )
    }),
];
