//! Lengths: in more octets than they need, indefinite, beyond the end, beyond any number.

use super::{DER, defect, lint};
use crate::{
    defect::{
        Defect, Position, Step, Unfit,
        change::{edit_extension, edit_signed, edit_signed_part},
    },
    der::{Change, HexBytes, Oid, oid},
    recipe::Recipe,
    verdict::{Clause, Reason},
};

const LENGTH: Clause = "X.690 sections 8.1.3 and 10.1; RFC 5280 section 4.1";

/// A length that BER allows and DER does not.
const fn loose(id: &'static str, summary: &'static str, page: &'static str, spoil: Step) -> Defect {
    lint(defect(
        id,
        summary,
        page,
        LENGTH,
        &[Reason::MalformedDer, Reason::MalformedExtension],
        spoil,
    ))
}

/// A length that is none.
const fn lying(id: &'static str, summary: &'static str, page: &'static str, spoil: Step) -> Defect {
    defect(
        id,
        summary,
        page,
        DER,
        &[Reason::MalformedDer, Reason::TrailingData],
        spoil,
    )
}

/// Defects of length.
pub(super) const LENGTHS: &[Defect] = &[
    loose(
        "encoding/non-minimal-length",
        "the length of the signed part has an octet more than it needs",
        "DER knows one encoding of everything, so that a signature covers one meaning and a hash names one \
         certificate. BER allows many, and every reader that takes them lets the same certificate appear in forms that \
         lists of fingerprints do not hold.",
        |recipe, position| edit_signed_part(recipe, position, "", Change::PadLength(1)),
    ),
    loose(
        "encoding/non-minimal-length-of-the-certificate",
        "the outermost length has an octet more than it needs",
        "The outermost header is not covered by the signature, so anybody can pad it without a key. The certificate \
         stays good for a lenient reader and has another fingerprint, which a list of blocked fingerprints lacks.",
        |recipe, position| edit_signed(recipe, position, "", Change::PadLength(1)),
    ),
    loose(
        "encoding/non-minimal-length-of-the-signature",
        "the length of the signature has an octet more than it needs",
        "The signature's own header is not signed either, and can be padded by anybody who wants a second fingerprint of \
         one certificate.",
        |recipe, position| edit_signed(recipe, position, "2", Change::PadLength(1)),
    ),
    loose(
        "encoding/non-minimal-length-of-the-serial",
        "the length of the serial number has an octet more than it needs",
        "The serial number is what revocation lists and OCSP look for. Software that keys its tables by the encoded \
         number does not find it again in this form.",
        |recipe, position| edit_signed_part(recipe, position, "1", Change::PadLength(1)),
    ),
    loose(
        "encoding/non-minimal-length-of-a-name",
        "the length of the subject has an octet more than it needs",
        "Names are compared by their octets in many verifiers, and equal names must then have equal octets. Here the \
         same name has others.",
        |recipe, position| edit_signed_part(recipe, position, "5", Change::PadLength(1)),
    ),
    loose(
        "encoding/non-minimal-length-of-the-key",
        "the length of the public key has an octet more than it needs",
        "Pins and key identifiers are hashes of the encoded key. The same key in another encoding has another hash, so a \
         pin does not match and a blocklist does not either.",
        |recipe, position| edit_signed_part(recipe, position, "6", Change::PadLength(1)),
    ),
    loose(
        "encoding/non-minimal-length-in-an-extension",
        "the length inside an extension's value has octets more than it needs",
        "Extensions are parsed by other code than the certificate, often years older and more lenient. Strictness ends \
         at the OCTET STRING in many libraries.",
        |recipe, position| {
            let oid = read_by_all(position);
            edit_extension(recipe, position, &oid, "-1/>/0", Change::PadLength(3))
        },
    ),
    loose(
        "encoding/length-with-leading-zeros",
        "the length of the signed part is written in fifteen octets, most of them zero",
        "Ten zeros before a length do not change it. A reader that shifts each octet into a word is right by accident, \
         one that bounds the count of octets refuses.",
        |recipe, position| edit_signed_part(recipe, position, "", Change::PadLength(13)),
    ),
    loose(
        "encoding/indefinite-length",
        "the signed part has indefinite length",
        "BER lets a constructed element end with two zero octets instead of saying its length. A reader must then look \
         for the end, and two readers can find two ends.",
        |recipe, position| edit_signed_part(recipe, position, "", Change::IndefiniteLength),
    ),
    loose(
        "encoding/indefinite-length-of-the-certificate",
        "the certificate as a whole has indefinite length",
        "The outermost header is not covered by the signature. Anybody can turn it into the indefinite form, and a \
         lenient reader finds the same certificate with another fingerprint.",
        |recipe, position| edit_signed(recipe, position, "", Change::IndefiniteLength),
    ),
    loose(
        "encoding/indefinite-length-in-an-extension",
        "the value of an extension has indefinite length",
        "Whoever wrote the reader of this extension may have used a BER library. What follows the end of contents is \
         then a matter of taste.",
        |recipe, position| {
            let oid = read_by_all(position);
            edit_extension(recipe, position, &oid, "-1/>/0", Change::IndefiniteLength)
        },
    ),
    loose(
        "encoding/indefinite-length-of-a-name",
        "the subject has indefinite length",
        "Names are compared and hashed as octets in many places. Of one name in two encodings a lookup by octets finds only one.",
        |recipe, position| edit_signed_part(recipe, position, "5", Change::IndefiniteLength),
    ),
    loose(
        "encoding/indefinite-length-of-the-validity",
        "the validity has indefinite length",
        "Two short times, and a reader that looks for the end of contents between them. Fields that never vary are read by the \
         code that was tried least.",
        |recipe, position| edit_signed_part(recipe, position, "4", Change::IndefiniteLength),
    ),
    loose(
        "encoding/indefinite-length-of-the-key",
        "the public key has indefinite length",
        "Pins and key identifiers are hashes of these octets. In the indefinite form the same key has another pin. \
         Whoever pins the octets finds another key, and whoever pins the point the same.",
        |recipe, position| edit_signed_part(recipe, position, "6", Change::IndefiniteLength),
    ),
    loose(
        "encoding/indefinite-length-of-the-extensions",
        "the list of extensions has indefinite length",
        "The list ends where two zero octets stand, and an extension may hold two zero octets. Two readers can see two lists.",
        |recipe, position| edit_signed_part(recipe, position, "[3]/0", Change::IndefiniteLength),
    ),
    loose(
        "encoding/indefinite-length-of-an-extension",
        "one extension has indefinite length",
        "The extension ends at the end of contents. A reader that trusts its own idea of the end skips an extension or reads one \
         that is none.",
        |recipe, position| edit_signed_part(recipe, position, "[3]/0/0", Change::IndefiniteLength),
    ),
    loose(
        "encoding/non-minimal-length-of-the-validity",
        "the length of the validity has an octet more than it needs",
        "The shortest field of the signed part in a longer form. Readers with fixed offsets read their times one octet too early.",
        |recipe, position| edit_signed_part(recipe, position, "4", Change::PadLength(1)),
    ),
    loose(
        "encoding/non-minimal-length-of-the-extensions",
        "the length of the list of extensions has an octet more than it needs",
        "The length of the list is read by every verifier, often by a faster reader than the rest. \
         Readers that disagree on where the list ends disagree on which extensions there are.",
        |recipe, position| edit_signed_part(recipe, position, "[3]/0", Change::PadLength(1)),
    ),
    lying(
        "encoding/length-beyond-the-end",
        "the certificate says that it is longer than it is",
        "The claimed length is two gigabytes. A reader that reserves the room before it looks at what it has been given \
         runs out of memory; one that trusts the claim reads past the end.",
        |recipe, position| claim(recipe, position, &[0x84, 0x7f, 0xff, 0xff, 0xff]),
    ),
    lying(
        "encoding/length-beyond-64-bits",
        "the certificate's length is eight octets of ff",
        "The largest number of 64 bits, to which a reader must not add the size of the header: the sum is small again, \
         and passes a check against the end.",
        |recipe, position| {
            claim(
                recipe,
                position,
                &[0x88, 255, 255, 255, 255, 255, 255, 255, 255],
            )
        },
    ),
    lying(
        "encoding/length-of-reserved-form",
        "the certificate's length begins with ff",
        "The first octet ff is reserved and announces 127 octets of length. A reader that takes it for a number of one \
         octet, or reads all 127, is led astray.",
        |recipe, position| claim(recipe, position, &[0xff]),
    ),
    lying(
        "encoding/length-too-short",
        "the signed part says that it is ten octets long",
        "What follows the ten octets is read as the signature algorithm. A reader that resumes where the claimed end is \
         and one that resumes where the parts end see two certificates.",
        |recipe, position| {
            edit_signed(
                recipe,
                position,
                "0",
                Change::ClaimLength(HexBytes(vec![10])),
            )
        },
    ),
];

fn claim(recipe: &mut Recipe, position: Position, octets: &[u8]) -> Result<(), Unfit> {
    edit_signed(
        recipe,
        position,
        "",
        Change::ClaimLength(HexBytes(octets.to_vec())),
    )
}

/// An extension that is there and that every verifier reads.
fn read_by_all(position: Position) -> Oid {
    match position {
        Position::EndEntity => oid::EXTENDED_KEY_USAGE,
        _ => oid::BASIC_CONSTRAINTS,
    }
}
