//! Chains that are not shown, and proofs that prove nothing.

use super::{
    Defect, Position, Recipe, UNPROVEN, Unfit, VIOLATION, change, critical, defect, honest,
    of_servers,
};
use crate::{
    defect::certificate_at,
    recipe::{Key, KeyAlgorithm},
    script::{
        Chain, Context, Epoch, HandshakeKind as Kind, Message, Proof, SignatureScheme, Signer,
        Step, Transcript,
    },
    verdict::{Clause, Reason},
};

const SEQUENCE: Clause = "RFC 8446 section 4.4 and appendix A";
const PROOF: Clause = "RFC 8446 section 4.4.3";

/// Nothing is shown.
const UNSHOWN: &[Reason] = &[Reason::NoCertificate, Reason::HandshakeViolation];

/// The scheme is not one that may sign here.
const BAD_SCHEME: &[Reason] = &[
    Reason::NoProofOfPossession,
    Reason::UnsupportedSignatureAlgorithm,
    Reason::BadSignature,
    Reason::HandshakeViolation,
];

/// What is shown.
pub(super) const SHOWN: &[Defect] = &[
    critical(defect(
        "handshake/no-certificate",
        "neither Certificate nor CertificateVerify is sent",
        "The state machine waits for a Certificate and gets the Finished. Implementations that accept any message \
         that would be legal in some handshake went on as if the messages had come: Java (CVE-2014-6593), and \
         wolfSSL's server of TLS 1.3 as late as 2022 (CVE-2022-25640).",
        SEQUENCE,
        UNSHOWN,
        |recipe, _| {
            change(recipe, |script| {
                script.omit(Kind::CERTIFICATE);
                script.omit(Kind::CERTIFICATE_VERIFY);
            })
        },
    )),
    critical(defect(
        "handshake/empty-certificate",
        "the Certificate message holds no certificate",
        "A client may answer so, and then nobody is authenticated; a server never may. Services that ask for a \
         certificate and forget to demand it let such a client in.",
        "RFC 8446 section 4.4.2.4",
        UNSHOWN,
        |recipe, _| {
            change(recipe, |script| {
                script.replace(Kind::CERTIFICATE, Message::certificate_of(Chain::Empty));
                script.omit(Kind::CERTIFICATE_VERIFY);
            })
        },
    )),
    critical(defect(
        "handshake/empty-certificate-with-proof",
        "an empty Certificate is followed by a CertificateVerify",
        "There is no key with which the proof could verify. Who skips a check that it has no key for has let the \
         client choose whether it is checked.",
        "RFC 8446 sections 4.4.2.4 and 4.4.3",
        &[
            Reason::NoCertificate,
            Reason::HandshakeViolation,
            Reason::NoProofOfPossession,
        ],
        |recipe, _| {
            change(recipe, |script| {
                script.replace(Kind::CERTIFICATE, Message::certificate_of(Chain::Empty));
            })
        },
    )),
    critical(defect(
        "handshake/certificate-without-proof",
        "a Certificate is shown and no CertificateVerify follows",
        "Anybody can show a certificate; they are public. Several libraries took one for a proof of identity when \
         the message after it was left out: pion/dtls (CVE-2022-29222), OpenSSL with Diffie-Hellman certificates \
         (CVE-2015-0205), wolfSSL's client (CVE-2020-24613) and its server (CVE-2022-25640).",
        "RFC 8446 section 4.4.3 and appendix A",
        UNPROVEN,
        |recipe, _| change(recipe, |script| script.omit(Kind::CERTIFICATE_VERIFY)),
    )),
    critical(defect(
        "handshake/proof-without-certificate",
        "a CertificateVerify is sent and no Certificate before it",
        "The proof is of a key that nobody has named. A verifier that keeps the certificate of an earlier handshake, \
         or an empty one, has nothing to hold it against. Java took a CertificateVerify that no certificate called \
         for (CVE-2020-2655).",
        SEQUENCE,
        &[
            Reason::NoCertificate,
            Reason::HandshakeViolation,
            Reason::NoProofOfPossession,
        ],
        |recipe, _| change(recipe, |script| script.omit(Kind::CERTIFICATE)),
    )),
    defect(
        "handshake/proof-before-certificate",
        "the CertificateVerify comes before the Certificate",
        "The right messages in the wrong order: the proof does not cover the chain. wolfSSL accepted a \
         CertificateVerify out of its place (CVE-2026-2645).",
        SEQUENCE,
        UNPROVEN,
        |recipe, _| {
            change(recipe, |script| {
                script.swap(Kind::CERTIFICATE, Kind::CERTIFICATE_VERIFY)
            })
        },
    ),
    defect(
        "handshake/certificate-twice",
        "two Certificate messages are sent",
        "Which of the two is the peer? Code that checks the first and remembers the last authenticates one and lets \
         in the other. Messages that were taken twice are among the transitions that SMACK found in the state \
         machines of 2015.",
        SEQUENCE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_before(Kind::CERTIFICATE, Message::certificate())
            })
        },
    ),
    defect(
        "handshake/certificate-after-proof",
        "a second Certificate comes after the CertificateVerify",
        "The identity is exchanged after it was proven. The second chain is shown under a proof that was made for \
         the first, and a server that writes into its log what it saw last logs somebody who was never there.",
        SEQUENCE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_after(Kind::CERTIFICATE_VERIFY, Message::certificate())
            })
        },
    ),
    defect(
        "handshake/certificate-without-keys",
        "the Certificate is sent in a record without protection",
        "After the hellos everything is encrypted. A peer that takes an open Certificate lets whoever sits on the \
         line choose the identity, and shows who is calling to everybody else on it. Records that were taken in the \
         wrong state are how Java came to speak in the open (CVE-2014-6593).",
        "RFC 8446 section 5",
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                if let Some(sending) = script.sending_mut(Kind::CERTIFICATE) {
                    sending.epoch = Some(Epoch::Plain);
                }
            })
        },
    ),
    defect(
        "handshake/certificate-with-other-context",
        "the certificate_request_context is not the one that was asked with",
        "The context ties an answer to its question. It is empty in the handshake; an answer to another question, \
         of another connection, must not count here.",
        "RFC 8446 section 4.4.2",
        &[Reason::HandshakeViolation, Reason::NoCertificate],
        |recipe, _| {
            change(recipe, |script| {
                let message = Message::Certificate {
                    chain: Chain::Own,
                    context: Some(vec![0x67, 0x63].into()),
                    extensions: Vec::new(),
                };
                script.replace(Kind::CERTIFICATE, message);
            })
        },
    ),
    defect(
        "handshake/empty-certificate-entry",
        "the first entry of the Certificate has no octets",
        "cert_data has at least one octet. An index that counts entries on one side and certificates on the other \
         is one off from here on.",
        "RFC 8446 section 4.4.2",
        &[
            Reason::HandshakeViolation,
            Reason::MalformedDer,
            Reason::NoProofOfPossession,
            Reason::BadSignature,
        ],
        |recipe, _| {
            change(recipe, |script| {
                let message = Message::certificate_of(Chain::EmptyEntryFirst);
                script.replace(Kind::CERTIFICATE, message);
            })
        },
    ),
    defect(
        "handshake/sender-certificate-last",
        "the certificate of the sender comes last, and that of its issuer first",
        "The first entry is the sender's; only those after it may come in any order. A verifier that sorts the whole list \
         first, and finds the sender by whatever fits the proof or is no CA, lets the peer choose which of several \
         certificates it is judged by.",
        "RFC 8446 section 4.4.2",
        &[
            Reason::NoProofOfPossession,
            Reason::CaAsEndEntity,
            Reason::HandshakeViolation,
            Reason::BadSignature,
            Reason::ExtendedKeyUsage,
            Reason::KeyUsage,
            Reason::NameMismatch,
            Reason::UnknownIssuer,
        ],
        |recipe, _| {
            if recipe.presented.len() < 2 {
                return Err(Unfit("one certificate has no order"));
            }
            change(recipe, |script| {
                let message = Message::certificate_of(Chain::SenderLast);
                script.replace(Kind::CERTIFICATE, message);
            })
        },
    ),
    defect(
        "handshake/truncated-certificates",
        "each certificate of the chain lacks its last octet",
        "The lengths of the message are right and those inside the certificates are not. A parser that reads on \
         beyond the entry finds the next one's length.",
        "RFC 8446 section 4.4.2; X.690 section 10",
        &[
            Reason::MalformedDer,
            Reason::TrailingData,
            Reason::HandshakeViolation,
            Reason::MalformedExtension,
            Reason::BadSignature,
            Reason::BadValidity,
        ],
        |recipe, _| {
            change(recipe, |script| {
                let message = Message::certificate_of(Chain::Truncated);
                script.replace(Kind::CERTIFICATE, message);
            })
        },
    ),
];

