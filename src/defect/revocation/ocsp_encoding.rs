//! Stapled responses whose parts are not DER: one place and one form a row.
//!
//! Apart from `ocsp`, which is about what a response says; here it says that the certificate is
//! good, in octets that DER does not have.

use super::{
    Class, Defect, Position, Severity, Step, Unfit,
    crl_encoding::{null, one, written_false},
    ocsp::{NO_PROOF, ocsp, response, with_response},
};
use crate::{
    der::{Change, Edit, oid, tag},
    recipe::{ExtensionValue, Recipe},
    verdict::Reason,
};

/// A response in a form that BER allows and DER does not.
const fn loose(id: &'static str, summary: &'static str, page: &'static str, spoil: Step) -> Defect {
    Defect {
        clause: "RFC 6960 section 4.2.1; X.690 sections 10 and 11",
        class: Class::Lint,
        severity: Severity::Low,
        ..response(id, summary, page, NO_PROOF, spoil)
    }
}

/// A response in a form that not even BER has.
const fn broken(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        clause: "RFC 6960 section 4.2.1; X.690 section 8",
        class: Class::MustReject,
        severity: Severity::Medium,
        ..loose(id, summary, page, spoil)
    }
}

/// Lengths: in more octets than they need, indefinite, or none at all.
pub(super) const LENGTHS: &[Defect] = &[
    loose(
        "revocation/ocsp-non-minimal-length",
        "the response's length is written in more octets than needed",
        "DER has one encoding for each value, and the outermost header is not signed. A cache that knows responses by their \
         hash can be filled with one response in many forms.",
        |recipe, _| whole(recipe, "", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-indefinite-length",
        "the response is of indefinite length",
        "What a reader takes for the end mark decides what he thinks was signed. DER tells every length. A response \
         passes from the peer's hand into two readers, one that verifies and one that looks for the status, and an \
         end mark lets them read two different responses.",
        |recipe, _| whole(recipe, "", Change::IndefiniteLength),
    ),
    loose(
        "revocation/ocsp-length-with-leading-zeros",
        "the response's length is written in fifteen octets, most of them zero",
        "A staple is copied from the wire into a buffer of the size that its header tells. Ten zeros before that number are more \
         than many readers of headers have room for.",
        |recipe, _| whole(recipe, "", Change::PadLength(13)),
    ),
    loose(
        "revocation/ocsp-wrapper-indefinite-length",
        "the tag around the response's octets has indefinite length",
        "The tag [0] is outside what is signed, and the peer that staples writes it. An end mark in it leaves room for octets \
         that one reader takes for the response and another never sees.",
        |recipe, _| whole(recipe, "1", Change::IndefiniteLength),
    ),
    loose(
        "revocation/ocsp-type-non-minimal-length",
        "the length of the response's type has an octet more than it needs",
        "The type says how the rest is to be read. Compared as an encoded element it is unknown in this form, and compared by what \
         it says it is the basic one: answered for one reader, not answered for the other.",
        |recipe, _| whole(recipe, "1/0/0", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-basic-non-minimal-length",
        "the length of the basic response has an octet more than it needs",
        "Inside the OCTET STRING a second parser begins. Its first header is not signed either, so that a cache of responses can \
         be filled with one response in many forms, past the one outermost header that it may look at.",
        |recipe, _| basic(recipe, "", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-basic-indefinite-length",
        "the basic response has indefinite length",
        "The end mark stands inside the OCTET STRING, where another parser looks for it than outside. Certificates of the \
         responder come last, and are the part that is lost when the end is found too early.",
        |recipe, _| basic(recipe, "", Change::IndefiniteLength),
    ),
    loose(
        "revocation/ocsp-signed-part-non-minimal-length",
        "the length of what is signed in the response has an octet more than it needs",
        "The responder has signed this header, and the octets as they came verify. A client that writes the response anew \
         before it verifies finds a forgery, and one that fails softly goes on without.",
        |recipe, _| data(recipe, "", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-signed-part-indefinite-length",
        "what is signed in the response has indefinite length",
        "What the signature covers goes to the end mark, and where that is depends on the reader. The octets of a serial number \
         may hold the mark, and an attacker chooses for which certificate he asks.",
        |recipe, _| data(recipe, "", Change::IndefiniteLength),
    ),
    loose(
        "revocation/ocsp-responder-non-minimal-length",
        "the length of the responder's name has an octet more than it needs",
        "By this name the certificate of the signer is looked up. Compared as octets nobody has the name, and a reader that \
         takes that for an answer of the issuer itself asks the wrong key.",
        |recipe, _| data(recipe, "0", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-time-non-minimal-length",
        "the length of producedAt has an octet more than it needs",
        "A GeneralizedTime of fifteen digits behind two octets of header: many readers count on just that. Here the year begins \
         one octet later than where they look.",
        |recipe, _| data(recipe, "1", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-answers-indefinite-length",
        "the list of answers has indefinite length",
        "A response answers for several certificates, and the list ends where two zero octets stand. An answer that the signature \
         covers and a reader does not see may be the one that revokes.",
        |recipe, _| data(recipe, "2", Change::IndefiniteLength),
    ),
    loose(
        "revocation/ocsp-answer-non-minimal-length",
        "the length of one answer has an octet more than it needs",
        "Devices search a response for their own answer with a handful of code that knows where each field stands. An octet more in \
         front, and what they take for the status belongs to the number.",
        |recipe, _| data(recipe, "2/0", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-answer-indefinite-length",
        "one answer has indefinite length",
        "After thisUpdate come optional fields and then the end. A reader that sees the end mark as the end of the list, and not \
         of the answer, stops before the next answer.",
        |recipe, _| data(recipe, "2/0", Change::IndefiniteLength),
    ),
    loose(
        "revocation/ocsp-number-non-minimal-length",
        "the length of the answer's serial number has an octet more than it needs",
        "Most clients compare the encoded identifier with the one that they asked for, in one go. In this form the right answer \
         is about somebody else.",
        |recipe, _| data(recipe, "2/0/0/3", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-status-non-minimal-length",
        "the length of the answer's status has an octet more than it needs",
        "Good is two octets, 80 00. A reader that looks at the first octet alone and steps over two finds a zero where the time \
         should begin, and one that knows all three statuses by their octets finds none.",
        |recipe, _| data(recipe, "2/0/1", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-next-update-indefinite-length",
        "the tag around nextUpdate has indefinite length",
        "nextUpdate is optional, and without it a response has no end. Whether the time inside the tag is found depends on a reader's \
         patience with end marks.",
        |recipe, _| data(recipe, "2/0/3", Change::IndefiniteLength),
    ),
    with_nonce(loose(
        "revocation/ocsp-extensions-indefinite-length",
        "the response's extensions have indefinite length",
        "The extensions are the last of what is signed. Here the end of the list and the end of the whole are told by two marks, one \
         after the other, and a reader that counts one of them is off by a level.",
        |recipe, _| data(recipe, "3/0", Change::IndefiniteLength),
    )),
    loose(
        "revocation/ocsp-algorithm-non-minimal-length",
        "the length of the response's algorithm has an octet more than it needs",
        "The algorithm of a response stands outside what is signed, and there is no second one inside to hold it against. What \
         the peer writes there is what the verifier works with.",
        |recipe, _| basic(recipe, "1", Change::PadLength(1)),
    ),
    loose(
        "revocation/ocsp-signature-non-minimal-length",
        "the length of the response's signature has an octet more than it needs",
        "Anybody who staples a response may pad this header, and the signature in it stays true. Responses that are logged or pinned \
         by their hash have then as many hashes as one likes.",
        |recipe, _| basic(recipe, "2", Change::PadLength(1)),
    ),
    broken(
        "revocation/ocsp-length-beyond-the-end",
        "the response says that it is longer than it is",
        "The claimed length is two gigabytes, in a message that holds three bytes of length itself. A reader that believes the inner \
         number reserves the room for it, once for each connection.",
        |recipe, _| claim(recipe, &[0x84, 0x7f, 0xff, 0xff, 0xff]),
    ),
    broken(
        "revocation/ocsp-length-beyond-64-bits",
        "the response's length is eight octets of ff",
        "To this number the size of the header is added, and the sum is small again and passes the check. The peer that staples \
         is not authenticated yet when the staple is read.",
        |recipe, _| claim(recipe, &[0x88, 255, 255, 255, 255, 255, 255, 255, 255]),
    ),
    broken(
        "revocation/ocsp-length-of-reserved-form",
        "the response's length begins with ff",
        "The first octet ff is reserved. A reader that takes it for 127 octets of length reads them all, out of a message that may \
         be ten octets long.",
        |recipe, _| claim(recipe, &[0xff]),
    ),
    broken(
        "revocation/ocsp-answer-longer-than-the-response",
        "one answer says that it is longer than all that is left",
        "The response is signed as it stands. Who trusts the answer's length walks out of the list, over extensions and signature, in \
         search of the optional fields.",
        |recipe, _| {
            data(
                recipe,
                "2/0",
                Change::ClaimLength(vec![0x82, 0x40, 0].into()),
            )
        },
    ),
];

/// Numbers, flags, strings and tags.
pub(super) const ELEMENTS: &[Defect] = &[
    broken(
        "revocation/ocsp-status-padded",
        "responseStatus has a leading zero that it does not need",
        "Zero means success. Read as one octet it is that, read as two it is that too, and by whoever compares encoded elements it is an \
         error that nobody has defined.",
        |recipe, _| whole(recipe, "0", Change::Prepend(vec![0].into())),
    ),
    loose(
        "revocation/ocsp-version-written-out",
        "the response writes out that it is of version 1",
        "Version 1 is the default, and DER leaves defaults out. A reader that goes by places and not by tags takes the version for \
         the responder's name.",
        |recipe, _| {
            let version = vec![tag::context_constructed(0), 3, tag::INTEGER, 1, 0];
            data(recipe, "0", Change::InsertBefore(version.into()))
        },
    ),
    broken(
        "revocation/ocsp-number-padded",
        "the answer writes the certificate's number with a needless leading zero",
        "The number is the certificate's, its encoding is nobody's. Who compares values believes the answer, who compares octets looks \
             for another answer and finds none.",
        |recipe, _| data(recipe, "2/0/0/3", Change::Prepend(vec![0].into())),
    ),
    broken(
        "revocation/ocsp-number-of-no-octets",
        "the answer's serial number is an INTEGER of no octets",
        "A comparison over the shorter of two lengths finds the empty number equal to every certificate's. One such answer, \
         properly signed for whoever asked so, would be good for all.",
        |recipe, _| data(recipe, "2/0/0/3", Change::SetBody(Vec::new().into())),
    ),
    loose(
        "revocation/ocsp-response-in-pieces",
        "the octets of the response are a constructed OCTET STRING",
        "The response itself is wrapped in a string, outside what is signed, and BER lets it come in pieces. Who takes the body of the \
         outer string for the response finds the header of the piece, whose tag is no SEQUENCE.",
        |recipe, _| whole(recipe, "1/0/1", Change::InPieces),
    ),
    loose(
        "revocation/ocsp-signature-in-pieces",
        "the response's signature is a constructed BIT STRING of one piece",
        "The header of the signature is not signed, and the peer that staples the response may rewrite it. A reader that takes \
         the body for the signature finds the header of the piece in front of it.",
        |recipe, _| basic(recipe, "2", Change::InPieces),
    ),
    loose(
        "revocation/ocsp-hash-in-pieces",
        "the hash of the issuer's name is a constructed OCTET STRING",
        "The hash binds the answer to an issuer. A reader that compares the body of the outer string compares the header of the \
         piece as well, and one that skips what is not primitive compares nothing.",
        |recipe, _| data(recipe, "2/0/0/1", Change::InPieces),
    ),
    loose(
        "revocation/ocsp-time-in-pieces",
        "the answer's thisUpdate is a constructed GeneralizedTime of one piece",
        "The tag of a time in pieces is 38 and not 18. A reader that knows times by their tag finds none, and with no start every \
         response has begun.",
        |recipe, _| data(recipe, "2/0/2", Change::InPieces),
    ),
    loose(
        "revocation/ocsp-next-update-in-pieces",
        "the answer's nextUpdate is a constructed GeneralizedTime of one piece",
        "Inside the tag [0] stands another tag than expected. A reader that gives up there and takes the field for absent has a \
         response without an end.",
        |recipe, _| data(recipe, "2/0/3/0", Change::InPieces),
    ),
    with_nonce(loose(
        "revocation/ocsp-extension-false-written-out",
        "the nonce writes out that it is not critical",
        "DER leaves the default out. A reader for which the second element of an extension is its value takes a BOOLEAN for the nonce, \
         and finds every response fresh that has the same.",
        |recipe, _| data(recipe, &format!("{NONCE}/0"), written_false()),
    )),
    with_nonce(loose(
        "revocation/ocsp-extension-in-pieces",
        "the value of the nonce is a constructed OCTET STRING",
        "A nonce is random octets inside a string inside a string. Two levels of strings that may come in pieces are four readings of \
         one nonce.",
        |recipe, _| data(recipe, &format!("{NONCE}/-1"), Change::InPieces),
    )),
    Defect {
        prepare: |recipe, position| {
            with_response(recipe, position)?;
            ocsp(recipe)?.extensions.push(nonce().critical());
            Ok(())
        },
        ..loose(
            "revocation/ocsp-flag-of-01",
            "the nonce is critical as 01",
            "In BER every octet but 00 is true, in DER ff alone. Who compares with ff ignores what the responder has said must \
             not be ignored.",
            |recipe, _| data(recipe, &format!("{NONCE}/1"), one()),
        )
    },
    Defect {
        reasons: &[
            Reason::OcspInvalid,
            Reason::RevocationUnknown,
            Reason::BadSignature,
        ],
        ..broken(
            "revocation/ocsp-signature-with-unused-bits",
            "the response's signature says that its last octet has a bit unused",
            "The count is not signed. Where it is ignored the same signature verifies under eight counts, and the peer chooses which \
             of them he staples.",
            // The seventh bit of the first octet: the count becomes one.
            |recipe, _| basic(recipe, "2", Change::FlipBit(7)),
        )
    },
    loose(
        "revocation/ocsp-high-tag-number",
        "the tag of responseStatus is written in the form for numbers above 30",
        "The number 10 fits into the first octet, and there DER wants it. A reader that masks five bits of the tag and asks no more \
         reads the tag's second octet as a length.",
        |recipe, _| {
            whole(
                recipe,
                "0",
                Change::Replace(vec![0x1f, tag::ENUMERATED, 1, 0].into()),
            )
        },
    ),
    broken(
        "revocation/ocsp-as-set",
        "the response is a SET",
        "Nobody has signed the outermost tag. A server that staples what it was given and a client that reads it without a look at \
         the tag have never agreed on what it is.",
        |recipe, _| whole(recipe, "", Change::SetTag(tag::SET)),
    ),
    broken(
        "revocation/ocsp-answers-as-set",
        "the list of answers is a SET",
        "In a SET answers have no order, and a reader that takes the first has no first. The responder has signed it so, and only \
         a reader that never looks at the tag finds the answers.",
        |recipe, _| data(recipe, "2", Change::SetTag(tag::SET)),
    ),
    broken(
        "revocation/ocsp-good-with-content",
        "the status good holds an octet",
        "Good is a NULL, and holds nothing. In a reader that goes by the first octet of the tag the answer is good, in one that goes by \
         what is inside it may be anything.",
        |recipe, _| data(recipe, "2/0/1", Change::SetBody(vec![0].into())),
    ),
    broken(
        "revocation/ocsp-status-of-unassigned-tag",
        "the answer's status is the fourth of three",
        "Good, revoked and unknown are [0], [1] and [2]. A switch over the three that has no last branch leaves the status at \
         what it was before, which is zero, which is good.",
        |recipe, _| data(recipe, "2/0/1", Change::SetTag(tag::context(3))),
    ),
    broken(
        "revocation/ocsp-trailing-data-after-the-signature",
        "an element that is no certificate follows the response's signature",
        "After the signature there may be certificates and nothing else. What is added here no signature covers, and who looks \
         for the responder's certificate looks right there.",
        |recipe, _| basic(recipe, "", Change::Append(null())),
    ),
    broken(
        "revocation/ocsp-trailing-data-in-the-signed-part",
        "an element follows all that may stand in what is signed",
        "After answers and extensions the signed part must end. A reader that stops when it has what it wants lets a responder \
         sign what nobody reads.",
        |recipe, _| data(recipe, "", Change::Append(null())),
    ),
    broken(
        "revocation/ocsp-trailing-data-in-an-answer",
        "an element follows all that may stand in an answer",
        "Identifier, status, two times, extensions: then an answer must end. A second status behind them is read by one who looks \
         for the last of its kind.",
        |recipe, _| data(recipe, "2/0", Change::Append(null())),
    ),
    broken(
        "revocation/ocsp-trailing-data-after-the-basic-response",
        "something follows the basic response in its OCTET STRING",
        "The string holds one response and no more. A client that keeps the whole string in its cache keeps what the peer has \
         added, unsigned, and hands it on to the next reader.",
        |recipe, _| basic(recipe, "", Change::InsertAfter(null())),
    ),
];

/// The nonce, which nobody has asked for and which therefore says nothing.
const NONCE: &str = "3/0/{1.3.6.1.5.5.7.48.1.2}";

fn nonce() -> ExtensionValue {
    ExtensionValue::Raw {
        oid: oid::OCSP_NONCE,
        value: [&[tag::OCTET_STRING, 16], &[0x5a; 16][..]].concat().into(),
    }
}

/// The same, of a response with a nonce.
const fn with_nonce(defect: Defect) -> Defect {
    Defect {
        prepare: |recipe, position: Position| {
            with_response(recipe, position)?;
            ocsp(recipe)?.extensions.push(nonce().not_critical());
            Ok(())
        },
        ..defect
    }
}

/// Edits the OCSPResponse around the basic response.
fn whole(recipe: &mut Recipe, path: &str, change: Change) -> Result<(), Unfit> {
    ocsp(recipe)?.edits.push(Edit::at(path, change));
    Ok(())
}

/// Edits the BasicOCSPResponse around what is signed.
fn basic(recipe: &mut Recipe, path: &str, change: Change) -> Result<(), Unfit> {
    ocsp(recipe)?.edits_of_basic.push(Edit::at(path, change));
    Ok(())
}

/// Edits the ResponseData, and the signature stays true.
fn data(recipe: &mut Recipe, path: &str, change: Change) -> Result<(), Unfit> {
    let edits = &mut ocsp(recipe)?.edits_before_signing;
    edits.push(Edit::at(path, change));
    Ok(())
}

fn claim(recipe: &mut Recipe, octets: &[u8]) -> Result<(), Unfit> {
    whole(recipe, "", Change::ClaimLength(octets.into()))
}
