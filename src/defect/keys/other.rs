//! Keys of old, new and unknown kinds: DSA, Diffie-Hellman, Ed448, ML-DSA.

use sha2::{Digest, Sha256};

use super::{foreign, invalid, octets, written, written_with};
use crate::{
    defect::{Class, Defect, Position, Severity, Unfit, certificate_at},
    der::{Oid, oid, tag},
    recipe::Recipe,
    verdict::Clause,
};

/// What defines a sound key of this kind.
const CLAUSE: Clause = "RFC 8032 section 5.2.3; RFC 8410 section 4";

/// 1.3.6.1.4.1.64957.8, which nobody has defined.
const UNKNOWN: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xfb, 0x3d, 8]);
/// dhpublicnumber (RFC 3279 section 2.3.3).
const DIFFIE_HELLMAN: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3e, 2, 1]);
/// A test key of Ed448: the private key and the public one.
const ED448: [&str; 2] = [
    "86fd4e8dffad004365ec4977bf080a5cfeb656e86b9459191eea59ef22edb1eed7be8900d646904b6b19b003536def51b47a1cf7d0ef08a2b5",
    "2ba77acd7434b2525b4bf368a6476cfc348858a77ce19385af18c1c494cd745fdab22502e627e41cb9eef7792fc565aff62450956dc817cc00",
];
/// A test key of DSA, of 1024 bits with its parameters, as a whole subjectPublicKeyInfo.
const DSA_1024: &str = "308201b63082012b06072a8648ce3804013082011e02818100829f314f8385d210f74ec38386363b\
    a99e4e20a6661c2392225f1cc43f51be567188c01ec9bb82e472870d1d73968587c8ec90face1469\
    7d87cd7d06530b5002aa05cd20c7ec72407301f6ae728fd7ca7a67bed6b10be4467f866b4260359d\
    5c0c32d6c448a406720386ae1b81de580833e24708c9f3fc301a778b22924af453021500e8f82429\
    bdf28bd128c439febccc35ec37ce5e2b0281807ebf894e0d84e094912384ce9c9d6b0474e0e4eca3\
    1fe5af1d90027d1a85a30512834288ed96a30ceb545d462249ef92c9c5a72048110fb559c24cd086\
    705d8939df731e28501fcacae28ad0263ef30605b16b8cd70407d2ac308e689e3c21979825c60200\
    e27293de3443459f4af4c527e620cb487cbb153069f40034b43174038184000281806f88f959fafb\
    2f15fb3a731b2963136e97fe4dfdc7a767d3158e58bbb8390e62248d7d82648e088953e4a9b02ba6\
    6e6098441cf13cc8ea5ecaedf51c1e68f42fce69b7b9c28e04fa07442d5a447bfc1e4f28ef39da8e\
    514cef7987aae43007102ee9803d41b7067cdf37c55b8981d72fc37bfee618607dba8cdfbd0b51fd\
    afee";
/// The same in PKCS #8.
const DSA_1024_PRIVATE: &str = "3082014a0201003082012b06072a8648ce3804013082011e02818100829f314f8385d210f74ec383\
    86363ba99e4e20a6661c2392225f1cc43f51be567188c01ec9bb82e472870d1d73968587c8ec90fa\
    ce14697d87cd7d06530b5002aa05cd20c7ec72407301f6ae728fd7ca7a67bed6b10be4467f866b42\
    60359d5c0c32d6c448a406720386ae1b81de580833e24708c9f3fc301a778b22924af453021500e8\
    f82429bdf28bd128c439febccc35ec37ce5e2b0281807ebf894e0d84e094912384ce9c9d6b0474e0\
    e4eca31fe5af1d90027d1a85a30512834288ed96a30ceb545d462249ef92c9c5a72048110fb559c2\
    4cd086705d8939df731e28501fcacae28ad0263ef30605b16b8cd70407d2ac308e689e3c21979825\
    c60200e27293de3443459f4af4c527e620cb487cbb153069f40034b43174041602141f2a528aa986\
    057d233edaf2d0cd2299cb2bf6d6";
/// The seeds (RFC 9881 section 6) of the test keys of ML-DSA.
const SEEDS: [&str; 3] = [
    "7ad10729f92a9be618bb803a63156180aa2e7bdd5a022d832afd415b0a478d1d",
    "aeaf8615cab29560fcaf2b5a12a0746662bf32f37f690b2843bb0c605c2b1ec7",
    "926179073df6e391c271dcfb114c2321d47598e89377a222632ec9c6a467def4",
];

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

/// A test key of ML-DSA, whose private key is its seed.
fn seeded(
    recipe: &mut Recipe,
    position: Position,
    oid: &Oid,
    public: &[u8],
    seed: &str,
) -> Result<(), Unfit> {
    written_with(recipe, position, (oid, &[]), public, |w| {
        w.element(tag::context(0), &octets(seed));
    })
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
                let certificate = certificate_at(recipe, position)?;
                certificate.public_key = Some(octets(DSA_1024).into());
                certificate.private_key = Some(octets(DSA_1024_PRIVATE).into());
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
        |recipe, position| {
            let [private, public] = ED448.map(octets);
            written_with(recipe, position, (&oid::ED448, &[]), &public, |w| {
                w.element(tag::OCTET_STRING, &private);
            })
        },
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
        |recipe, position| {
            let public = include_bytes!("ml_dsa_44.pub");
            seeded(recipe, position, &oid::ML_DSA_44, public, SEEDS[0])
        },
    )),
    new(foreign(
        "keys/ml-dsa-65",
        "a well-formed ML-DSA-65 key",
        "The size that TLS is likely to use: 1,952 octets. Buffers that were made for RSA are too small for it. \
         Whoever has not heard of it must say so and neither crash nor fall back to no check.",
        |recipe, position| {
            let public = include_bytes!("ml_dsa_65.pub");
            seeded(recipe, position, &oid::ML_DSA_65, public, SEEDS[1])
        },
    )),
    new(foreign(
        "keys/ml-dsa-87",
        "a well-formed ML-DSA-87 key",
        "The largest of the three, 2,592 octets, which alone fills two packets of a handshake. It must be refused without being stored.",
        |recipe, position| {
            let public = include_bytes!("ml_dsa_87.pub");
            seeded(recipe, position, &oid::ML_DSA_87, public, SEEDS[2])
        },
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
