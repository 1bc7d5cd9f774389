//! Elements: too many, of another type, or in a form that DER does not have.

use super::{DER, END_ENTITY, defect, lint};
use crate::{
    defect::{
        Defect, Position, Severity, Step, Unfit, as_it_is, certificate_at,
        change::{
            UNKNOWN, edit_extension, edit_signed, edit_signed_part, replace_value, set_critical,
            set_key_usage, unknown_extension,
        },
    },
    der::{Change, HexBytes, Oid, oid, tag},
    recipe::{Attribute, AttributeKind, ExtensionValue, KeyUsageBit, Recipe},
    verdict::Reason,
};

/// Something stands where nothing may.
const fn trailing(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    defect(
        id,
        summary,
        page,
        DER,
        &[Reason::TrailingData, Reason::MalformedDer],
        spoil,
    )
}

/// Octets that follow something.
pub(super) const TRAILING: &[Defect] = &[
    trailing(
        "encoding/trailing-data",
        "octets follow the certificate",
        "Whatever follows the certificate is not covered by its signature. Who hashes, pins or stores the whole takes \
         one certificate for many, and the next parser may read the tail.",
        |recipe, position| edit_signed(recipe, position, "", Change::InsertAfter(null())),
    ),
    trailing(
        "encoding/trailing-data-after-the-signature",
        "a fourth element stands in the certificate",
        "After signed part, algorithm and signature the SEQUENCE must end. What is added here is covered by no signature \
         and carried wherever the certificate goes.",
        |recipe, position| edit_signed(recipe, position, "", Change::Append(null())),
    ),
    trailing(
        "encoding/trailing-data-after-the-extensions",
        "an element follows the extensions in the signed part",
        "After the extensions the signed part must end. A reader that stops when it has all it knows lets a CA sign what \
         nobody reads, until a later version reads it.",
        |recipe, position| edit_signed_part(recipe, position, "", Change::Append(null())),
    ),
    trailing(
        "encoding/third-time",
        "a third time stands in the validity",
        "Validity is two times. Of three, readers that take the first and the last disagree with those that take the \
         first two.",
        |recipe, position| edit_signed_part(recipe, position, "4/1", Change::Duplicate),
    ),
    Defect {
        reasons: &[
            Reason::TrailingData,
            Reason::MalformedDer,
            Reason::InvalidKey,
        ],
        ..trailing(
            "encoding/trailing-data-after-the-key",
            "a third element stands in SubjectPublicKeyInfo",
            "After algorithm and key nothing may follow. The hash of the whole changes with what follows while the key stays \
         the same, so that one key has any number of pins.",
            |recipe, position| edit_signed_part(recipe, position, "6", Change::Append(null())),
        )
    },
    trailing(
        "encoding/truncated",
        "the last octets of the certificate are missing",
        "The outermost length has been mended, so that the loss shows only inside: the signature says that it is longer \
         than what is left.",
        |recipe, position| {
            edit_signed(
                recipe,
                position,
                "2",
                Change::ClaimLength(HexBytes(vec![0x82, 2, 0xff])),
            )
        },
    ),
    trailing(
        "encoding/empty",
        "there is no octet where the certificate should be",
        "A certificate of no octets in a list of certificates. Readers that begin with the first octet must look whether \
         there is one.",
        |recipe, position| edit_signed(recipe, position, "", Change::Replace(HexBytes::default())),
    ),
    trailing(
        "encoding/empty-sequence",
        "the certificate is an empty SEQUENCE",
        "The header is right and nothing is inside. A reader that fills a structure as far as it gets has one of defaults \
         here, without a signature that could be wrong.",
        |recipe, position| edit_signed(recipe, position, "", Change::SetBody(HexBytes::default())),
    ),
];

/// An element has another type than it must.
const fn wrong_tag(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    spoil: Step,
) -> Defect {
    Defect {
        severity: Severity::Low,
        ..defect(
            id,
            summary,
            page,
            DER,
            &[
                Reason::MalformedDer,
                Reason::TrailingData,
                Reason::MalformedExtension,
            ],
            spoil,
        )
    }
}

