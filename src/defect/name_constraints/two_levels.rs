//! Constraints of two certificates of one path, and what they say together.
//!
//! Permissions are intersected on the way down and exclusions united (RFC 5280
//! section 6.1.4 (g)). Each form of name is a state of its own, so a verifier
//! may do it right for one of them and wrong for the next.

use super::{
    AT_ISSUER, Bearer, ROW, Row,
    Text::{self, Dns, Email, Ip, Uri},
    constrain, defects, directory_name, excluded,
    level::{
        AT_END_ENTITY, DEVICE, DEVICES, EVIL, EVIL_MAIL, EVIL_URI, FAR, FINANCE, GOOD, GOOD_MAIL,
        GOOD_URI, HOME, HOUSE, HOUSE_URI, MAIL, NEAR, NET, PAYER, SITE, above, anchored,
    },
    permitted, upper_intermediate,
};
use crate::{
    defect::{Defect, DefectId, Position, Step, certificate_at, label_at},
    recipe::{ExtensionValue, KeyIdentifier},
};

/// Two subtrees of one form, and a name in each of them.
struct Form {
    home: &'static [Text],
    away: &'static [Text],
    both: &'static [Text],
    good: Bearer,
    bad: Bearer,
}

const HOSTS: Form = Form {
    home: HOME,
    away: &[Dns("evil.example")],
    both: &[HOME[0], Dns("evil.example")],
    good: Bearer::Alternative(GOOD),
    bad: Bearer::Alternative(EVIL),
};
const ADDRESSES: Form = Form {
    home: NET,
    away: &[Ip(&[198, 51, 100, 0, 255, 255, 255, 0])],
    both: &[NET[0], Ip(&[198, 51, 100, 0, 255, 255, 255, 0])],
    good: Bearer::Alternative(NEAR),
    bad: Bearer::Alternative(FAR),
};
const MAILBOXES: Form = Form {
    home: MAIL,
    away: &[Email("evil.example")],
    both: &[MAIL[0], Email("evil.example")],
    good: Bearer::Alternative(GOOD_MAIL),
    bad: Bearer::Alternative(EVIL_MAIL),
};
const URIS: Form = Form {
    home: HOUSE,
    away: &[Uri("evil.example")],
    both: &[HOUSE[0], Uri("evil.example")],
    good: Bearer::Alternative(HOUSE_URI),
    bad: Bearer::Alternative(EVIL_URI),
};
const SUBJECTS: Form = Form {
    home: DEVICES,
    away: FINANCE,
    both: &[DEVICES[0], FINANCE[0]],
    good: DEVICE,
    bad: PAYER,
};

/// What two levels say together, and in which subtree here.
macro_rules! page {
    (WIDENED $what:literal) => {
        concat!("What is at stake is ", $what, ". ", "The issuer permits a second subtree, which the CA above it never gave it. Each step may narrow what is \
     permitted and none may widen it; a verifier that lets the last constraint replace the earlier ones says it can.")
    };
    (NARROWED $what:literal) => {
        concat!("What is at stake is ", $what, ". ", "The CA above permits two subtrees and the issuer one of them. The path permits what every level permits; a \
     verifier that unites the levels, or applies the upper one alone, is too wide.")
    };
    (LOST $what:literal) => {
        concat!("What is at stake is ", $what, ". ", "The CA above excludes the subtree and the issuer permits it. Exclusions add up on the way down and no permission \
     below undoes one, but a verifier that keeps one state for each form of name lets the later step overwrite it.")
    };
    (BEYOND_ANCHOR $what:literal) => {
        concat!("What is at stake is ", $what, ". ", "The root permits one subtree, the CA below it a second one as well. Constraints of an anchor are the start \
     of the state that each step narrows; a verifier that adds them where it meets others, or drops them, widens it.")
    };
    (ANCHOR_LOST $what:literal) => {
        concat!("What is at stake is ", $what, ". ", "The root excludes the subtree and a CA below it permits it. What the operator took out of the root must stay \
     out, whatever the CAs below write into their own certificates.")
    };
}

