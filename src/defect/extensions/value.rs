//! Known extensions whose value is not what its definition says.

use super::{CERTIFICATES, END_ENTITY, INTERMEDIATE, add, defect};
use crate::{
    defect::{
        Class, Defect, Position, Severity, Step, Unfit, as_it_is, certificate_at,
        change::{edit_extension, replace_value, set_key_usage},
    },
    der::{Change, HexBytes, Oid, Writer, oid, tag},
    recipe::{
        Extension, ExtensionValue, GeneralName, KeyIdentifier, KeyUsageBit, Recipe,
        generate::POLICY,
    },
    verdict::Reason,
};

/// A verifier that leaves an unreadable CA out of its search is left without an issuer.
const UNREADABLE: &[Reason] = &[
    Reason::MalformedExtension,
    Reason::MalformedDer,
    Reason::UnknownIssuer,
];

/// An extension that decides something, with a value that cannot be read.
const fn malformed(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    positions: &'static [Position],
    spoil: Step,
) -> Defect {
    Defect {
        positions,
        ..defect(
            id,
            summary,
            page,
            "RFC 5280 section 4.2.1",
            UNREADABLE,
            spoil,
        )
    }
}

/// Malformed values of extensions that every verifier must process.
pub(super) const VALUES: &[Defect] = &[
    Defect {
        vulnerabilities: &["CVE-2014-0092"],
        severity: Severity::High,
        ..malformed(
            "extensions/basic-constraints-of-another-type",
            "the value of basicConstraints is NULL",
            "Whether the issuer is a CA cannot be read. A parser that answers an error with its defaults, or a caller \
             that takes a negative answer for yes, makes it one: in GnuTLS a malformed certificate once turned an \
             error code into truth (CVE-2014-0092).",
            INTERMEDIATE,
            |recipe, position| replace_value(recipe, position, &oid::BASIC_CONSTRAINTS, vec![5, 0]),
        )
    },
    malformed(
        "extensions/basic-constraints-of-no-octets",
        "the value of basicConstraints is empty",
        "The OCTET STRING holds nothing, not even an empty SEQUENCE. A parser that finds nothing to complain about has \
         found nothing at all.",
        INTERMEDIATE,
        |recipe, position| replace_value(recipe, position, &oid::BASIC_CONSTRAINTS, Vec::new()),
    ),
    malformed(
        "extensions/basic-constraints-with-trailing-data",
        "octets follow basicConstraints inside their OCTET STRING",
        "What follows the value is covered by the signature and read by nobody, or by the next parser. \
         Two parsers in one process, one for the path and one for the logs, may then see two certificates.",
        INTERMEDIATE,
        |recipe, position| append_null(recipe, position, &oid::BASIC_CONSTRAINTS),
    ),
    malformed(
        "extensions/basic-constraints-with-third-element",
        "a third element stands in basicConstraints",
        "After cA and pathLenConstraint nothing may follow. Readers that stop after two elements accept what others \
         refuse.",
        INTERMEDIATE,
        |recipe, position| {
            let value = [0x30, 8, 1, 1, 0xff, 2, 1, 9, 5, 0];
            replace_value(recipe, position, &oid::BASIC_CONSTRAINTS, value.to_vec())
        },
    ),
    malformed(
        "extensions/negative-path-length",
        "pathLenConstraint is -1",
        "The number counts CAs and cannot be negative. Kept in an unsigned variable it allows more CAs than there are; \
         in some libraries -1 is also the word for \"no limit\".",
        INTERMEDIATE,
        |recipe, position| {
            let value = [0x30, 6, 1, 1, 0xff, 2, 1, 0xff];
            replace_value(recipe, position, &oid::BASIC_CONSTRAINTS, value.to_vec())
        },
    ),
    Defect {
        severity: Severity::High,
        positions: INTERMEDIATE,
        reasons: &[
            Reason::KeyUsage,
            Reason::MalformedExtension,
            Reason::UnknownIssuer,
        ],
        prepare: with_path_length,
        ..defect(
            "extensions/path-length-without-key-cert-sign",
            "pathLenConstraint in an issuer whose key usage has digitalSignature and not keyCertSign",
            "How many CAs may follow is a question to a key that signs certificates alone. A verifier that sees cA and a \
             length of path has every sign of a CA before it, and takes the key that may not sign certificates for one \
             that may.",
            "RFC 5280 sections 4.2.1.9 and 6.1.4 (n)",
            UNREADABLE,
            |recipe, position| {
                let bits = [KeyUsageBit::DigitalSignature, KeyUsageBit::CrlSign];
                set_key_usage(recipe, position, &bits)
            },
        )
    },
    malformed(
        "extensions/key-usage-of-another-type",
        "the value of key usage is an OCTET STRING",
        "The octets are those of a BIT STRING under another tag. A reader that skips two octets and takes the rest reads \
         bits where none were stated.",
        CERTIFICATES,
        |recipe, position| {
            let value = vec![tag::OCTET_STRING, 2, 1, 0x86];
            replace_value(recipe, position, &oid::KEY_USAGE, value)
        },
    ),
    malformed(
        "extensions/key-usage-of-no-octets",
        "key usage is a BIT STRING without even the count of unused bits",
        "A BIT STRING has at least one octet. A reader that takes the first octet without asking reads what follows the \
         extension.",
        CERTIFICATES,
        |recipe, position| replace_value(recipe, position, &oid::KEY_USAGE, vec![3, 0]),
    ),
    malformed(
        "extensions/key-usage-with-eight-unused-bits",
        "key usage says that eight bits of its last octet are unused",
        "At most seven can be. A reader that shifts by the count it was given shifts everything out, or nothing, \
         depending on the machine.",
        CERTIFICATES,
        |recipe, position| replace_value(recipe, position, &oid::KEY_USAGE, vec![3, 2, 8, 0x86]),
    ),
    Defect {
        reasons: &[
            Reason::MalformedExtension,
            Reason::MalformedDer,
            Reason::ExtendedKeyUsage,
        ],
        ..malformed(
            "extensions/purposes-without-list",
            "extended key usage is one identifier without a list around it",
            "The value must be a SEQUENCE. A reader that opens whatever it finds reads the octets of the identifier as \
             elements.",
            END_ENTITY,
            |recipe, position| {
                let purpose = [&[tag::OID, 8], oid::CLIENT_AUTH.as_bytes()].concat();
                replace_value(recipe, position, &oid::EXTENDED_KEY_USAGE, purpose)
            },
        )
    },
    Defect {
        reasons: &[
            Reason::MalformedExtension,
            Reason::MalformedDer,
            Reason::ExtendedKeyUsage,
        ],
        ..malformed(
            "extensions/purposes-with-number",
            "an INTEGER stands among the purposes",
            "The list holds identifiers alone. A reader that stops at the first match, or skips what it does not know, \
             never finds out.",
            END_ENTITY,
            |recipe, position| {
                let number = HexBytes(vec![tag::INTEGER, 1, 2]);
                edit_extension(
                    recipe,
                    position,
                    &oid::EXTENDED_KEY_USAGE,
                    "-1/>/0",
                    Change::Append(number),
                )
            },
        )
    },
    malformed(
        "extensions/purposes-with-trailing-data",
        "octets follow extended key usage inside its OCTET STRING",
        "What follows the list is covered by the signature and read by nobody, or by a reader that takes it for part of \
         the list.",
        END_ENTITY,
        |recipe, position| append_null(recipe, position, &oid::EXTENDED_KEY_USAGE),
    ),
    Defect {
        reasons: &[
            Reason::MalformedExtension,
            Reason::MalformedDer,
            Reason::MalformedName,
            Reason::NameMismatch,
        ],
        ..malformed(
            "extensions/alternative-names-of-another-type",
            "the value of subject alternative name is NULL",
            "The names cannot be read. A verifier that falls back on the common name, as it would if there were no \
             extension, takes a name that the CA did not vouch for as one of a host.",
            END_ENTITY,
            |recipe, position| {
                replace_value(recipe, position, &oid::SUBJECT_ALTERNATIVE_NAME, vec![5, 0])
            },
        )
    },
    Defect {
        reasons: &[
            Reason::MalformedExtension,
            Reason::MalformedDer,
            Reason::MalformedName,
        ],
        ..malformed(
            "extensions/alternative-names-with-trailing-data",
            "octets follow subject alternative name inside its OCTET STRING",
            "A name after the end of the list is seen by readers that go by the octets and not by those that go by the \
             length of the list.",
            END_ENTITY,
            |recipe, position| append_null(recipe, position, &oid::SUBJECT_ALTERNATIVE_NAME),
        )
    },
    Defect {
        severity: Severity::High,
        reasons: &[
            Reason::UnsupportedNameConstraint,
            Reason::MalformedExtension,
            Reason::MalformedDer,
            Reason::UnknownIssuer,
        ],
        prepare: |recipe, position| {
            let constraints = ExtensionValue::NameConstraints {
                permitted: Vec::new(),
                excluded: vec![GeneralName::Dns("excluded.example".to_owned())],
            };
            ensure(recipe, position, constraints.critical())
        },
        ..malformed(
            "extensions/name-constraints-of-another-type",
            "the value of name constraints is NULL",
            "The CA is confined to something that cannot be read. A verifier that goes on has set it free. \
         It is the extension in which to go on is worst: without it the CA may name everybody.",
            INTERMEDIATE,
            |recipe, position| replace_value(recipe, position, &oid::NAME_CONSTRAINTS, vec![5, 0]),
        )
    },
];

