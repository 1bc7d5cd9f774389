//! Compressed certificates: not asked for, not what they claim, and far larger than they look.
//!
//! But for those that nobody has asked for, the twin shows its chain compressed too. Whoever
//! takes no compressed certificates is not asked.

use super::{Defect, Severity, change, defect, honest};
use crate::{
    defect::{Position, Unfit},
    der::HexBytes,
    recipe::Recipe,
    script::{HandshakeKind as Kind, Message},
    verdict::{Clause, Reason},
};

const COMPRESSED: Clause = "RFC 8879 section 4";

/// It does not come out as it should.
const UNREADABLE: &[Reason] = &[
    Reason::HandshakeViolation,
    Reason::MalformedDer,
    Reason::BudgetExceeded,
];

/// As much as the length of a certificate can say.
const SIXTEEN_MEGABYTES: u32 = 0x00ff_ffff;

/// In a message that is short enough for whoever bounds messages by sixty-four kilobytes.
const EIGHT_MEGABYTES: u32 = 1 << 23;

/// What is compressed.
pub(super) const COMPRESSIONS: &[Defect] = &[
    defect(
        "handshake/compressed-certificate",
        "a CompressedCertificate is sent to a peer that has not offered to take one",
        "It claims sixteen megabytes in a few octets. Whoever unpacks before it asks whether it wanted to has let a \
         stranger choose how much memory it takes.",
        COMPRESSED,
        UNREADABLE,
        |recipe, _| {
            replace(recipe, |message| {
                *message = Message::CompressedCertificate {
                    algorithm: 3,
                    claims: Some(SIXTEEN_MEGABYTES),
                    zeros: None,
                    octets: few_octets(),
                };
            })
        },
    ),
    defect(
        "handshake/compressed-by-unknown-algorithm",
        "a CompressedCertificate names an algorithm that does not exist",
        "Nobody can have offered it. A table that is asked without a look at its end has something there all the \
         same; and one that answers 'none' leads code that did not ask to an empty chain, or to no chain at all.",
        COMPRESSED,
        UNREADABLE,
        |recipe, _| {
            replace(recipe, |message| {
                *message = Message::CompressedCertificate {
                    algorithm: 0x6763,
                    claims: None,
                    zeros: None,
                    octets: few_octets(),
                };
            })
        },
    ),
    severe(compressed(
        "handshake/compressed-certificate-bomb",
        "a compressed certificate of fifty kilobytes comes out as eight megabytes of zeros",
        "The length is told before, so that it can be refused before. Who unpacks first holds eight megabytes for each \
         stranger that connects.",
        |recipe, _| {
            replace(recipe, |message| {
                if let Message::CompressedCertificate { zeros, .. } = message {
                    *zeros = Some(EIGHT_MEGABYTES);
                }
            })
        },
    )),
    severe(compressed(
        "handshake/compressed-certificate-hiding-its-size",
        "a compressed certificate claims a thousand octets and comes out as eight megabytes",
        "Who trusts the claim sets aside a thousand octets and writes eight million, or unpacks them all to find \
         out. An unpacker must stop at the octet after the last that was claimed: the whole use of the claim is that \
         a stranger cannot decide how much memory he gets.",
        |recipe, _| {
            replace(recipe, |message| {
                if let Message::CompressedCertificate { zeros, claims, .. } = message {
                    *zeros = Some(EIGHT_MEGABYTES);
                    *claims = Some(1000);
                }
            })
        },
    )),
    compressed(
        "handshake/compressed-certificate-claiming-more",
        "a compressed certificate claims sixteen megabytes and comes out as a chain",
        "Memory is set aside for what never comes. Whoever reads all that was set aside reads what lay there before, which was somebody else's.",
        |recipe, _| claim(recipe, SIXTEEN_MEGABYTES),
    ),
    compressed(
        "handshake/compressed-certificate-claiming-less",
        "a compressed certificate claims one octet and comes out as a chain",
        "The length that comes out must be the one that was claimed, or the buffer is too small: the claim is what \
         memory is reserved by. RFC 8879 demands bad_certificate for it. Unpackers that trust a length from the \
         stream's header have overflowed since zlib exists.",
        |recipe, _| claim(recipe, 1),
    ),
    compressed(
        "handshake/compressed-certificate-cut",
        "the compressed stream of a certificate ends in its middle",
        "What an unpacker has written before it finds out is no certificate, and must not be read as one: a chain \
         that ends in its middle is followed by whatever the buffer held before. RFC 8879 demands that the handshake \
         ends.",
        |recipe, _| {
            replace(recipe, |message| {
                if let Message::CompressedCertificate { octets, claims, .. } = message {
                    *octets = HexBytes(vec![0x78, 0x01, 0x01, 0xff, 0x00, 0x00, 0xff, 0x00]);
                    *claims = Some(255);
                }
            })
        },
    ),
];

/// Of a peer whose twin's certificate is compressed as well.
const fn compressed(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: super::Step,
) -> Defect {
    Defect {
        prepare: in_compressed_form,
        ..defect(id, summary, page, COMPRESSED, UNREADABLE, spoil)
    }
}

const fn severe(defect: Defect) -> Defect {
    Defect {
        severity: Severity::High,
        ..defect
    }
}

fn in_compressed_form(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    honest(recipe, position)?;
    replace(recipe, |message| {
        *message = Message::compressed_certificate()
    })
}

/// Changes the message that shows the chain.
fn replace(recipe: &mut Recipe, with: impl FnOnce(&mut Message)) -> Result<(), Unfit> {
    change(recipe, |script| {
        let kinds = [Kind::CERTIFICATE, Kind::COMPRESSED_CERTIFICATE];
        let kind = kinds
            .into_iter()
            .find(|kind| script.place_of(*kind).is_some());
        if let Some(sending) = kind.and_then(|kind| script.sending_mut(kind)) {
            with(&mut sending.message);
        }
    })
}

fn claim(recipe: &mut Recipe, length: u32) -> Result<(), Unfit> {
    replace(recipe, |message| {
        if let Message::CompressedCertificate { claims, .. } = message {
            *claims = Some(length);
        }
    })
}

/// An empty stream of zlib.
fn few_octets() -> HexBytes {
    HexBytes(vec![0x78, 0x9c, 0x03, 0, 0, 0, 0, 1])
}