/// Elements under another tag.
pub(super) const WRONG_TAGS: &[Defect] = &[
    wrong_tag(
        "encoding/certificate-as-set",
        "the certificate is a SET",
        "The fields of a SEQUENCE stand in order, those of a SET may stand in any. A reader that ignores the tag lets \
         anybody change it, since the outermost header is not signed.",
        |recipe, position| edit_signed(recipe, position, "", Change::SetTag(tag::SET)),
    ),
    wrong_tag(
        "encoding/signed-part-as-set",
        "the signed part is a SET",
        "The tag is inside what is signed, so here the CA itself has written it. Only a reader that never looks at it \
         finds the fields.",
        |recipe, position| edit_signed_part(recipe, position, "", Change::SetTag(tag::SET)),
    ),
    wrong_tag(
        "encoding/validity-as-set",
        "the validity is a SET",
        "In a SET the two times have no order, and which of them is the end is anybody's guess. \
         DER sorts a SET by encoding, so the earlier year comes first whatever it was meant for.",
        |recipe, position| edit_signed_part(recipe, position, "4", Change::SetTag(tag::SET)),
    ),
    wrong_tag(
        "encoding/primitive-sequence",
        "the signed part has the tag of SEQUENCE without the bit for constructed",
        "10 in place of 30. A SEQUENCE is always constructed; a reader that masks the bit away does not see the \
         difference.",
        |recipe, position| edit_signed_part(recipe, position, "", Change::SetTag(0x10)),
    ),
    wrong_tag(
        "encoding/serial-as-octet-string",
        "the serial number is an OCTET STRING",
        "The octets are the same, and the type is another. Whoever compares octets finds it on the revocation list, \
         whoever compares elements does not.",
        |recipe, position| {
            edit_signed_part(recipe, position, "1", Change::SetTag(tag::OCTET_STRING))
        },
    ),
    wrong_tag(
        "encoding/signature-as-octet-string",
        "the signature is an OCTET STRING",
        "A BIT STRING begins with the count of unused bits. Under the other tag that octet belongs to the signature, or \
         does not, depending on the reader.",
        |recipe, position| edit_signed(recipe, position, "2", Change::SetTag(tag::OCTET_STRING)),
    ),
    Defect {
        reasons: &[Reason::MalformedDer, Reason::InvalidKey],
        ..wrong_tag(
            "encoding/key-as-octet-string",
            "the public key is an OCTET STRING",
            "A BIT STRING begins with the count of unused bits. A reader that skips an octet under any tag and one that does \
         not have two keys.",
            |recipe, position| {
                edit_signed_part(recipe, position, "6/1", Change::SetTag(tag::OCTET_STRING))
            },
        )
    },
    wrong_tag(
        "encoding/extensions-under-another-tag",
        "the extensions stand under [4]",
        "The field must be [3]. A reader that skips fields which it does not know sees a certificate without extensions: \
         without constraints, purposes and names.",
        |recipe, position| {
            edit_signed_part(
                recipe,
                position,
                "[3]",
                Change::SetTag(tag::context_constructed(4)),
            )
        },
    ),
    Defect {
        reasons: &[Reason::MalformedDer, Reason::BadSignature],
        ..wrong_tag(
            "encoding/signature-with-unused-bits",
            "the signature says that its last octet has a bit unused",
            "Signatures are whole octets. A reader that ignores the count verifies the same octets, so the count, which is \
         not signed, can be changed by anybody.",
            |recipe, position| {
                // The seventh bit of the first octet: the count becomes one.
                edit_signed(recipe, position, "2", Change::FlipBit(7))
            },
        )
    },
];

/// A form that BER allows and DER does not.
const fn loose(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    prepare: Step,
    spoil: Step,
) -> Defect {
    lint(Defect {
        prepare,
        ..defect(
            id,
            summary,
            page,
            "X.690 sections 10 and 11; RFC 5280 section 4.1",
            &[Reason::MalformedDer, Reason::MalformedExtension],
            spoil,
        )
    })
}

