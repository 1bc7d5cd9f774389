//! Where the constraint stands: in the anchor, or above the issuer.

use super::{
    Bearer, CLIENT, Place, Row,
    Text::{Directory, Dns, Email, Ip, Uri},
    defects, excluded, permitted,
};
use crate::defect::{Class, Defect, Position, Severity};

const AT_ANCHOR: &[Position] = &[Position::Anchor];
pub(super) const AT_END_ENTITY: &[Position] = &[Position::EndEntity];
pub(super) const HOME: &[super::Text] = &[Dns("gatecrash.example")];
pub(super) const GOOD: &[super::Text] = &[Dns("inside.gatecrash.example")];
pub(super) const EVIL: &[super::Text] = &[Dns("host.evil.example")];
pub(super) const MAIL: &[super::Text] = &[Email("gatecrash.example")];
pub(super) const GOOD_MAIL: &[super::Text] = &[Email("ann@gatecrash.example")];
pub(super) const EVIL_MAIL: &[super::Text] = &[Email("ann@evil.example")];
/// URIs of the settings stay, so the subtree holds their host.
pub(super) const SITE: &[super::Text] = &[Uri("gatecrash.example"), Uri(".gatecrash.example")];
pub(super) const GOOD_URI: &[super::Text] = &[Uri("https://www.gatecrash.example/")];
pub(super) const HOUSE: &[super::Text] = &[Uri("gatecrash.example")];
pub(super) const HOUSE_URI: &[super::Text] = &[Uri("https://gatecrash.example/inside")];
pub(super) const EVIL_URI: &[super::Text] = &[Uri("https://evil.example/")];
pub(super) const NEAR: &[super::Text] = &[Ip(&[192, 0, 2, 7])];
pub(super) const FAR: &[super::Text] = &[Ip(&[198, 51, 100, 7])];
pub(super) const NET: &[super::Text] = &[Ip(&[192, 0, 2, 0, 255, 255, 255, 0])];
pub(super) const DEVICES: &[super::Text] = &[Directory(&["Gatecrash Example", "Devices"])];
pub(super) const FINANCE: &[super::Text] = &[Directory(&["Gatecrash Example", "Finance"])];
pub(super) const DEVICE: Bearer = Bearer::Subject(&["Gatecrash Example", "Devices", "device-7"]);
pub(super) const PAYER: Bearer = Bearer::Subject(&["Gatecrash Example", "Finance", "device-7"]);

/// A row whose constraint is the anchor's own, which RFC 5280 leaves to the verifier's configuration.
pub(super) const fn anchored(row: Row) -> Row {
    Row {
        positions: AT_ANCHOR,
        class: Class::Policy,
        severity: Severity::Medium,
        ..row
    }
}

/// A row whose constraint stands two levels above the end entity.
pub(super) const fn above(row: Row) -> Row {
    Row {
        positions: AT_END_ENTITY,
        place: Place::UpperIntermediate,
        ..row
    }
}

pub(super) const DEFECTS: &[Defect] = defects![
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
        good: DEVICE,
        bad: PAYER,
        ..excluded(
            "name-constraints/anchor-excluded-directory",
            FINANCE,
            [&[], &[]],
            "a subject that the trust anchor's certificate excludes",
            "The root excludes a branch of the company's directory. The subject of the end entity is of that branch, \
             some levels below.",
        )
    }),
    anchored(Row {
        good: DEVICE,
        bad: PAYER,
        ..permitted(
            "name-constraints/anchor-permitted-directory",
            DEVICES,
            [&[], &[]],
            "a subject outside the branch that the trust anchor's certificate permits",
            "The root is for one branch of the company's directory, and every CA below it lies in that branch. The subject \
             of the end entity does not, and no CA below says anything of it.",
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
        HOUSE,
        [HOUSE_URI, EVIL_URI],
        "a URI outside the hosts that the trust anchor's certificate permits",
        "In a service mesh the URI is the identity, and a constrained root is how two meshes share a verifier. Without \
         the constraint each can name the services of the other.",
    )),
    anchored(excluded(
        "name-constraints/anchor-excluded-uri",
        &[Uri("evil.example")],
        [HOUSE_URI, EVIL_URI],
        "a URI with a host that the trust anchor's certificate excludes",
        "The host is excluded at the very top, and the URI names it. An anchor that was reduced to name and key has \
         forgotten the exclusion.",
    )),
    anchored(Row {
        good: Bearer::SubjectEmail("ann@gatecrash.example"),
        bad: Bearer::SubjectEmail("ann@evil.example"),
        purposes: CLIENT,
        ..permitted(
            "name-constraints/anchor-permitted-email-in-subject",
            MAIL,
            [&[], &[]],
            "a mailbox in the subject alone, outside the host that the trust anchor's certificate permits",
            "What an anchor permits and what stands in the subject alone are each forgotten often. Here the one must be \
             applied to the other.",
        )
    }),
    anchored(Row {
        good: Bearer::SubjectEmail("ann@gatecrash.example"),
        bad: Bearer::SubjectEmail("ann@evil.example"),
        purposes: CLIENT,
        ..excluded(
            "name-constraints/anchor-excluded-email-in-subject",
            &[Email("evil.example")],
            [&[], &[]],
            "a mailbox in the subject alone, at a host that the trust anchor's certificate excludes",
            "The root excludes a host. The certificate has no alternative names, so the mailbox of its subject is the one \
             that the exclusion is about.",
        )
    }),
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
        HOUSE,
        [HOUSE_URI, EVIL_URI],
        "a URI outside the hosts that a CA two levels up permits",
        "The CA of a mesh permits its own trust domain, a CA below issues for the services. The constraint of the upper \
         one must hold for them.",
    )),
    above(excluded(
        "name-constraints/upper-excluded-uri",
        &[Uri("evil.example")],
        [HOUSE_URI, EVIL_URI],
        "a URI with a host that a CA two levels up excludes",
        "The exclusion stands two levels above the certificate that bears the URI, in a form that many verifiers apply \
         at one level only, if at all.",
    )),
    above(Row {
        good: DEVICE,
        bad: PAYER,
        ..permitted(
            "name-constraints/upper-permitted-directory",
            DEVICES,
            [&[], &[]],
            "a subject outside the branch that a CA two levels up permits",
            "A company's CA permits one branch, and the branch's own CA lies in it and constrains nothing. The subject of \
             another branch is stopped only by what was said above.",
        )
    }),
    above(Row {
        good: DEVICE,
        bad: PAYER,
        ..excluded(
            "name-constraints/upper-excluded-directory",
            FINANCE,
            [&[], &[]],
            "a subject of a branch that a CA two levels up excludes",
            "The branch is excluded two levels above the certificate that takes a name of it. Subjects are compared at \
             each step, with all that was excluded on the way.",
        )
    }),
    above(Row {
        good: Bearer::SubjectEmail("ann@gatecrash.example"),
        bad: Bearer::SubjectEmail("ann@evil.example"),
        purposes: CLIENT,
        ..permitted(
            "name-constraints/upper-permitted-email-in-subject",
            MAIL,
            [&[], &[]],
            "a mailbox in the subject alone, outside the host that a CA two levels up permits",
            "The upper CA permits the mailboxes of one host, and the certificate has one of another in its subject. Without \
             alternative names the constraint is about that one.",
        )
    }),
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
