//! Lists whose parts are not DER: one place and one form a row.
//!
//! Apart from `form`, where the list says what a list may not say; here it says what it should,
//! in octets that DER does not have. What BER allows is for strict readers to refuse, and what is
//! no encoding at all for all.

use super::{
    Class, Defect, FIRST_POINT, Position, Severity, Step, Unfit, defect, entry, form::MALFORMED,
    list, scope::with_partition, set, with_fresh_lists,
};
use crate::{
    der::{Change, Edit, HexBytes, tag},
    recipe::{ExtensionValue, KeyIdentifier, Recipe},
    verdict::Reason,
};

/// A list in a form that BER allows and DER does not.
const fn loose(id: &'static str, summary: &'static str, page: &'static str, spoil: Step) -> Defect {
    Defect {
        clause: "RFC 5280 section 5.1; X.690 sections 10 and 11",
        class: Class::Lint,
        severity: Severity::Low,
        prepare: with_other_entry,
        ..defect(id, summary, page, MALFORMED, spoil)
    }
}

/// A list in a form that not even BER has.
const fn broken(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        clause: "RFC 5280 section 5.1; X.690 section 8",
        class: Class::MustReject,
        severity: Severity::Medium,
        ..loose(id, summary, page, spoil)
    }
}

/// Lengths: in more octets than they need, indefinite, or none at all.
pub(super) const LENGTHS: &[Defect] = &[
    loose(
        "revocation/crl-non-minimal-length",
        "the list's length is written in more octets than needed",
        "DER has one encoding for each value. Two programs that disagree on lengths disagree on where the list ends. \
         A stream parser that runs beside a library's is where the two programs come from.",
        |recipe, _| whole(recipe, "", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-indefinite-length",
        "the list is of indefinite length",
        "BER knows lengths that are told by an end mark; DER does not. What a reader takes for the end mark decides what \
         he thinks was signed.",
        |recipe, _| whole(recipe, "", Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-signed-part-non-minimal-length",
        "the length of what is signed in the list has an octet more than it needs",
        "The CA itself has signed this header, so that the signature is true for whoever verifies the octets as they came. A \
         verifier that writes the list anew before it verifies finds a forgery.",
        |recipe, _| signed_part(recipe, "", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-signed-part-indefinite-length",
        "what is signed in the list has indefinite length",
        "Two zero octets end the list, and an entry may hold two zero octets. Where the reader that verifies and the one that looks \
         for numbers see two ends, the entries after the first end revoke nobody.",
        |recipe, _| signed_part(recipe, "", Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-length-with-leading-zeros",
        "the list's length is written in fifteen octets, most of them zero",
        "A download is cut into pieces by what the header says of its length. Ten zeros before the number are more than many \
         readers of headers have room for, and what they do then nobody has tried.",
        |recipe, _| whole(recipe, "", Change::PadLength(13)),
    ),
    loose(
        "revocation/crl-version-non-minimal-length",
        "the length of the list's version is written in two octets",
        "The version is the first field, and optional: readers look at its octets before they read. One that compares with 02 01 01 \
         takes the list for one of version 1, in which extensions, and with them the scope, do not exist.",
        |recipe, _| signed_part(recipe, "0", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-issuer-non-minimal-length",
        "the length of the issuer's name in the list has an octet more than it needs",
        "A list is found by the name of its issuer, compared as octets by most. In this form it is filed under a name that no \
         certificate has, and the CA counts as one without a list.",
        |recipe, _| signed_part(recipe, "2", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-issuer-indefinite-length",
        "the issuer's name in the list has indefinite length",
        "The octets of the name differ from those in the certificate, the name does not. Whoever hashes names to find lists, as \
         OpenSSL's directories do, hashes something else here.",
        |recipe, _| signed_part(recipe, "2", Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-time-non-minimal-length",
        "the length of thisUpdate has an octet more than it needs",
        "Times are told apart by tag and read at fixed offsets. A reader that steps over two octets of header starts with the \
         length here and finds a year that begins with a letter, or none.",
        |recipe, _| signed_part(recipe, "3", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-entries-non-minimal-length",
        "the length of the list of entries has an octet more than it needs",
        "Large lists are searched by tools that jump from header to header without a parser behind them. One octet too \
         many in the header of all entries, and the jump lands inside the first.",
        |recipe, _| signed_part(recipe, "5", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-entries-indefinite-length",
        "the list of entries has indefinite length",
        "The entries end where two zero octets stand. Whoever streams a list of megabytes and does not keep it looks for \
         them octet by octet, and a number or a date may hold them.",
        |recipe, _| signed_part(recipe, "5", Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-entry-non-minimal-length",
        "the length of one entry has an octet more than it needs",
        "An index over a list stores where each entry starts and how long its header is. Where all headers are thought to be of two \
         octets, this entry's number is read one octet too early and another certificate is revoked.",
        |recipe, _| signed_part(recipe, "5/0", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-entry-indefinite-length",
        "one entry has indefinite length",
        "The entry ends at an end mark of its own. A reader that cannot find the end stops there, and whoever is listed after \
         this entry is not revoked for him.",
        |recipe, _| signed_part(recipe, "5/0", Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-entry-number-non-minimal-length",
        "the length of an entry's serial number has an octet more than it needs",
        "Numbers are looked up as encoded elements by readers that want to be quick. In this form the element is another one, \
         and the certificate behind the number is found by nobody.",
        |recipe, _| signed_part(recipe, "5/0/0", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-entry-extensions-indefinite-length",
        "the extensions of one entry have indefinite length",
        "What an entry says beside number and date is skipped by many, and to skip something one must know where it ends. A wrong \
         guess here moves all entries that follow.",
        |recipe, _| signed_part(recipe, "5/0/2", Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-extensions-non-minimal-length",
        "the length of the list's extensions has an octet more than it needs",
        "Number and scope of a list stand behind all its entries, so that a reader comes to them last or jumps there. Two \
         readers that disagree on this header disagree on the scope.",
        |recipe, _| signed_part(recipe, "[0]/0", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-extensions-indefinite-length",
        "the list's extensions have indefinite length",
        "The last part of what is signed ends with an end mark, just where a reader also looks for the end of the whole. One that \
         stops early has missed the critical scope.",
        |recipe, _| signed_part(recipe, "[0]/0", Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-extensions-tag-indefinite-length",
        "the tag around the list's extensions has indefinite length",
        "The tag [0] holds the extensions and nothing else. An end mark lets something else stand there, signed by the CA and \
         read by whoever looks for a second list of extensions.",
        |recipe, _| signed_part(recipe, "[0]", Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-extension-indefinite-length",
        "one extension of the list has indefinite length",
        "A reader skips an extension that it does not know by its length, and this one tells none. What is skipped then depends on \
         what the value happens to hold.",
        |recipe, _| signed_part(recipe, NUMBER, Change::IndefiniteLength),
    ),
    loose(
        "revocation/crl-number-non-minimal-length",
        "the length of the list's number has an octet more than it needs",
        "Inside the OCTET STRING another parser begins, often an older one. Lists are put in order by this number, and a reader \
         that takes it at a fixed offset reads its length as the number.",
        |recipe, _| signed_part(recipe, &in_value(NUMBER), Change::PadLength(1)),
    ),
    scoped(loose(
        "revocation/crl-scope-indefinite-length",
        "the value of the list's scope has indefinite length",
        "The scope says for whom the list speaks. Read by a BER library it says so here, read by octets it is an empty one, and \
         a list of some certificates is one of all.",
        |recipe, _| signed_part(recipe, &in_value(SCOPE), Change::IndefiniteLength),
    )),
    loose(
        "revocation/crl-algorithm-non-minimal-length",
        "the length of the list's outer algorithm has an octet more than it needs",
        "The algorithm outside is not signed, and must be that inside. In this form it is the same algorithm in other octets: \
         whoever compares octets refuses, whoever compares what they mean does not.",
        |recipe, _| whole(recipe, "1", Change::PadLength(1)),
    ),
    loose(
        "revocation/crl-signature-non-minimal-length",
        "the length of the list's signature has an octet more than it needs",
        "Nobody's key is needed to pad this header. A cache that tells lists by their hash holds as many copies of one list \
         as somebody cares to make.",
        |recipe, _| whole(recipe, "2", Change::PadLength(1)),
    ),
    broken(
        "revocation/crl-length-beyond-the-end",
        "the list says that it is longer than it is",
        "The claimed length is two gigabytes, which is not absurd for a list. A reader that reserves the room before it looks \
         at what has come is out of memory, and with it the service.",
        |recipe, _| claim(recipe, &[0x84, 0x7f, 0xff, 0xff, 0xff]),
    ),
    broken(
        "revocation/crl-length-beyond-64-bits",
        "the list's length is eight octets of ff",
        "To the largest number of 64 bits the size of the header is added, and the sum is small again. A list is fetched over plain \
         HTTP, so that anybody on the way can write this header.",
        |recipe, _| claim(recipe, &[0x88, 255, 255, 255, 255, 255, 255, 255, 255]),
    ),
    broken(
        "revocation/crl-length-of-reserved-form",
        "the list's length begins with ff",
        "The first octet ff is reserved. A downloader that looks at the header to tell DER from PEM and reads 127 octets of \
         length from a short answer reads what is not there.",
        |recipe, _| claim(recipe, &[0xff]),
    ),
    broken(
        "revocation/crl-entry-longer-than-the-list",
        "one entry says that it is longer than all that is left",
        "The list is signed as it stands. A reader that trusts the entry's length walks out of the list of entries and reads \
         number and scope as entries; one that stops has lost the rest.",
        |recipe, _| {
            let beyond = Change::ClaimLength(vec![0x82, 0x40, 0].into());
            signed_part(recipe, "5/0", beyond)
        },
    ),
];

/// Numbers, flags, strings and tags.
pub(super) const ELEMENTS: &[Defect] = &[
    broken(
        "revocation/crl-version-padded",
        "the list's version has a leading zero that it does not need",
        "Not even BER allows the padding. A reader that takes the last octet reads version 2, one that compares two octets with one \
         reads an unknown version, or version 1 without extensions.",
        |recipe, _| replace(recipe, "0", &[tag::INTEGER, 2, 0, 1]),
    ),
    broken(
        "revocation/crl-entry-number-padded",
        "an entry writes another certificate's number with a needless leading zero",
        "It is not the end entity that is listed, and the list is not DER all the same. A reader that takes such numbers keeps \
         two numbers for one certificate, and finds the one or the other.",
        |recipe, _| signed_part(recipe, "5/0/0", Change::Prepend(vec![0].into())),
    ),
    broken(
        "revocation/crl-entry-number-of-no-octets",
        "an entry's serial number is an INTEGER of no octets",
        "An INTEGER has at least one octet. A comparison over the shorter of two lengths finds the empty number equal to every \
         certificate's, and revokes all; another reads the octet that follows.",
        |recipe, _| signed_part(recipe, "5/0/0", Change::SetBody(Vec::new().into())),
    ),
    broken(
        "revocation/crl-reason-padded",
        "an entry's reasonCode has a leading zero that it does not need",
        "Reasons are numbers of one octet to everybody. A reader that takes the first octet reads unspecified where the key was \
         stolen, and one that knows removeFromCRL by its octet can be told that too.",
        |recipe, _| replace(recipe, &in_value(REASON), &[tag::ENUMERATED, 2, 0, 1]),
    ),
    scoped(loose(
        "revocation/crl-flag-of-01",
        "the list's scope is critical as 01",
        "In BER every octet but 00 is true, in DER ff alone. A reader that compares with ff takes the scope for one that may be \
         ignored, and a list of some certificates for one of all.",
        |recipe, _| signed_part(recipe, &format!("{SCOPE}/1"), one()),
    )),
    scoped(loose(
        "revocation/crl-scope-flag-of-01",
        "onlyContainsUserCerts is true as 01",
        "The flag says for whom the list speaks. A reader that compares with ff reads a list for everybody, and believes of a \
         CA that it is good because it is not among the users.",
        |recipe, _| signed_part(recipe, &format!("{}/[1]", in_value(SCOPE)), one()),
    )),
    scoped(loose(
        "revocation/crl-scope-false-written-out",
        "the scope writes out that the list is not for CAs alone",
        "False is the default, and DER leaves defaults out. Some readers ask whether the field is there and not what it says, and \
         refuse the list to every end entity.",
        |recipe, _| {
            let written = Change::InsertAfter(vec![tag::context(2), 1, 0].into());
            signed_part(recipe, &format!("{}/[1]", in_value(SCOPE)), written)
        },
    )),
    loose(
        "revocation/crl-extension-false-written-out",
        "the list's number writes out that it is not critical",
        "DER leaves the default out. With it and without it the extension says the same, in two encodings; a reader for which \
         the second element is the value reads a BOOLEAN as the number.",
        |recipe, _| signed_part(recipe, &format!("{NUMBER}/0"), written_false()),
    ),
    loose(
        "revocation/crl-entry-extension-false-written-out",
        "an entry's reasonCode writes out that it is not critical",
        "Ten thousand entries carry ten thousand of these flags in lists of careless CAs. A reader that expects the value in \
         second place finds no reason, and a removal from the list is a revocation again.",
        |recipe, _| signed_part(recipe, &format!("{REASON}/0"), written_false()),
    ),
    loose(
        "revocation/crl-number-padded",
        "the list's number has a leading zero that it does not need",
        "Not even BER allows the padding. By their numbers lists are put in order, and two encodings of one number are two \
         numbers to whoever compares octets.",
        |recipe, _| replace(recipe, &in_value(NUMBER), &[tag::INTEGER, 2, 0, 7]),
    ),
    loose(
        "revocation/crl-signature-in-pieces",
        "the list's signature is a constructed BIT STRING of one piece",
        "The header of the signature is not signed, so anybody can put a true list into this form. What a reader makes of \
         it decides whether the list counts.",
        |recipe, _| whole(recipe, "2", Change::InPieces),
    ),
    loose(
        "revocation/crl-number-in-pieces",
        "the value of the list's number is a constructed OCTET STRING",
        "BER lets strings come in pieces. A reader that takes the body of the outer string finds the header of the piece where \
         the number should begin, and orders lists by it.",
        |recipe, _| signed_part(recipe, &format!("{NUMBER}/-1"), Change::InPieces),
    ),
    loose(
        "revocation/crl-reason-in-pieces",
        "the value of an entry's reasonCode is a constructed OCTET STRING",
        "The piece inside holds what the string should. Few libraries join pieces in entries of lists, since there never are any, \
         and a parser that was never run is one that was never tried.",
        |recipe, _| signed_part(recipe, &format!("{REASON}/-1"), Change::InPieces),
    ),
    loose(
        "revocation/crl-time-in-pieces",
        "thisUpdate is a constructed UTCTime of one piece",
        "Times are strings and may come in pieces in BER. The tag is another then, 37 in place of 17, and nextUpdate is optional: a \
         reader that skips what it does not know has a list that never began.",
        |recipe, _| signed_part(recipe, "3", Change::InPieces),
    ),
    loose(
        "revocation/crl-next-update-in-pieces",
        "nextUpdate is a constructed UTCTime of one piece",
        "nextUpdate is known by its tag, and this tag is another. A reader that finds none has a list that never ends, unless it \
         notices what stands there in its place.",
        |recipe, _| signed_part(recipe, "4", Change::InPieces),
    ),
    loose(
        "revocation/crl-entry-date-in-pieces",
        "an entry's date is a constructed UTCTime of one piece",
        "A reader that looks for extensions of the entry behind two elements finds them. One that looks for them behind \
         fifteen octets finds the piece.",
        |recipe, _| signed_part(recipe, "5/0/1", Change::InPieces),
    ),
    Defect {
        reasons: &[
            Reason::CrlMalformed,
            Reason::CrlBadSignature,
            Reason::RevocationUnknown,
            Reason::MalformedDer,
        ],
        ..broken(
            "revocation/crl-signature-with-unused-bits",
            "the list's signature says that its last octet has a bit unused",
            "Signatures are whole octets. Who ignores the count verifies the same ones, so that anybody can change the count on \
             the way, and the hash of the list with it.",
            // The seventh bit of the first octet: the count becomes one.
            |recipe, _| whole(recipe, "2", Change::FlipBit(7)),
        )
    },
    loose(
        "revocation/crl-high-tag-number",
        "the tag of the list's version is written in the form for numbers above 30",
        "The number 2 fits into the first octet, and there DER wants it. A reader that knows the short form alone takes the second \
         octet for the length, and skips what follows.",
        |recipe, _| replace(recipe, "0", &[0x1f, tag::INTEGER, 1, 1]),
    ),
    broken(
        "revocation/crl-as-set",
        "the list is a SET",
        "The outermost tag is not signed, so that anybody on the way can change it. A downloader that knows a list by its first \
         octet drops it, and goes on without.",
        |recipe, _| whole(recipe, "", Change::SetTag(tag::SET)),
    ),
    broken(
        "revocation/crl-entries-as-set",
        "the list of entries is a SET",
        "The field is optional and known by its tag. A reader that finds another tag there and takes the list for one without entries \
         has revoked nobody.",
        |recipe, _| signed_part(recipe, "5", Change::SetTag(tag::SET)),
    ),
    broken(
        "revocation/crl-entry-as-set",
        "one entry is a SET",
        "In a SET number and date have no order. A loop over the entries that stops at the first which is none has read a shorter \
         list than the CA has signed.",
        |recipe, _| signed_part(recipe, "5/0", Change::SetTag(tag::SET)),
    ),
    broken(
        "revocation/crl-extensions-under-another-tag",
        "the list's extensions stand under [1]",
        "The field must be [0]. A reader that skips fields which it does not know sees a list without extensions: complete, for \
         everybody, and without a number.",
        |recipe, _| signed_part(recipe, "[0]", Change::SetTag(tag::context_constructed(1))),
    ),
    broken(
        "revocation/crl-trailing-data-after-the-signature",
        "a fourth element stands in the list",
        "After signed part, algorithm and signature the SEQUENCE must end. What is added here no signature covers, and mirrors \
         of lists carry it along.",
        |recipe, _| whole(recipe, "", Change::Append(null())),
    ),
    broken(
        "revocation/crl-trailing-data-after-the-extensions",
        "an element follows the extensions in what is signed",
        "After the extensions the list must end. A reader that stops when it has all it knows lets a CA sign what nobody reads: \
         a second list of entries, perhaps.",
        |recipe, _| signed_part(recipe, "", Change::Append(null())),
    ),
    broken(
        "revocation/crl-trailing-data-in-an-entry",
        "an entry has a fourth element",
        "Number, date and extensions are all that an entry may hold. Two readers agree on the first three and not on what comes \
         next: the end of the entry, or another one.",
        |recipe, _| signed_part(recipe, "5/0", Change::Append(null())),
    ),
    broken(
        "revocation/crl-trailing-data-after-the-number",
        "something follows the list's number in its extension",
        "The OCTET STRING holds one INTEGER and no more. Whoever reads the number and does not ask for the end takes the list; \
         whoever compares whole values with those of the last list finds a new one.",
        |recipe, _| signed_part(recipe, &format!("{NUMBER}/-1"), Change::Append(null())),
    ),
    identified(broken(
        "revocation/crl-trailing-data-in-the-authority-identifier",
        "an element follows all that may stand in the list's authorityKeyIdentifier",
        "It tells which key of the CA signed the list, where the CA has several. A reader that takes the first field and leaves \
         the rest alone has found its key, and has signed off what it did not read.",
        |recipe, _| signed_part(recipe, &in_value(AUTHORITY), Change::Append(null())),
    )),
    Defect {
        clause: "RFC 5280 sections 4.2.1.1 and 5.2.1",
        ..identified(broken(
            "revocation/crl-authority-serial-without-issuer",
            "the list's authorityKeyIdentifier has a serial number without the issuer that gave it",
            "A number means something beside its issuer alone, and the two must stand together. A reader that looks for any certificate \
         of that number can be shown one of another CA.",
            |recipe, _| {
                let serial = vec![tag::SEQUENCE, 3, tag::context(2), 1, 7];
                replace(recipe, &in_value(AUTHORITY), &serial)
            },
        ))
    },
];

/// The list's number.
const NUMBER: &str = "[0]/0/{2.5.29.20}";
/// The list's scope, where it has one.
const SCOPE: &str = "[0]/0/{2.5.29.28}";
/// What says who signed the list, where something does.
const AUTHORITY: &str = "[0]/0/{2.5.29.35}";
/// The reason in the first entry.
const REASON: &str = "5/0/2/{2.5.29.21}";

/// What the OCTET STRING of an extension holds.
fn in_value(extension: &str) -> String {
    format!("{extension}/-1/>/0")
}

/// The same, of a list that says for whom it speaks.
const fn scoped(defect: Defect) -> Defect {
    Defect {
        prepare: with_scope,
        ..defect
    }
}

/// The same, of a list that says which key signed it.
const fn identified(defect: Defect) -> Defect {
    Defect {
        prepare: with_identifier,
        ..defect
    }
}

/// Every CA has a fresh list, and that which covers the end entity revokes somebody else.
fn with_other_entry(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    with_fresh_lists(recipe, position)?;
    let other = entry(recipe, vec![0x7d, 3]);
    list(recipe)?.revoked.push(other);
    Ok(())
}

/// The same, in a list for end entities that is published where the end entity says.
fn with_scope(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    with_partition(recipe, position)?;
    let other = entry(recipe, vec![0x7d, 3]);
    let list = list(recipe)?;
    list.revoked.push(other);
    let scope = ExtensionValue::IssuingDistributionPoint {
        uri: Some(FIRST_POINT.to_owned()),
        only_user: true,
        only_ca: false,
        only_attribute: false,
        only_some_reasons: Vec::new(),
        indirect: false,
    };
    set(list, scope.critical());
    Ok(())
}

/// The same, in a list that names the key of its signer.
fn with_identifier(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    with_other_entry(recipe, position)?;
    let identifier = ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey);
    set(list(recipe)?, identifier.not_critical());
    Ok(())
}

/// Edits the list around what is signed.
fn whole(recipe: &mut Recipe, path: &str, change: Change) -> Result<(), Unfit> {
    list(recipe)?.edits.push(Edit::at(path, change));
    Ok(())
}

/// Edits what is signed, and the signature stays true.
fn signed_part(recipe: &mut Recipe, path: &str, change: Change) -> Result<(), Unfit> {
    let edits = &mut list(recipe)?.edits_before_signing;
    edits.push(Edit::at(path, change));
    Ok(())
}

fn replace(recipe: &mut Recipe, path: &str, octets: &[u8]) -> Result<(), Unfit> {
    signed_part(recipe, path, Change::Replace(octets.into()))
}

fn claim(recipe: &mut Recipe, octets: &[u8]) -> Result<(), Unfit> {
    whole(recipe, "", Change::ClaimLength(octets.into()))
}

/// TRUE in a form of BER.
pub(super) fn one() -> Change {
    Change::SetBody(vec![1].into())
}

/// The default of a critical flag, behind the identifier.
pub(super) fn written_false() -> Change {
    Change::InsertAfter(vec![tag::BOOLEAN, 1, 0].into())
}

/// An element that stands where none may.
pub(super) fn null() -> HexBytes {
    vec![tag::NULL, 0].into()
}
