//! Where the constraint stands: in the anchor, above the issuer, at two levels at once.

use super::{
    Bearer, CLIENT, Place, ROW, Row,
    Text::{Directory, Dns, Email, Ip, Uri},
    VIOLATED, constrain, defects, directory_name, excluded, permitted, upper_intermediate,
};
use crate::{
    defect::{Class, Defect, DefectId, Position, Severity, Step, Unfit, certificate_at, label_at},
    recipe::Recipe,
};

const AT_ANCHOR: &[Position] = &[Position::Anchor];
const AT_END_ENTITY: &[Position] = &[Position::EndEntity];
const HOME: &[super::Text] = &[Dns("gatecrash.example")];
const GOOD: &[super::Text] = &[Dns("inside.gatecrash.example")];
const EVIL: &[super::Text] = &[Dns("host.evil.example")];
const MAIL: &[super::Text] = &[Email("gatecrash.example")];
const GOOD_MAIL: &[super::Text] = &[Email("ann@gatecrash.example")];
const EVIL_MAIL: &[super::Text] = &[Email("ann@evil.example")];
/// URIs of the settings stay, so the subtree holds their host.
const SITE: &[super::Text] = &[Uri("gatecrash.example"), Uri(".gatecrash.example")];
const GOOD_URI: &[super::Text] = &[Uri("https://www.gatecrash.example/")];
const EVIL_URI: &[super::Text] = &[Uri("https://evil.example/")];
const NEAR: &[super::Text] = &[Ip(&[192, 0, 2, 7])];
const FAR: &[super::Text] = &[Ip(&[198, 51, 100, 7])];
const NET: &[super::Text] = &[Ip(&[192, 0, 2, 0, 255, 255, 255, 0])];

/// A row whose constraint is the anchor's own, which RFC 5280 leaves to the verifier's configuration.
const fn anchored(row: Row) -> Row {
    Row {
        positions: AT_ANCHOR,
        class: Class::Policy,
        severity: Severity::Medium,
        ..row
    }
}

/// A row whose constraint stands two levels above the end entity.
const fn above(row: Row) -> Row {
    Row {
        positions: AT_END_ENTITY,
        place: Place::UpperIntermediate,
        ..row
    }
}