/// An extension that a verifier may pass over, with a value that is not what its definition says.
const fn unread(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        severity: Severity::Low,
        class: Class::Lint,
        prepare,
        ..malformed(id, summary, page, END_ENTITY, spoil)
    }
}

/// Malformed values of extensions that a verifier need not process.
pub(super) const UNREAD_VALUES: &[Defect] = &[
    unread(
        "extensions/path-length-without-ca",
        "pathLenConstraint in an end entity's basicConstraints",
        "A length of path may stand only beside cA. Without it there is no path to be measured, and a reader that takes \
         the number as a sign of a CA is wrong.",
        as_it_is,
        |recipe, position| {
            let constraints = ExtensionValue::BasicConstraints {
                ca: false,
                path_length: Some(0),
            };
            certificate_at(recipe, position)?.set_extension(constraints.critical());
            Ok(())
        },
    ),
    unread(
        "extensions/authority-key-identifier-of-another-type",
        "the value of authorityKeyIdentifier is NULL",
        "The extension only helps to find the issuer, and a verifier that finds it otherwise need not read it. One that \
         does must survive.",
        identified,
        |recipe, position| {
            replace_value(recipe, position, &oid::AUTHORITY_KEY_IDENTIFIER, vec![5, 0])
        },
    ),
    unread(
        "extensions/authority-serial-without-issuer",
        "authorityKeyIdentifier has the issuer's serial number and not its issuer",
        "The two must stand together or not at all: a serial number alone names a certificate of every CA. A reader \
         that takes one for granted when it sees the other reads what is not there.",
        identified,
        |recipe, position| {
            let value = vec![0x30, 3, tag::context(2), 1, 0x41];
            replace_value(recipe, position, &oid::AUTHORITY_KEY_IDENTIFIER, value)
        },
    ),
    unread(
        "extensions/subject-key-identifier-of-another-type",
        "the value of subjectKeyIdentifier is an INTEGER",
        "The identifier must be an OCTET STRING inside the OCTET STRING; software that forgets the inner one is common \
         enough that lenient readers abound.",
        identified,
        |recipe, position| {
            let value = vec![tag::INTEGER, 1, 0x41];
            replace_value(recipe, position, &oid::SUBJECT_KEY_IDENTIFIER, value)
        },
    ),
    unread(
        "extensions/policies-of-another-type",
        "the value of certificatePolicies is NULL",
        "A verifier that is asked for no policy need not read the extension, one that processes policies cannot go on. \
         Which of the two a library is depends on its settings, and so then does the verdict.",
        |recipe, position| {
            let policies = ExtensionValue::CertificatePolicies(vec![POLICY]);
            ensure(recipe, position, policies.not_critical())
        },
        |recipe, position| replace_value(recipe, position, &oid::CERTIFICATE_POLICIES, vec![5, 0]),
    ),
    unread(
        "extensions/distribution-points-of-another-type",
        "the value of cRLDistributionPoints is NULL",
        "Where the revocation list lies cannot be read. A verifier that looks for it must say so, not that there is \
         none: to treat what is broken as absent is to leave the choice to whoever breaks it.",
        |recipe, position| {
            recipe.crls.clear();
            let uris = vec!["http://crl.gatecrash.example/all.crl".to_owned()];
            let points = ExtensionValue::CrlDistributionPoints(uris);
            ensure(recipe, position, points.not_critical())
        },
        |recipe, position| {
            replace_value(recipe, position, &oid::CRL_DISTRIBUTION_POINTS, vec![5, 0])
        },
    ),
    Defect {
        clause: "RFC 5280 section 4.2.1.13",
        ..unread(
            "extensions/distribution-point-of-reasons-alone",
            "a distribution point says which reasons its list covers, and not where it is",
            "A point has a place or an issuer of its list; reasons alone tell of a list that nobody can find. Software that \
             reads the place without asking whether there is one has met its end here.",
            |recipe, position| {
                recipe.crls.clear();
                let uris = vec!["http://crl.gatecrash.example/all.crl".to_owned()];
                let points = ExtensionValue::CrlDistributionPoints(uris);
                ensure(recipe, position, points.not_critical())
            },
            |recipe, position| {
                // SEQUENCE { SEQUENCE { [1] keyCompromise, cACompromise } }
                let point = vec![0x30, 6, 0x30, 4, 0x81, 2, 5, 0x60];
                replace_value(recipe, position, &oid::CRL_DISTRIBUTION_POINTS, point)
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.1.13",
        ..unread(
            "extensions/relative-point-of-two-issuers",
            "a distribution point's name is relative to the issuer of its list, of which there are two",
            "A name that is relative is one part more of the list issuer's name. With two of them it is two names, and \
             which list is meant hangs on who reads it. In the twin there is one.",
            |recipe, position| {
                recipe.crls.clear();
                let point = relative_point(&["Gatecrash Lists"]);
                certificate_at(recipe, position)?.set_extension(point);
                Ok(())
            },
            |recipe, position| {
                let point = relative_point(&["Gatecrash Lists", "Other Lists"]);
                certificate_at(recipe, position)?.set_extension(point);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 4.2.2.1",
        ..unread(
            "extensions/empty-information-access",
            "authorityInfoAccess is an empty list",
            "At least one description must stand in it. Software that takes the first without asking has met its end here. \
         Clients that ask a responder before they decide are the ones that look here.",
            |recipe, position| {
                let access = ExtensionValue::AuthorityInformationAccess {
                    ocsp: vec!["http://ocsp.gatecrash.example".to_owned()],
                    ca_issuers: Vec::new(),
                };
                ensure(recipe, position, access.not_critical())
            },
            |recipe, position| {
                let empty = vec![0x30, 0];
                replace_value(recipe, position, &oid::AUTHORITY_INFORMATION_ACCESS, empty)
            },
        )
    },
    unread(
        "extensions/issuer-alternative-names-of-another-type",
        "the value of issuer alternative name is NULL",
        "No rule of path validation uses the issuer's other names, so most verifiers never notice. Strict ones read every \
         extension whose form they know.",
        |recipe, position| {
            // [2] "issuer"
            let value = HexBytes([&[0x30, 8, tag::context(2), 6], b"issuer".as_slice()].concat());
            let oid = oid::ISSUER_ALTERNATIVE_NAME;
            ensure(
                recipe,
                position,
                ExtensionValue::Raw { oid, value }.not_critical(),
            )
        },
        |recipe, position| {
            replace_value(recipe, position, &oid::ISSUER_ALTERNATIVE_NAME, vec![5, 0])
        },
    ),
    unread(
        "extensions/freshest-crl-of-another-type",
        "the value of freshestCRL is NULL",
        "Where the delta list lies cannot be read. Verifiers that use no deltas never look; strict ones read every extension \
         whose form they know.",
        |recipe, position| {
            recipe.crls.clear();
            ensure(recipe, position, freshest_crl())
        },
        |recipe, position| replace_value(recipe, position, &oid::FRESHEST_CRL, vec![5, 0]),
    ),
    Defect {
        clause: "RFC 5280 section 4.2.2.2",
        ..unread(
            "extensions/subject-information-access-of-another-type",
            "the value of subjectInfoAccess is NULL",
            "It says what the subject offers, for CAs mostly where their certificates are. A reader that expects a list and takes \
         the first of it reads past the value.",
            |recipe, position| ensure(recipe, position, subject_information_access()),
            |recipe, position| {
                replace_value(
                    recipe,
                    position,
                    &oid::SUBJECT_INFORMATION_ACCESS,
                    vec![5, 0],
                )
            },
        )
    },
    unread(
        "extensions/directory-attributes-of-another-type",
        "the value of subjectDirectoryAttributes is NULL",
        "A list of attributes such as nationality, at least one. NULL is none, and no list. \
         It hardly ever occurs, so that the code which reads it has hardly ever run.",
        |recipe, position| ensure(recipe, position, directory_attributes()),
        |recipe, position| {
            replace_value(
                recipe,
                position,
                &oid::SUBJECT_DIRECTORY_ATTRIBUTES,
                vec![5, 0],
            )
        },
    ),
    policy(
        "extensions/policy-mappings-of-another-type",
        "the value of policyMappings is NULL",
        "Which policies stand for which cannot be read. To go on without mappings is to judge another path than the CA made.",
        |recipe, position| {
            let mappings = ExtensionValue::PolicyMappings(vec![(POLICY, OTHER_POLICY)]);
            certificate_at(recipe, position)?.set_extension(mappings.not_critical());
            Ok(())
        },
        |recipe, position| replace_value(recipe, position, &oid::POLICY_MAPPINGS, vec![5, 0]),
    ),
    policy(
        "extensions/policy-constraints-of-another-type",
        "the value of policyConstraints is NULL",
        "Whether a policy is required cannot be read, and the extension is critical. A parser that answers an error with its \
         defaults requires none.",
        |recipe, position| {
            let constraints = ExtensionValue::PolicyConstraints {
                require_explicit: None,
                inhibit_mapping: Some(9),
            };
            certificate_at(recipe, position)?.set_extension(constraints.critical());
            Ok(())
        },
        |recipe, position| replace_value(recipe, position, &oid::POLICY_CONSTRAINTS, vec![5, 0]),
    ),
    policy(
        "extensions/inhibit-any-policy-negative",
        "inhibitAnyPolicy is -1",
        "It counts certificates and cannot be negative. Kept in an unsigned variable it never comes into force. \
         The CA forbade anyPolicy, and the reader has allowed it for four thousand million levels.",
        |recipe, position| {
            let inhibit = ExtensionValue::InhibitAnyPolicy(9).critical();
            certificate_at(recipe, position)?.set_extension(inhibit);
            Ok(())
        },
        |recipe, position| {
            replace_value(recipe, position, &oid::INHIBIT_ANY_POLICY, vec![2, 1, 0xff])
        },
    ),
];

/// A policy below the arc of the test policies that is not that of the settings.
const OTHER_POLICY: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x83, 0xf5, 0x3d, 1, 2]);

/// A CA's extension about policies that cannot be read.
const fn policy(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        prepare,
        // Whoever reads no policies is not asked.
        reasons: &[
            Reason::MalformedExtension,
            Reason::BadPolicy,
            Reason::NoValidPolicy,
            Reason::MalformedDer,
            Reason::UnknownIssuer,
        ],
        ..malformed(id, summary, page, INTERMEDIATE, spoil)
    }
}

/// One distribution point of deltas.
pub(in crate::defect) fn freshest_crl() -> Extension {
    // DistributionPoint, distributionPoint, fullName, [6]
    let uri = b"http://crl.gatecrash.example/delta.crl";
    let length = uri.len() as u8;
    let headers = [
        0x30,
        length + 8,
        0x30,
        length + 6,
        0xa0,
        length + 4,
        0xa0,
        length + 2,
        0x86,
        length,
    ];
    raw(oid::FRESHEST_CRL, [&headers, uri.as_slice()].concat())
}

/// Where the subject keeps its certificates.
pub(super) fn subject_information_access() -> Extension {
    let uri = b"http://gatecrash.example/";
    let length = uri.len() as u8;
    // AccessDescription with id-ad-caRepository
    let headers = [
        0x30,
        length + 14,
        0x30,
        length + 12,
        6,
        8,
        0x2b,
        6,
        1,
        5,
        5,
        7,
        0x30,
        5,
        0x86,
        length,
    ];
    raw(
        oid::SUBJECT_INFORMATION_ACCESS,
        [&headers, uri.as_slice()].concat(),
    )
}

/// The country of citizenship of the subject (RFC 3739 section 3.2.2).
pub(super) fn directory_attributes() -> Extension {
    let attribute = [
        0x30, 0x12, 0x30, 0x10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 9, 4, 0x31, 4, 0x13, 2, b'C', b'H',
    ];
    raw(oid::SUBJECT_DIRECTORY_ATTRIBUTES, attribute.to_vec())
}

fn raw(oid: Oid, value: Vec<u8>) -> Extension {
    let value = HexBytes(value);
    ExtensionValue::Raw { oid, value }.not_critical()
}

/// A distribution point whose name is relative to these issuers of its list.
fn relative_point(issuers: &[&str]) -> Extension {
    let attribute = |w: &mut Writer, value: &str| {
        w.nest(tag::SET, |w| {
            w.sequence(|w| {
                w.oid(&oid::COMMON_NAME);
                w.element(tag::UTF8_STRING, value.as_bytes());
            });
        });
    };
    let mut w = Writer::new();
    w.sequence(|w| {
        w.sequence(|w| {
            // distributionPoint, nameRelativeToCRLIssuer
            w.nest(0xa0, |w| {
                w.nest(0xa1, |w| {
                    w.sequence(|w| {
                        w.oid(&oid::COMMON_NAME);
                        w.element(tag::UTF8_STRING, b"part 1");
                    });
                });
            });
            // cRLIssuer, directoryName
            w.nest(0xa2, |w| {
                for issuer in issuers {
                    w.nest(0xa4, |w| w.sequence(|w| attribute(w, issuer)));
                }
            });
        });
    });
    raw(oid::CRL_DISTRIBUTION_POINTS, w.into_bytes())
}

/// The issuer's basicConstraints have a length of path, which leaves room for those below.
fn with_path_length(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let certificate = certificate_at(recipe, position)?;
    let constraints = ExtensionValue::BasicConstraints {
        ca: true,
        path_length: Some(5),
    };
    certificate.set_extension(constraints.critical());
    Ok(())
}

/// Adds an extension unless there is one of its kind.
pub(super) fn ensure(
    recipe: &mut Recipe,
    position: Position,
    extension: Extension,
) -> Result<(), Unfit> {
    let oid = extension.value.oid();
    if certificate_at(recipe, position)?.extension(&oid).is_some() {
        return Ok(());
    }
    add(recipe, position, extension)
}

/// Key identifiers in the certificate, whatever the setting.
fn identified(recipe: &mut Recipe, position: Position) -> Result<(), Unfit> {
    let values = [
        ExtensionValue::SubjectKeyIdentifier(KeyIdentifier::OfKey),
        ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey),
    ];
    values
        .into_iter()
        .try_for_each(|value| ensure(recipe, position, value.not_critical()))
}

/// Puts a NULL behind the value, inside the OCTET STRING.
fn append_null(recipe: &mut Recipe, position: Position, oid: &Oid) -> Result<(), Unfit> {
    let null = HexBytes(vec![tag::NULL, 0]);
    edit_extension(recipe, position, oid, "-1", Change::Append(null))
}