/// A row whose upper CA permits one subtree and whose issuer permits another as well.
const fn widened(id: &'static str, form: &Form, summary: &'static str, page: &'static str) -> Row {
    Row {
        issuer: Some([form.both, &[]]),
        good: form.good,
        bad: form.bad,
        ..permitted(id, form.home, [&[], &[]], summary, page)
    }
}

/// A row whose upper CA permits two subtrees and whose issuer permits one of them.
const fn narrowed(id: &'static str, form: &Form, summary: &'static str, page: &'static str) -> Row {
    Row {
        issuer: Some([form.home, &[]]),
        good: form.good,
        bad: form.bad,
        ..permitted(id, form.both, [&[], &[]], summary, page)
    }
}

/// A row whose upper CA excludes a subtree that its issuer permits.
const fn lost(id: &'static str, form: &Form, summary: &'static str, page: &'static str) -> Row {
    Row {
        issuer: Some([form.both, &[]]),
        good: form.good,
        bad: form.bad,
        ..excluded(id, form.away, [&[], &[]], summary, page)
    }
}

/// The product of form, level and what the two levels say.
pub(super) const ROWS: &[Defect] = defects![
    above(Row {
        issuer: Some([&[Dns("gatecrash.example"), Dns("lab.example")], &[]]),
        ..permitted(
            "name-constraints/widened-by-issuer",
            &[Dns("gatecrash.example"), Dns("corp.example")],
            [GOOD, &[Dns("host.lab.example")]],
            "a dNSName that the issuer permits and the CA above it does not",
            "The permitted names are those that every level permits. An issuer cannot widen what its own issuer allowed it; \
             a verifier that lets the last constraint replace the earlier ones says it can.",
        )
    }),
    above(Row {
        issuer: Some([&[Dns("gatecrash.example"), Dns("lab.example")], &[]]),
        ..permitted(
            "name-constraints/narrowed-by-issuer",
            &[Dns("gatecrash.example"), Dns("corp.example")],
            [GOOD, &[Dns("host.corp.example")]],
            "a dNSName that the upper CA permits and the issuer does not",
            "The lower level narrows what the upper one allows. A verifier that unites the permitted subtrees of all levels \
             where it must intersect them accepts what the lower level no longer permits.",
        )
    }),
    above(lost(
        "name-constraints/exclusion-lost-below",
        &HOSTS,
        "a dNSName that the upper CA excludes and the issuer permits",
        "Exclusions add up over the levels and no permission below undoes them. A verifier that keeps the constraints of \
         the last level only forgets the exclusion.",
    )),
    above(Row {
        issuer: Some([NET, &[]]),
        ..permitted(
            "name-constraints/different-forms-at-two-levels",
            HOME,
            [GOOD, EVIL],
            "a dNSName that the upper CA does not permit, below an issuer that constrains addresses only",
            "The lower level speaks of addresses and the upper of hosts. Both hold; a verifier that replaces the whole \
             constraint level by level drops the one about hosts.",
        )
    }),
    above(Row {
        issuer: Some([&[Ip(&[192, 0, 2, 0, 255, 255, 255, 192])], &[]]),
        ..permitted(
            "name-constraints/narrowed-ip-by-issuer",
            NET,
            [NEAR, &[Ip(&[192, 0, 2, 200])]],
            "an address that the upper CA permits and the issuer does not",
            "Both CAs permit a network, the issuer a part of what is above it. The path permits what both permit; a union of \
             the two, or the upper one alone, is too wide.",
        )
    }),
    above(widened(
        "name-constraints/widened-ip-by-issuer",
        &ADDRESSES,
        "an address that the issuer permits and the CA above it does not",
        page!(WIDENED "the network 198.51.100.0/24"),
    )),
    above(lost(
        "name-constraints/ip-exclusion-lost-below",
        &ADDRESSES,
        "an address that the upper CA excludes and the issuer permits",
        page!(LOST "the network 198.51.100.0/24"),
    )),
    above(widened(
        "name-constraints/widened-email-by-issuer",
        &MAILBOXES,
        "a mailbox that the issuer permits and the CA above it does not",
        "The issuer permits a second host, which the CA above it never gave it. Each step may narrow what is permitted \
         and none may widen it.",
    )),
    above(narrowed(
        "name-constraints/narrowed-email-by-issuer",
        &MAILBOXES,
        "a mailbox that the upper CA permits and the issuer does not",
        page!(NARROWED "mailboxes at evil.example"),
    )),
    above(lost(
        "name-constraints/email-exclusion-lost-below",
        &MAILBOXES,
        "a mailbox that the upper CA excludes and the issuer permits",
        page!(LOST "mailboxes at evil.example"),
    )),
    above(Row {
        issuer: Some([&[Uri("gatecrash.example")], &[]]),
        ..permitted(
            "name-constraints/narrowed-uri-by-issuer",
            SITE,
            [&[Uri("https://gatecrash.example/")], GOOD_URI],
            "a URI that the upper CA permits and the issuer does not",
            "The upper CA permits the domain with all below it, the issuer the domain's own host alone. A constraint with a \
             leading dot and one without must both hold.",
        )
    }),
    above(widened(
        "name-constraints/widened-uri-by-issuer",
        &URIS,
        "a URI that the issuer permits and the CA above it does not",
        page!(WIDENED "URIs of the host evil.example"),
    )),
    above(lost(
        "name-constraints/uri-exclusion-lost-below",
        &URIS,
        "a URI that the upper CA excludes and the issuer permits",
        page!(LOST "URIs of the host evil.example"),
    )),
    above(widened(
        "name-constraints/widened-directory-by-issuer",
        &SUBJECTS,
        "a subject of a branch that the issuer permits and the CA above it does not",
        page!(WIDENED "the branch Finance of the directory"),
    )),
    above(narrowed(
        "name-constraints/narrowed-directory-by-issuer",
        &SUBJECTS,
        "a subject of a branch that the upper CA permits and the issuer does not",
        page!(NARROWED "the branch Finance of the directory"),
    )),
    above(lost(
        "name-constraints/directory-exclusion-lost-below",
        &SUBJECTS,
        "a subject of a branch that the upper CA excludes and the issuer permits",
        page!(LOST "the branch Finance of the directory"),
    )),
    anchored(widened(
        "name-constraints/dns-beyond-anchor",
        &HOSTS,
        "a dNSName that the issuer permits and the trust anchor's certificate does not",
        page!(BEYOND_ANCHOR "the domain evil.example"),
    )),
    anchored(widened(
        "name-constraints/ip-beyond-anchor",
        &ADDRESSES,
        "an address that the issuer permits and the trust anchor's certificate does not",
        page!(BEYOND_ANCHOR "the network 198.51.100.0/24"),
    )),
    anchored(widened(
        "name-constraints/email-beyond-anchor",
        &MAILBOXES,
        "a mailbox that the issuer permits and the trust anchor's certificate does not",
        page!(BEYOND_ANCHOR "mailboxes at evil.example"),
    )),
    anchored(widened(
        "name-constraints/uri-beyond-anchor",
        &URIS,
        "a URI that the issuer permits and the trust anchor's certificate does not",
        page!(BEYOND_ANCHOR "URIs of the host evil.example"),
    )),
    anchored(widened(
        "name-constraints/directory-beyond-anchor",
        &SUBJECTS,
        "a subject of a branch that the issuer permits and the trust anchor's certificate does not",
        page!(BEYOND_ANCHOR "the branch Finance of the directory"),
    )),
    anchored(lost(
        "name-constraints/dns-exclusion-of-anchor-lost",
        &HOSTS,
        "a dNSName that the trust anchor's certificate excludes and the issuer permits",
        page!(ANCHOR_LOST "the domain evil.example"),
    )),
    anchored(lost(
        "name-constraints/ip-exclusion-of-anchor-lost",
        &ADDRESSES,
        "an address that the trust anchor's certificate excludes and the issuer permits",
        page!(ANCHOR_LOST "the network 198.51.100.0/24"),
    )),
    anchored(lost(
        "name-constraints/email-exclusion-of-anchor-lost",
        &MAILBOXES,
        "a mailbox that the trust anchor's certificate excludes and the issuer permits",
        page!(ANCHOR_LOST "mailboxes at evil.example"),
    )),
    anchored(lost(
        "name-constraints/uri-exclusion-of-anchor-lost",
        &URIS,
        "a URI that the trust anchor's certificate excludes and the issuer permits",
        page!(ANCHOR_LOST "URIs of the host evil.example"),
    )),
    anchored(lost(
        "name-constraints/directory-exclusion-of-anchor-lost",
        &SUBJECTS,
        "a subject of a branch that the trust anchor's certificate excludes and the issuer permits",
        page!(ANCHOR_LOST "the branch Finance of the directory"),
    )),
];