/// What is proved.
pub(super) const PROVED: &[Defect] = &[
    critical(defect(
        "handshake/stolen-certificate",
        "the CertificateVerify is made with another key than the certificate's",
        "A copied certificate and a key of one's own: the simplest impersonation there is. Go before 1.3.2 let it in \
         when session tickets were disabled (CVE-2014-7189), and Apple's `goto fail` passed over the same check on \
         the client's side (CVE-2014-1266).",
        PROOF,
        UNPROVEN,
        |recipe, _| signed_by(recipe, Signer::Another),
    )),
    critical(of_servers(Defect {
        prepare: asking,
        ..defect(
            "handshake/stolen-certificate-in-mutual-tls",
            "the server asks for the client's certificate, and its own CertificateVerify is made with another key",
            "A client that is asked takes another way through its state machine, since it has a certificate and a proof of its \
             own to make. Where the server's proof is looked at on the usual way alone, whoever asks is believed, and learns \
             who the client is besides.",
            PROOF,
            UNPROVEN,
            |recipe, _| signed_by(recipe, Signer::Another),
        )
    })),
    critical(defect(
        "handshake/empty-signature",
        "the signature of the CertificateVerify has no octets",
        "A function that compares as many octets as it is given finds none that differ, and an error that is read as a number may look like success.",
        PROOF,
        UNPROVEN,
        |recipe, _| signed_by(recipe, Signer::Nobody),
    )),
    critical(defect(
        "handshake/signature-of-zeros",
        "the signature of the CertificateVerify is all zeros",
        "In a raw ECDSA signature zeros are r = 0 and s = 0, which Java took as valid for every key and every \
         message from version 15 to 18 (CVE-2022-21449).",
        PROOF,
        UNPROVEN,
        |recipe, _| signed_by(recipe, Signer::Zeros),
    )),
    critical(defect(
        "handshake/proof-over-no-transcript",
        "the CertificateVerify signs the hash of no messages",
        "A signature over nothing of this connection can be made once and shown everywhere, by whoever has seen it. \
         It is what remains when the hash is taken before the first message was added, or after it was reset: a \
         mistake that both ends of one library make alike, so that no test between them finds it.",
        PROOF,
        UNPROVEN,
        |recipe, _| over(recipe, Transcript::Empty),
    )),
    critical(defect(
        "handshake/proof-over-another-connection",
        "the CertificateVerify signs the transcript of another connection",
        "A replay: the key was held, elsewhere and for somebody else. The transcript is what ties a proof to the \
         keys of this connection. Where it did not, in resumptions of TLS 1.2, one server could log in at another as \
         its own client (triple handshake, CVE-2014-1295).",
        PROOF,
        UNPROVEN,
        |recipe, _| over(recipe, Transcript::AnotherConnection),
    )),
    defect(
        "handshake/proof-without-certificate-in-transcript",
        "the CertificateVerify signs the transcript without the Certificate before it",
        "Then the same proof fits every certificate of the key, and the peer's choice of identity is not signed. One \
         key with two certificates, one of a user and one of an administrator, becomes both to whoever edits the \
         line.",
        PROOF,
        UNPROVEN,
        |recipe, _| over(recipe, Transcript::WithoutCertificate),
    ),
    critical(defect(
        "handshake/proof-of-the-other-side",
        "the CertificateVerify has the context string of the other side",
        "A reflection: the signature that a server makes is sent back as a client's. The two strings differ for no \
         other purpose. Where both ends use one key, or one pre-shared key as in the Selfie attack of 2019, a party \
         shakes hands with itself and believes that it speaks with a friend.",
        PROOF,
        UNPROVEN,
        |recipe, _| under(recipe, Context::OtherSide),
    )),
    defect(
        "handshake/proof-without-context",
        "the CertificateVerify signs the bare transcript hash",
        "The 64 spaces and the string before the hash keep signatures of TLS 1.2 and of other protocols from being \
         shown as proofs here. In TLS 1.2 a signed key exchange could be read as one of another kind, which was the \
         cross-protocol attack of 2012 and a step of Logjam.",
        PROOF,
        UNPROVEN,
        |recipe, _| under(recipe, Context::Absent),
    ),
    Defect {
        prepare: with_rsa_key,
        ..defect(
            "handshake/rsa-pkcs1-proof",
            "the CertificateVerify is an RSASSA-PKCS1-v1_5 signature with SHA-256",
            "These schemes are for certificates alone in TLS 1.3. Accepting them in the handshake brings back every \
             lenient reading of PKCS #1 padding. NSS could be made to sign so itself, by a server that asked for \
             nothing else (CVE-2019-11727).",
            "RFC 8446 sections 4.2.3 and 4.4.3",
            BAD_SCHEME,
            |recipe, _| scheme(recipe, SignatureScheme::RSA_PKCS1_SHA256),
        )
    },
    Defect {
        prepare: with_rsa_key,
        ..defect(
            "handshake/rsa-pkcs1-sha1-proof",
            "the CertificateVerify is an RSASSA-PKCS1-v1_5 signature with SHA-1",
            "Collisions of SHA-1 can be made to order, and what a peer signs here is in part what the other side has \
             sent. TLS 1.3 has no handshake signature with it. Code that is shared with TLS 1.2 knows the number, \
             and must know the version too.",
            "RFC 8446 section 4.4.3; RFC 9155",
            BAD_SCHEME,
            |recipe, _| scheme(recipe, SignatureScheme::RSA_PKCS1_SHA1),
        )
    },
    Defect {
        prepare: with_p256_key,
        ..defect(
            "handshake/ecdsa-sha1-proof",
            "the CertificateVerify is an ECDSA signature with SHA-1",
            "The same for elliptic keys: the scheme exists in the registry for old versions, and must not be taken \
             in this one. SLOTH (CVE-2015-7575) is what a weak hash under a handshake leads to: a proof that was \
             given to one party counts with another.",
            "RFC 8446 section 4.4.3; RFC 9155",
            BAD_SCHEME,
            |recipe, _| scheme(recipe, SignatureScheme::ECDSA_SHA1),
        )
    },
    Defect {
        prepare: with_p256_key,
        ..defect(
            "handshake/proof-with-other-curve",
            "a key on P-256 signs under the scheme of P-384",
            "In TLS 1.3 a scheme fixes the curve as well as the hash. Who lets them be mixed has not understood \
             which key it verifies with. In wolfSSL before 5.2.0 a scheme that did not fit the certificate skipped \
             the check, and any client was let in (CVE-2022-25638).",
            "RFC 8446 section 4.2.3",
            BAD_SCHEME,
            |recipe, _| scheme(recipe, SignatureScheme::ECDSA_SECP384R1_SHA384),
        )
    },
    Defect {
        prepare: with_p256_key,
        ..defect(
            "handshake/proof-with-scheme-of-other-key",
            "an elliptic key signs under a scheme of RSA",
            "The scheme comes from the peer and the key from its certificate. They must fit before either is used: \
             wolfSSL before 5.2.0 let a client in whose CertificateVerify named another kind of key than its \
             certificate held (CVE-2022-25638).",
            "RFC 8446 section 4.4.3",
            BAD_SCHEME,
            |recipe, _| scheme(recipe, SignatureScheme::RSA_PSS_RSAE_SHA256),
        )
    },
    defect(
        "handshake/proof-with-unknown-scheme",
        "the CertificateVerify names a scheme that was not offered and that nobody knows",
        "The number comes from the peer. A look-up that finds nothing must end the handshake, not the check, and not \
         the program: OpenSSL 1.1.1d to 1.1.1f fell over a scheme in the peer's list that it did not know \
         (CVE-2020-1967).",
        "RFC 8446 section 4.4.3",
        BAD_SCHEME,
        |recipe, _| scheme(recipe, SignatureScheme(0xfe67)),
    ),
    defect(
        "handshake/proof-twice",
        "two CertificateVerify messages are sent",
        "The second is over a transcript with the first. A state that is not left after one proof can be entered by \
         another, and what was known of the first peer then holds for the second. Messages that were taken twice are \
         among what SMACK found in TLS libraries in 2015.",
        SEQUENCE,
        VIOLATION,
        |recipe, _| {
            change(recipe, |script| {
                script.insert_after(Kind::CERTIFICATE_VERIFY, Step::from(Message::proof()))
            })
        },
    ),
];

