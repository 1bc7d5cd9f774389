//! RSA keys: sizes, exponents, moduli.

use super::{edited, has_key, has_named_key, invalid, weak};
use crate::{
    defect::{Class, Defect, Position, Severity, Step, Unfit, change::without_crls, issuer_of},
    der::Change,
    recipe::{Key, KeyAlgorithm, Recipe, SignatureFlaw},
    verdict::{Clause, Reason},
};

/// What defines a sound key of this kind.
const CLAUSE: Clause = "RFC 8017 section 3.1";

/// RSAPublicKey inside the subjectPublicKeyInfo, and its two numbers.
const KEY: &str = "1/>/0";
const MODULUS: &str = "1/>/0/0";
const EXPONENT: &str = "1/>/0/1";

const fn rsa(defect: Defect) -> Defect {
    Defect {
        prepare: |recipe, position| has_key(recipe, position, KeyAlgorithm::Rsa2048),
        ..defect
    }
}

fn number(recipe: &mut Recipe, position: Position, path: &str, octets: &[u8]) -> Result<(), Unfit> {
    edited(recipe, position, path, Change::SetBody(octets.into()))
}

/// Sizes and exponents of keys that work.
pub(super) const WEAK: &[Defect] = &[
    rsa(weak(
        "keys/rsa-1024",
        "an RSA key of 1024 bits",
        "NIST disallowed 1024 bits after 2013, and an attacker with a budget can factor such a modulus. Whoever holds the \
         factors of an issuer's key issues what he likes.",
        |recipe, position| has_key(recipe, position, KeyAlgorithm::Rsa1024),
    )),
    rsa(Defect {
        severity: Severity::Critical,
        ..weak(
            "keys/rsa-512",
            "an RSA key of 512 bits",
            "A modulus of 512 bits was first factored in 1999 and costs an afternoon on rented machines today. As the key of \
             an issuer it hands the whole CA to anybody.",
            |recipe, position| has_named_key(recipe, position, KeyAlgorithm::Rsa512, "small"),
        )
    }),
    rsa(Defect {
        clause: "RFC 5280 section 8; profile: largest key",
        severity: Severity::Medium,
        reasons: &[
            Reason::UnsupportedKey,
            Reason::WeakKey,
            Reason::BudgetExceeded,
            Reason::InvalidKey,
            Reason::BadSignature,
        ],
        vulnerabilities: &["CVE-2023-29409"],
        ..weak(
            "keys/rsa-16384",
            "an RSA key of 16384 bits",
            "The key is sound and the signature true; the work is the weapon. One verification costs some sixty times that of \
             2048 bits, and Go's TLS spent it for anybody who presented such a chain. Servers cap the size.",
            |recipe, position| has_named_key(recipe, position, KeyAlgorithm::Rsa16384, "large"),
        )
    }),
    rsa(Defect {
        clause: "CA/B Baseline Requirements section 6.1.6",
        severity: Severity::Info,
        class: Class::Lint,
        ..weak(
            "keys/rsa-exponent-3",
            "an RSA key with the public exponent 3",
            "With exponent 3 the private key is as safe as any; it is verifiers with lax padding that it betrays. NIST demands \
             65537 or more, the Web PKI recommends it.",
            |recipe, position| {
                has_named_key(recipe, position, KeyAlgorithm::Rsa2048, "small-exponent")
            },
        )
    }),
    Defect {
        // A CRL of the same key would be a second thing that anybody can write.
        prepare: |recipe, position| {
            without_crls(recipe, position)?;
            super::certificate_at(recipe, Position::EndEntity)?
                .signing
                .rsa_pss = false;
            has_key(recipe, position, KeyAlgorithm::Rsa2048)
        },
        clause: "RFC 8017 section 3.1",
        severity: Severity::Critical,
        class: Class::MustReject,
        positions: &[Position::Intermediate],
        reasons: &[
            Reason::InvalidKey,
            Reason::WeakKey,
            Reason::UnsupportedKey,
            Reason::BadSignature,
        ],
        ..weak(
            "keys/rsa-exponent-1-issuer",
            "an issuer with the public exponent 1, whose signatures anybody can write",
            "Raised to one a number stays what it is: the padded digest is its own signature, and no private key is needed. The \
             end entity here is signed in that way. OpenSSL does not look at the exponent.",
            |recipe, position| {
                number(recipe, position, EXPONENT, &[1])?;
                let below = super::certificate_at(recipe, Position::EndEntity)?;
                below.signing.flaw = Some(SignatureFlaw::UnraisedBlock);
                Ok(())
            },
        )
    },
];