/// Elements in the wrong form.
pub(super) const BER: &[Defect] = &[
    loose(
        "encoding/true-as-01",
        "a critical flag is 01",
        "In BER every octet but 00 is true, in DER ff alone. A reader that compares with ff takes 01 for false, and the \
         extension for one that may be ignored.",
        |recipe, position| {
            let oid = flagged(position);
            set_critical(recipe, position, &oid, true)
        },
        |recipe, position| {
            let one = Change::SetBody(HexBytes(vec![1]));
            edit_extension(recipe, position, &flagged(position), "1", one)
        },
    ),
    loose(
        "encoding/constructed-octet-string",
        "the value of an extension is a constructed OCTET STRING",
        "BER lets strings come in pieces. A reader that takes the body of the outer string for the value finds the header \
         of the first piece in its place.",
        with_unknown,
        |recipe, position| {
            let pieces = HexBytes(vec![0x24, 6, 4, 1, 5, 4, 1, 0]);
            edit_extension(recipe, position, &UNKNOWN, "-1", Change::Replace(pieces))
        },
    ),
    Defect {
        reasons: &[Reason::MalformedDer, Reason::BadSignature],
        ..loose(
            "encoding/signature-in-pieces",
            "the signature is a constructed BIT STRING of one piece",
            "The signature's own header is not signed, so anybody can put a true certificate into this form. A reader that \
             takes the body of the outer string finds the header of the piece at the start of the signature.",
            as_it_is,
            |recipe, position| edit_signed(recipe, position, "2", Change::InPieces),
        )
    },
    Defect {
        reasons: &[
            Reason::MalformedDer,
            Reason::InvalidKey,
            Reason::UnsupportedKey,
        ],
        ..loose(
            "encoding/key-in-pieces",
            "the public key is a constructed BIT STRING of one piece",
            "The key is the same to a reader of BER. Its hash is another, as is the key of a reader that takes the piece's \
             header for part of it.",
            as_it_is,
            |recipe, position| edit_signed_part(recipe, position, "6/1", Change::InPieces),
        )
    },
    Defect {
        reasons: &[
            Reason::MalformedExtension,
            Reason::MalformedDer,
            Reason::KeyUsage,
            Reason::UnknownIssuer,
        ],
        ..loose(
            "encoding/key-usage-in-pieces",
            "key usage is a constructed BIT STRING of one piece",
            "The first octet of the body is the header of the piece, and not the count of unused bits. A reader of the outer \
             string alone finds other usages than the CA gave.",
            with_key_usage,
            |recipe, position| {
                edit_extension(
                    recipe,
                    position,
                    &oid::KEY_USAGE,
                    "-1/>/0",
                    Change::InPieces,
                )
            },
        )
    },
    Defect {
        positions: &[Position::Intermediate],
        reasons: &[
            Reason::MalformedExtension,
            Reason::MalformedDer,
            Reason::NotACa,
            Reason::UnknownIssuer,
        ],
        ..loose(
            "encoding/authority-flag-of-01",
            "cA is true as 01",
            "In BER every octet but 00 is true, in DER ff alone. Here the flag makes the subject a CA, or does not, depending \
             on the reader.",
            as_it_is,
            |recipe, position| {
                let value = vec![tag::SEQUENCE, 3, tag::BOOLEAN, 1, 1];
                replace_value(recipe, position, &oid::BASIC_CONSTRAINTS, value)
            },
        )
    },
    loose(
        "encoding/critical-false-written-out",
        "an extension writes out that it is not critical",
        "False is the default, and DER leaves defaults out. With it and without it the extension says the same in two \
         encodings.",
        with_unknown,
        |recipe, position| {
            let written = HexBytes(vec![tag::BOOLEAN, 1, 0]);
            edit_extension(
                recipe,
                position,
                &UNKNOWN,
                "0",
                Change::InsertAfter(written),
            )
        },
    ),
    Defect {
        reasons: &[Reason::MalformedDer, Reason::MalformedName],
        positions: END_ENTITY,
        ..loose(
            "encoding/constructed-string-in-a-name",
            "an attribute of the subject is a constructed UTF8String",
            "BER lets strings come in pieces. A reader that shows the body of the outer string shows the headers of the pieces as \
         well, and compares a name that nobody wrote.",
            with_unit,
            |recipe, position| {
                let pieces = HexBytes(vec![
                    0x2c,
                    8,
                    tag::UTF8_STRING,
                    2,
                    b'U',
                    b'n',
                    tag::UTF8_STRING,
                    2,
                    b'i',
                    b't',
                ]);
                edit_signed_part(recipe, position, "5/-1/0/1", Change::Replace(pieces))
            },
        )
    },
    Defect {
        positions: END_ENTITY,
        ..loose(
            "encoding/high-tag-number",
            "the tag of a string is written in the form for numbers above 30",
            "The number 12 fits into the first octet, and DER wants it there. A reader that knows only the short form takes the \
         second octet for a length.",
            with_unit,
            |recipe, position| {
                let written = HexBytes(vec![0x1f, tag::UTF8_STRING, 4, b'U', b'n', b'i', b't']);
                edit_signed_part(recipe, position, "5/-1/0/1", Change::Replace(written))
            },
        )
    },
    Defect {
        positions: END_ENTITY,
        ..loose(
            "encoding/set-out-of-order",
            "two attributes of one relative name stand in the wrong order",
            "The members of a SET OF stand in ascending order in DER, so that equal names have equal octets. In the other \
             order the same name is another to whoever compares octets.",
            |recipe, position| {
                let name = &mut certificate_at(recipe, position)?.subject;
                if name.0.is_empty() {
                    return Err(Unfit("the subject is empty"));
                }
                name.0.push(Attribute::new(AttributeKind::OU, "One"));
                let mut joined = Attribute::new(AttributeKind::OU, "Three");
                joined.joined = true;
                name.0.push(joined);
                Ok(())
            },
            |recipe, position| edit_signed_part(recipe, position, "5/-1/0", Change::SwapWithNext),
        )
    },
    Defect {
        positions: END_ENTITY,
        ..loose(
            "encoding/ca-false-written-out",
            "basicConstraints write out that cA is false",
            "False is the default, and DER leaves defaults out. Many CAs have written it all the same, so most readers \
             accept it.",
            |recipe, position| {
                let constraints = ExtensionValue::BasicConstraints {
                    ca: false,
                    path_length: None,
                };
                certificate_at(recipe, position)?.set_extension(constraints.critical());
                Ok(())
            },
            |recipe, position| {
                let written = HexBytes(vec![tag::BOOLEAN, 1, 0]);
                let oid = oid::BASIC_CONSTRAINTS;
                edit_extension(recipe, position, &oid, "-1/>/0", Change::SetBody(written))
            },
        )
    },
    Defect {
        positions: END_ENTITY,
        ..loose(
            "encoding/key-usage-with-unused-bits-set",
            "key usage says that seven bits are unused, and sets one of them",
            "DER wants unused bits to be zero. A reader that takes the octet as it is sees decipherOnly or whatever the bit \
             stands for, one that counts does not.",
            |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::DigitalSignature]),
            |recipe, position| {
                let set = vec![tag::BIT_STRING, 2, 7, 0x81];
                replace_value(recipe, position, &oid::KEY_USAGE, set)
            },
        )
    },
    Defect {
        positions: END_ENTITY,
        ..loose(
            "encoding/key-usage-with-trailing-zeros",
            "key usage has an octet of zeros at its end",
            "A list of named bits ends with its last bit that is set. The zeros say nothing, and make two encodings of one \
             list.",
            |recipe, position| set_key_usage(recipe, position, &[KeyUsageBit::DigitalSignature]),
            |recipe, position| {
                let zeros = vec![tag::BIT_STRING, 3, 0, 0x80, 0];
                replace_value(recipe, position, &oid::KEY_USAGE, zeros)
            },
        )
    },
];

/// An extension in the twin that nobody knows and that is not critical.
fn with_unknown(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let unknown = unknown_extension().not_critical();
    certificate_at(recipe, position)?.extensions.push(unknown);
    Ok(())
}

/// Key usage, where the setting has none.
fn with_key_usage(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    match certificate_at(recipe, position)?.extension(&oid::KEY_USAGE) {
        Some(_) => Ok(()),
        None => set_key_usage(recipe, position, &[KeyUsageBit::DigitalSignature]),
    }
}

/// An organizational unit at the end of the subject.
fn with_unit(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let unit = Attribute::new(AttributeKind::OU, "Unit");
    certificate_at(recipe, position)?.subject.0.push(unit);
    Ok(())
}

/// NULL
fn null() -> HexBytes {
    HexBytes(vec![tag::NULL, 0])
}

/// An extension that is there and may be critical.
fn flagged(position: Position) -> Oid {
    match position {
        Position::EndEntity => oid::EXTENDED_KEY_USAGE,
        _ => oid::BASIC_CONSTRAINTS,
    }
}