/// Constraints of one certificate.
pub(super) const ONE: &[Defect] = defects![
    anchored(permitted(
        "name-constraints/anchor-permitted-dns",
        HOME,
        [GOOD, EVIL],
        "a dNSName outside what the trust anchor's certificate permits",
        "The constraint stands in the anchor's own certificate. RFC 5280 takes only name and key from an anchor, RFC \
         5937 adds its constraints; operators who put a constraint into their root expect it to hold.",
    )),
    anchored(excluded(
        "name-constraints/anchor-excluded-dns",
        &[Dns("evil.example")],
        [GOOD, EVIL],
        "a dNSName that the trust anchor's certificate excludes",
        "The root says which domain it must not be used for. A verifier that reduces its anchors to name and key loses \
         that, and nobody is told.",
    )),
    anchored(excluded(
        "name-constraints/anchor-excluded-ip",
        NET,
        [&[Ip(&[198, 51, 100, 7])], &[Ip(&[192, 0, 2, 7])]],
        "an address that the trust anchor's certificate excludes",
        "The anchor's certificate excludes a network. Constraints of an anchor are the operator's own rules and should \
         be kept for every form of name, not for hosts alone.",
    )),
    anchored(Row {
        good: Bearer::Subject(&["Gatecrash Example", "Devices", "device-7"]),
        bad: Bearer::Subject(&["Gatecrash Example", "Finance", "device-7"]),
        ..excluded(
            "name-constraints/anchor-excluded-directory",
            &[Directory(&["Gatecrash Example", "Finance"])],
            [&[], &[]],
            "a subject that the trust anchor's certificate excludes",
            "The root excludes a branch of the company's directory. The subject of the end entity is of that branch, \
             some levels below.",
        )
    }),
    anchored(permitted(
        "name-constraints/anchor-permitted-ip",
        NET,
        [NEAR, FAR],
        "an address outside the network that the trust anchor's certificate permits",
        "The root is for one network alone. A verifier that applies DNS constraints of an anchor and drops those of \
         addresses honours half of what the operator wrote.",
    )),
    anchored(permitted(
        "name-constraints/anchor-permitted-email",
        MAIL,
        [GOOD_MAIL, EVIL_MAIL],
        "a mailbox outside the host that the trust anchor's certificate permits",
        "A root for the mailboxes of one host. What a verifier reduces to name and key vouches for the mailboxes of \
         everybody.",
    )),
    anchored(excluded(
        "name-constraints/anchor-excluded-email",
        &[Email("evil.example")],
        [GOOD_MAIL, EVIL_MAIL],
        "a mailbox at a host that the trust anchor's certificate excludes",
        "The operator has taken one host out of what the root may vouch for. Only a verifier that reads constraints of \
         anchors, in every form, keeps it out.",
    )),
    anchored(permitted(
        "name-constraints/anchor-permitted-uri",
        SITE,
        [GOOD_URI, EVIL_URI],
        "a URI outside the hosts that the trust anchor's certificate permits",
        "In a service mesh the URI is the identity, and a constrained root is how two meshes share a verifier. Without \
         the constraint each can name the services of the other.",
    )),
    anchored(excluded(
        "name-constraints/anchor-excluded-uri",
        &[Uri("evil.example")],
        [GOOD_URI, EVIL_URI],
        "a URI with a host that the trust anchor's certificate excludes",
        "The host is excluded at the very top, and the URI names it. An anchor that was reduced to name and key has \
         forgotten the exclusion.",
    )),
    above(permitted(
        "name-constraints/upper-permitted-dns",
        HOME,
        [GOOD, EVIL],
        "a dNSName outside what a CA two levels up permits",
        "Constraints are inherited by all that follows. A verifier that asks only the direct issuer lets any constrained \
         CA shed its chains by making itself a CA below.",
    )),
    above(excluded(
        "name-constraints/upper-excluded-dns",
        &[Dns("evil.example")],
        [GOOD, EVIL],
        "a dNSName that a CA two levels up excludes",
        "The exclusion stands one level higher than the issuer, which says nothing of its own. It must be carried down \
         the path.",
    )),
    above(excluded(
        "name-constraints/upper-excluded-ip",
        NET,
        [&[Ip(&[198, 51, 100, 7])], &[Ip(&[192, 0, 2, 7])]],
        "an address that a CA two levels up excludes",
        "The same inheritance for addresses: the network is excluded two levels above the certificate that names a host \
         of it.",
    )),
    above(permitted(
        "name-constraints/upper-permitted-ip",
        NET,
        [NEAR, FAR],
        "an address outside the network that a CA two levels up permits",
        "The issuer says nothing of addresses, the CA above it permits one network. What is not carried down the path \
         constrains nobody.",
    )),
    above(permitted(
        "name-constraints/upper-permitted-email",
        MAIL,
        [GOOD_MAIL, EVIL_MAIL],
        "a mailbox outside the host that a CA two levels up permits",
        "Mailboxes are a form of their own in the state that a verifier carries down the path. One that carries only \
         DNS constraints loses this one at the first step.",
    )),
    above(excluded(
        "name-constraints/upper-excluded-email",
        &[Email("evil.example")],
        [GOOD_MAIL, EVIL_MAIL],
        "a mailbox at a host that a CA two levels up excludes",
        "Exclusions add up on the way down. A verifier that starts each step from the constraints of the certificate at \
         hand forgets this one.",
    )),
    above(permitted(
        "name-constraints/upper-permitted-uri",
        SITE,
        [GOOD_URI, EVIL_URI],
        "a URI outside the hosts that a CA two levels up permits",
        "The CA of a mesh permits its own trust domain, a CA below issues for the services. The constraint of the upper \
         one must hold for them.",
    )),
    above(excluded(
        "name-constraints/upper-excluded-uri",
        &[Uri("evil.example")],
        [GOOD_URI, EVIL_URI],
        "a URI with a host that a CA two levels up excludes",
        "The exclusion stands two levels above the certificate that bears the URI, in a form that many verifiers apply \
         at one level only, if at all.",
    )),
    above(Row {
        good: Bearer::SubjectEmail("ann@gatecrash.example"),
        bad: Bearer::SubjectEmail("ann@evil.example"),
        purposes: CLIENT,
        ..excluded(
            "name-constraints/upper-excluded-email-in-subject",
            &[super::Text::Email("evil.example")],
            [&[], &[]],
            "a mailbox in the subject that a CA two levels up excludes",
            "Two places that are easy to forget at once: a constraint of an upper CA, and a mailbox that stands only in \
             the subject.",
        )
    }),
];

const fn two_levels(
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
        positions: AT_END_ENTITY,
        prepare,
        spoil,
        ..ROW.defect()
    }
}

/// Upper CA and issuer each permit these subtrees.
fn both(recipe: &mut Recipe, upper: &[super::Text], lower: &[super::Text]) -> Result<(), Unfit> {
    let label = upper_intermediate(recipe)?;
    constrain(recipe, &label, [upper, &[]], true)?;
    let label = label_at(recipe, Position::Intermediate)?;
    constrain(recipe, &label, [lower, &[]], true)
}

/// Upper CA and issuer each with permitted DNS subtrees, which share one.
const BOTH: Step = |recipe, _| {
    let upper = upper_intermediate(recipe)?;
    let issuer = label_at(recipe, Position::Intermediate)?;
    constrain(
        recipe,
        &upper,
        [&[Dns("gatecrash.example"), Dns("corp.example")], &[]],
        true,
    )?;
    constrain(
        recipe,
        &issuer,
        [&[Dns("gatecrash.example"), Dns("lab.example")], &[]],
        true,
    )?;
    Bearer::Alternative(GOOD).put_on(recipe)
};