/// A modulus that looks sound and whose factors anybody can find.
const fn guessable(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    rsa(Defect {
        severity: Severity::Critical,
        clause: "NIST FIPS 186-5 appendix A.1; CA/B Baseline Requirements section 6.1.1.3",
        ..weak(id, summary, page, spoil)
    })
}

/// Moduli of the right size that were made by bad generators.
pub(super) const GUESSABLE: &[Defect] = &[
    Defect {
        // The issuer's key is one of two that share a prime; the twin's own key is not the other.
        prepare: |recipe, position| {
            let issuer = issuer_of(recipe, position)?;
            let issuer = recipe
                .certificate_mut(&issuer)
                .ok_or(Unfit("the issuer is not in the recipe"))?;
            issuer.key = Key::new(KeyAlgorithm::Rsa2048, "shared-factor-one");
            has_key(recipe, position, KeyAlgorithm::Rsa2048)
        },
        ..guessable(
            "keys/rsa-shared-factor",
            "an RSA key that shares a prime with its issuer's",
            "Devices that make keys before they have gathered randomness draw the same first prime. The greatest common divisor \
             of two such moduli is that prime, and both keys are open. Lenstra and Heninger found two in a thousand keys of \
             the Internet in 2012. Either certificate alone looks good.",
            |recipe, position| {
                has_named_key(recipe, position, KeyAlgorithm::Rsa2048, "shared-factor-two")
            },
        )
    },
    Defect {
        vulnerabilities: &["CVE-2022-26320"],
        ..guessable(
            "keys/rsa-close-primes",
            "an RSA key whose two primes lie next to each other",
            "Fermat's method of 1643 finds factors that lie near the square root in a few steps. Printers of two makers had keys \
             of a library that searched its second prime from the first one on.",
            |recipe, position| {
                has_named_key(recipe, position, KeyAlgorithm::Rsa2048, "close-primes")
            },
        )
    },
    Defect {
        vulnerabilities: &["CVE-2017-15361"],
        ..guessable(
            "keys/rsa-power-of-65537",
            "an RSA key whose primes are powers of 65537 modulo a product of small primes",
            "To find primes quickly, the chips of one maker gave all of theirs this form. It is seen in the modulus at a glance, \
             and Coppersmith's method makes factors of it: millions of identity cards and TPMs had to be replaced (ROCA).",
            |recipe, position| {
                has_named_key(recipe, position, KeyAlgorithm::Rsa2048, "power-of-65537")
            },
        )
    },
];