const fn of_issuer(
    id: &'static str,
    summary: &'static str,
    page: &'static str,
    prepare: Step,
    spoil: Step,
) -> Defect {
    Defect {
        id: DefectId(id),
        summary,
        page,
        positions: AT_ISSUER,
        prepare,
        spoil,
        ..ROW.defect()
    }
}

/// Constraints and the name of the issuer itself.
pub(super) const OF_ISSUER: &[Defect] = &[
    of_issuer(
        "name-constraints/issuer-subject-excluded",
        "a CA whose own subject its issuer excludes",
        "Constraints are about every certificate that follows, intermediates included. A verifier that applies them to \
         the end entity alone lets a sub-CA take the name of a branch it has no right to.",
        |recipe, _| {
            let upper = upper_intermediate(recipe)?;
            constrain(recipe, &upper, [&[], FINANCE], true)?;
            certificate_at(recipe, Position::Intermediate)?.subject =
                directory_name(&["Gatecrash Example", "Devices", "Issuing CA"]);
            Ok(())
        },
        |recipe, _| {
            certificate_at(recipe, Position::Intermediate)?.subject =
                directory_name(&["Gatecrash Example", "Finance", "Issuing CA"]);
            Ok(())
        },
    ),
    of_issuer(
        "name-constraints/issuer-subject-not-permitted",
        "a CA whose own subject lies outside the branch that its issuer permits",
        "The CA two levels up permits one branch, and the CA below it is named as one of another. Its end entity lies in \
         the permitted branch, so a verifier that compares that name alone finds nothing wrong.",
        |recipe, _| {
            let upper = upper_intermediate(recipe)?;
            constrain(recipe, &upper, [DEVICES, &[]], true)?;
            DEVICE.put_on(recipe)
        },
        |recipe, _| {
            certificate_at(recipe, Position::Intermediate)?.subject =
                directory_name(&["Gatecrash Example", "Finance", "Issuing CA"]);
            Ok(())
        },
    ),
    Defect {
        positions: AT_END_ENTITY,
        ..of_issuer(
            "name-constraints/self-issued-end-entity",
            "a dNSName outside the permitted subtree in an end entity that bears its issuer's name",
            "Self-issued certificates are exempt from name constraints, but for the last of the path (RFC 5280 section 6.1.3 \
         (b)). A verifier that exempts them all lets a constrained CA issue anything under its own name.",
            |recipe, _| {
                let issuer = label_at(recipe, Position::Intermediate)?;
                constrain(recipe, &issuer, [HOME, &[]], true)?;
                let subject = certificate_at(recipe, Position::Intermediate)?
                    .subject
                    .clone();
                let end_entity = certificate_at(recipe, Position::EndEntity)?;
                end_entity.subject = subject;
                // By its names alone it would be signed by itself; OpenSSL and its kin stop there.
                for identifier in [
                    ExtensionValue::SubjectKeyIdentifier(KeyIdentifier::OfKey),
                    ExtensionValue::AuthorityKeyIdentifier(KeyIdentifier::OfKey),
                ] {
                    end_entity.set_extension(identifier.not_critical());
                }
                Bearer::Alternative(GOOD).put_on(recipe)
            },
            |recipe, _| {
                Bearer::Alternative(EVIL).put_in_place_of(&Bearer::Alternative(GOOD), recipe)
            },
        )
    },
];
