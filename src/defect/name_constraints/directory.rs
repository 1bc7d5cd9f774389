//! directoryName constraints: the subject and the alternative names.

use super::{
    Bearer, Row,
    Text::{Directory, Other},
    defects, excluded,
    level::{DEVICE as GOOD, DEVICES as HOME, FINANCE, PAYER},
    permitted,
};
use crate::defect::Defect;

const SUBJECT: &[&str] = &["Gatecrash Example", "Devices", "device-7"];
const GOOD_ALTERNATIVE: &[super::Text] =
    &[Directory(&["Gatecrash Example", "Devices", "device-8"])];
const EVIL_ALTERNATIVE: &[super::Text] = &[Directory(&["Gatecrash Example", "Finance", "payer"])];

const NONE: [&[super::Text]; 2] = [&[], &[]];

pub(super) const DEFECTS: &[Defect] = defects![
    Row {
        good: GOOD,
        bad: PAYER,
        ..permitted(
            "name-constraints/permitted-directory",
            HOME,
            NONE,
            "a subject outside the permitted subtree",
            "In a company's own PKI the distinguished name is the identity. A branch's CA that names the subject of \
             another branch is stopped by nothing but this constraint.",
        )
    },
    Row {
        good: GOOD,
        bad: PAYER,
        ..excluded(
            "name-constraints/excluded-directory",
            FINANCE,
            NONE,
            "a subject inside the excluded subtree",
            "One branch is excluded and the subject is of it. A verifier that applies constraints to alternative names \
             alone never looks at the subject.",
        )
    },
    Row {
        good: GOOD,
        bad: Bearer::Subject(&["GATECRASH  example", "finance", "device-7"]),
        ..excluded(
            "name-constraints/excluded-directory-case",
            FINANCE,
            NONE,
            "a subject inside the excluded subtree, in other case and spacing",
            "RFC 5280 section 7.1 compares names without case and with inner spaces folded. A comparison of octets \
             lets the excluded branch back in as FINANCE.",
        )
    },
    Row {
        good: GOOD,
        bad: Bearer::Subject(&["Gatecrash Example"]),
        ..permitted(
            "name-constraints/permitted-directory-parent",
            HOME,
            NONE,
            "a subject that is the parent of the permitted subtree",
            "The subject has fewer attributes than the constraint. A comparison that runs to the end of the shorter name \
             finds nothing that differs.",
        )
    },
    Row {
        good: GOOD,
        bad: Bearer::Subject(&["Gatecrash Example", "Devices of others", "device-7"]),
        ..permitted(
            "name-constraints/permitted-directory-longer-value",
            HOME,
            NONE,
            "a subject whose attribute only begins with the permitted value",
            "Attributes are compared whole. Code that compares encoded prefixes must take care that the \
             prefix ends where an attribute ends.",
        )
    },
    Row {
        good: Bearer::SubjectAndAlternative(SUBJECT, GOOD_ALTERNATIVE),
        bad: Bearer::SubjectAndAlternative(SUBJECT, EVIL_ALTERNATIVE),
        ..permitted(
            "name-constraints/permitted-directory-alternative",
            HOME,
            NONE,
            "a directoryName among the alternative names, outside the permitted subtree",
            "A certificate can hold further distinguished names as alternative names, and the constraint is about those \
             too. A verifier that compares the subject alone lets a second identity ride along.",
        )
    },
    Row {
        good: Bearer::SubjectAndAlternative(SUBJECT, GOOD_ALTERNATIVE),
        bad: Bearer::SubjectAndAlternative(SUBJECT, EVIL_ALTERNATIVE),
        ..excluded(
            "name-constraints/excluded-directory-alternative",
            FINANCE,
            NONE,
            "a directoryName among the alternative names, inside the excluded subtree",
            "The subject is good and the alternative name is of the excluded branch. Services that read the directory \
             name from the alternative names take it for the identity.",
        )
    },
    Row {
        good: GOOD,
        bad: Bearer::Subject(&["Finance", "Gatecrash Example", "device-7"]),
        ..permitted(
            "name-constraints/permitted-directory-order",
            HOME,
            NONE,
            "a subject with the right values in the wrong attributes",
            "A distinguished name is a path and not a bag of words: type and order of each attribute count. Comparing \
             printed names, or sets of values, gets this wrong.",
        )
    },
    Row {
        good: Bearer::Subject(&["Gatecrash Example", "Devices", "device-7"]),
        bad: Bearer::Subject(&["Someone Else", "Devices", "device-7"]),
        ..permitted(
            "name-constraints/permitted-directory-of-several",
            &[
                Directory(&["Gatecrash Example", "Devices"]),
                Directory(&["Gatecrash Example", "Laboratory"])
            ],
            NONE,
            "a subject outside both of two permitted subtrees",
            "Several permitted subtrees are alternatives, and one must hold the subject. Here the organization itself \
             is somebody else's.",
        )
    },
    Row {
        good: GOOD,
        bad: PAYER,
        ..permitted(
            "name-constraints/permitted-directory-case",
            &[Directory(&["GATECRASH  example", "DEVICES"])],
            NONE,
            "a subject outside a permitted subtree that is written in capitals",
            "The twin's subject lies in the subtree, which the constraint writes in other case and spacing, and must be let \
             in. The hostile one is of another branch however it is written.",
        )
    },
    Row {
        good: GOOD,
        bad: PAYER,
        ..excluded(
            "name-constraints/excluded-directory-constraint-case",
            &[Directory(&["GATECRASH  example", "FINANCE"])],
            NONE,
            "a subject inside an excluded subtree that the constraint writes in capitals",
            "The other side of the comparison: here the constraint is in capitals and the subject is not. Both have to be \
             folded, or the exclusion is void.",
        )
    },
    Row {
        good: GOOD,
        bad: PAYER,
        ..excluded(
            "name-constraints/excluded-directory-second-subtree",
            &[
                Directory(&["Gatecrash Example", "Laboratory"]),
                Directory(&["Gatecrash Example", "Finance"])
            ],
            NONE,
            "a subject inside the second of two excluded subtrees",
            "Each excluded branch counts. A verifier that keeps one constraint for each form of name forgets one of \
             the two, and which one it forgets depends on the order that the CA happened to write them in.",
        )
    },
    Row {
        good: Bearer::NoSubject,
        bad: GOOD,
        ..excluded(
            "name-constraints/excluded-directory-all",
            &[Other(&[0xa4, 2, 0x30, 0])],
            NONE,
            "a subject although the empty name excludes all of them",
            "Every name lies below the empty one, so to exclude it is to forbid the CA any directory name. The twin has none. \
             A verifier that skips an empty base drops the prohibition.",
        )
    },
    Row {
        good: Bearer::NoSubject,
        bad: Bearer::Alternative(&[Directory(&["Gatecrash Example", "Finance", "payer"])]),
        ..excluded(
            "name-constraints/excluded-directory-all-alternative",
            &[Other(&[0xa4, 2, 0x30, 0])],
            NONE,
            "a directoryName among the alternative names although the empty name excludes all of them",
            "The subject is empty, as the constraint demands, and the name of a branch stands among the alternative names. \
             A verifier that looks at the subject alone finds nothing to compare.",
        )
    },
];