/// Numbers that make no key.
pub(super) const INVALID: &[Defect] = &[
    rsa(invalid(
        CLAUSE,
        "keys/rsa-exponent-1",
        "an end entity's RSA key with the public exponent 1",
        "Whoever sees the certificate can sign as its holder, in the handshake too. OpenSSL-based servers were seen to admit \
         clients with such a key.",
        |recipe, position| number(recipe, position, EXPONENT, &[1]),
    )),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-exponent-2",
        "an RSA key with the public exponent 2",
        "An even exponent has no inverse, so it is no RSA key but one of Rabin's scheme, whose signatures have other rules.",
        |recipe, position| number(recipe, position, EXPONENT, &[2]),
    )),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-exponent-even",
        "an RSA key with the public exponent 65536",
        "One off the usual exponent, even, and large enough to pass a check for small ones. RFC 8017 wants it odd. \
         There is no private key to it, so whoever takes it has not looked whether a proof is possible.",
        |recipe, position| number(recipe, position, EXPONENT, &[1, 0, 0]),
    )),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-exponent-0",
        "an RSA key with the public exponent zero",
        "Anything to the power of zero is one. No signature can verify and no code should calculate with it. \
         Every padded block would have to be one, which no padding gives; what a library does before it finds out is its own affair.",
        |recipe, position| number(recipe, position, EXPONENT, &[0]),
    )),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-exponent-negative",
        "an RSA key with a negative public exponent",
        "The INTEGER is minus 65535, since the first bit is set. A library that drops the sign uses a key that the CA did not \
         write.",
        |recipe, position| number(recipe, position, EXPONENT, &[0xff, 0, 1]),
    )),
    rsa(Defect {
        severity: Severity::Low,
        class: Class::Policy,
        ..invalid(
            CLAUSE,
            "keys/rsa-exponent-huge",
            "an RSA key with a public exponent of 256 octets",
            "Verification is cheap because the exponent is small. One as long as the modulus makes each verification cost as \
             much as a signature and more; OpenSSL and others cap it.",
            |recipe, position| number(recipe, position, EXPONENT, &[0x55; 256]),
        )
    }),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-modulus-even",
        "an RSA key with an even modulus",
        "Two is a factor. Montgomery's multiplication needs an odd modulus, and code that does not ask for one calculates \
         nonsense or does not end.",
        |recipe, position| edited(recipe, position, MODULUS, Change::FlipBit(8 * 257 - 1)),
    )),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-modulus-negative",
        "an RSA key with a negative modulus",
        "The first bit of the INTEGER is set. Software that forgets the zero octet writes such keys, and software that ignores \
         the sign reads them, each with its own idea of the number.",
        |recipe, position| edited(recipe, position, MODULUS, Change::FlipBit(0)),
    )),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-modulus-zero",
        "an RSA key with the modulus zero",
        "Division by zero, in the one place where a server divides by what a stranger sends it. \
         In Rust and Go it is a panic, in C a signal, and either ends the process that served everybody.",
        |recipe, position| number(recipe, position, MODULUS, &[0]),
    )),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-modulus-one",
        "an RSA key with the modulus one",
        "Modulo one everything is zero, and every comparison of remainders is true: any octets would be a signature. \
         Only the check of the padding is left, and it is made on zeros.",
        |recipe, position| number(recipe, position, MODULUS, &[1]),
    )),
    rsa(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..invalid(
            CLAUSE,
            "keys/rsa-third-number",
            "a third INTEGER in the RSA public key",
            "RSAPublicKey has two numbers. What follows is ignored by a lax parser and is room for a signer to make two \
             certificates collide.",
            |recipe, position| edited(recipe, position, KEY, Change::Append(vec![2, 1, 5].into())),
        )
    }),
    rsa(Defect {
        class: Class::Policy,
        severity: Severity::Low,
        ..invalid(
            CLAUSE,
            "keys/rsa-trailing-data",
            "octets after the RSA public key inside its BIT STRING",
            "The BIT STRING goes on after the key. Two parsers may take different keys from it, or one key from two certificates.",
            |recipe, position| {
                edited(
                    recipe,
                    position,
                    KEY,
                    Change::InsertAfter(vec![5, 0].into()),
                )
            },
        )
    }),
    rsa(invalid(
        "X.690 section 8.3; RFC 8017 appendix A.1.1",
        "keys/rsa-exponent-padded",
        "an RSA key whose exponent has a leading zero that it does not need",
        "Not even BER allows the padding. The key is the same in two encodings, so that a list of keys that are known to be \
         stolen holds only one of them.",
        |recipe, position| number(recipe, position, EXPONENT, &[0, 1, 0, 1]),
    )),
    rsa(invalid(
        "X.690 section 8.3; RFC 8017 appendix A.1.1",
        "keys/rsa-modulus-padded",
        "an RSA key whose modulus has one leading zero more than its sign needs",
        "A list of weak or stolen keys goes by the hash of the key, as that of Debian's keys of 2008 does, and does not find \
         this one. The proof of possession still works.",
        |recipe, position| edited(recipe, position, MODULUS, Change::Prepend(vec![0].into())),
    )),
    rsa(invalid(
        CLAUSE,
        "keys/rsa-without-exponent",
        "an RSA public key without an exponent",
        "The modulus alone. A parser whose second read fails quietly leaves an exponent of zero, or one of the key before it.",
        |recipe, position| edited(recipe, position, EXPONENT, Change::Remove),
    )),
    rsa(Defect {
        clause: "RFC 3279 section 2.3.1",
        class: Class::Lint,
        severity: Severity::Info,
        ..invalid(
            CLAUSE,
            "keys/rsa-parameters-absent",
            "rsaEncryption without NULL for parameters",
            "RFC 3279 demands NULL. The key is the same; a strict profile refuses the spelling, most verifiers take it. \
         Key identifiers and pins over the whole key then differ from those of the same key spelt rightly.",
            |recipe, position| edited(recipe, position, "0/1", Change::Remove),
        )
    }),
];