/// Changes the proof.
fn prove(recipe: &mut Recipe, wrong: impl FnOnce(&mut Proof)) -> Result<(), Unfit> {
    change(recipe, |script| {
        if let Some(sending) = script.sending_mut(Kind::CERTIFICATE_VERIFY)
            && let Message::CertificateVerify(proof) = &mut sending.message
        {
            wrong(proof);
        }
    })
}

pub(super) fn signed_by(recipe: &mut Recipe, signer: Signer) -> Result<(), Unfit> {
    prove(recipe, |proof| proof.signer = signer)
}

fn over(recipe: &mut Recipe, transcript: Transcript) -> Result<(), Unfit> {
    prove(recipe, |proof| proof.transcript = transcript)
}

fn under(recipe: &mut Recipe, context: Context) -> Result<(), Unfit> {
    prove(recipe, |proof| proof.context = context)
}

fn scheme(recipe: &mut Recipe, scheme: SignatureScheme) -> Result<(), Unfit> {
    prove(recipe, |proof| proof.scheme = Some(scheme))
}

/// A server that asks for the client's certificate.
fn asking(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    honest(recipe, position)?;
    change(recipe, |script| {
        let request = Message::CertificateRequest {
            context: Default::default(),
            extensions: Vec::new(),
        };
        script.insert_before(Kind::CERTIFICATE, request);
    })
}

fn with_rsa_key(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    with_key(recipe, position, KeyAlgorithm::Rsa2048)
}

fn with_p256_key(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    with_key(recipe, position, KeyAlgorithm::P256)
}

fn with_key(recipe: &mut Recipe, position: Position, algorithm: KeyAlgorithm) -> Result<(), Unfit> {
    certificate_at(recipe, Position::EndEntity)?.key = Key::new(algorithm, "end-entity");
    honest(recipe, position)
}