/// Constraints of two certificates, and names of issuers.
pub(super) const TWO: &[Defect] = &[
    two_levels(
        "name-constraints/widened-by-issuer",
        "a dNSName that the issuer permits and the CA above it does not",
        "The permitted names are those that every level permits. An issuer cannot widen what its own issuer allowed it; \
         a verifier that lets the last constraint replace the earlier ones says it can.",
        BOTH,
        |recipe, _| Bearer::Alternative(&[Dns("host.lab.example")]).put_on(recipe),
    ),
    two_levels(
        "name-constraints/narrowed-by-issuer",
        "a dNSName that the upper CA permits and the issuer does not",
        "The lower level narrows what the upper one allows. A verifier that unites the permitted subtrees of all levels \
         where it must intersect them accepts what the lower level no longer permits.",
        BOTH,
        |recipe, _| Bearer::Alternative(&[Dns("host.corp.example")]).put_on(recipe),
    ),
    two_levels(
        "name-constraints/exclusion-lost-below",
        "a dNSName that the upper CA excludes and the issuer permits",
        "Exclusions add up over the levels and no permission below undoes them. A verifier that keeps the constraints \
         of the last level only forgets the exclusion.",
        |recipe, _| {
            let upper = upper_intermediate(recipe)?;
            let issuer = label_at(recipe, Position::Intermediate)?;
            constrain(recipe, &upper, [&[], &[Dns("evil.example")]], true)?;
            constrain(
                recipe,
                &issuer,
                [&[Dns("gatecrash.example"), Dns("evil.example")], &[]],
                true,
            )?;
            Bearer::Alternative(GOOD).put_on(recipe)
        },
        |recipe, _| Bearer::Alternative(EVIL).put_on(recipe),
    ),
    two_levels(
        "name-constraints/different-forms-at-two-levels",
        "a dNSName that the upper CA does not permit, below an issuer that constrains addresses only",
        "The lower level speaks of addresses and the upper of hosts. Both hold; a verifier that replaces the whole \
         constraint level by level drops the one about hosts.",
        |recipe, _| {
            let upper = upper_intermediate(recipe)?;
            let issuer = label_at(recipe, Position::Intermediate)?;
            constrain(recipe, &upper, [HOME, &[]], true)?;
            constrain(recipe, &issuer, [NET, &[]], true)?;
            Bearer::Alternative(GOOD).put_on(recipe)
        },
        |recipe, _| Bearer::Alternative(EVIL).put_on(recipe),
    ),
    Defect {
        reasons: VIOLATED,
        ..two_levels(
            "name-constraints/issuer-subject-excluded",
            "a CA whose own subject its issuer excludes",
            "Constraints are about every certificate that follows, intermediates included. A verifier that applies them \
             to the end entity alone lets a sub-CA take the name of a branch it has no right to.",
            |recipe, _| {
                let upper = upper_intermediate(recipe)?;
                constrain(
                    recipe,
                    &upper,
                    [&[], &[Directory(&["Gatecrash Example", "Finance"])]],
                    true,
                )?;
                certificate_at(recipe, Position::Intermediate)?.subject =
                    directory_name(&["Gatecrash Example", "Devices", "Issuing CA"]);
                Ok(())
            },
            |recipe, _| {
                certificate_at(recipe, Position::Intermediate)?.subject =
                    directory_name(&["Gatecrash Example", "Finance", "Issuing CA"]);
                Ok(())
            },
        )
    },
    two_levels(
        "name-constraints/narrowed-ip-by-issuer",
        "an address that the upper CA permits and the issuer does not",
        "Both CAs permit a network, the issuer a part of what is above it. The path permits what both permit; a union of \
         the two, or the upper one alone, is too wide.",
        |recipe, _| {
            both(recipe, NET, &[Ip(&[192, 0, 2, 0, 255, 255, 255, 192])])?;
            Bearer::Alternative(NEAR).put_on(recipe)
        },
        |recipe, _| Bearer::Alternative(&[Ip(&[192, 0, 2, 200])]).put_on(recipe),
    ),
    two_levels(
        "name-constraints/widened-email-by-issuer",
        "a mailbox that the issuer permits and the CA above it does not",
        "The issuer permits a second host, which the CA above it never gave it. Each step may narrow what is permitted \
         and none may widen it.",
        |recipe, _| {
            both(recipe, MAIL, &[MAIL[0], Email("evil.example")])?;
            Bearer::Alternative(GOOD_MAIL).put_on(recipe)
        },
        |recipe, _| Bearer::Alternative(EVIL_MAIL).put_on(recipe),
    ),
    two_levels(
        "name-constraints/narrowed-uri-by-issuer",
        "a URI that the upper CA permits and the issuer does not",
        "The upper CA permits the domain with all below it, the issuer the domain's own host alone. A constraint with a \
         leading dot and one without must both hold.",
        |recipe, _| {
            both(recipe, SITE, &[Uri("gatecrash.example")])?;
            Bearer::Alternative(&[Uri("https://gatecrash.example/")]).put_on(recipe)
        },
        |recipe, _| Bearer::Alternative(GOOD_URI).put_on(recipe),
    ),
    two_levels(
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
            certificate_at(recipe, Position::EndEntity)?.subject = subject;
            Bearer::Alternative(GOOD).put_on(recipe)
        },
        |recipe, _| Bearer::Alternative(EVIL).put_on(recipe),
    ),
];
