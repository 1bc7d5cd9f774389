//! Three special things at once and more, in one constraint and the name that it is about.
//!
//! Each cell says what is special, and the words and names follow from that: whether the
//! name is in capitals, and whether the constraint is; whether the constraint is a host or
//! a domain with a leading dot; whether it is one or the second of two.

use super::{
    Bearer::{Alternative, Subject, SubjectAndAlternative, SubjectEmail},
    CLIENT,
    Text::{Directory, Dns, Email, Uri},
    defects,
    product::{self, HOSTS, MAILBOXES, SUBJECTS, URIS, at_every_level, cell, kind, level},
};
use crate::defect::Defect;

/// The base of a constraint: whose it is, how it is written, what it is.
macro_rules! base {
    (home small host) => {
        "gatecrash.example"
    };
    (home capitals host) => {
        "GATECRASH.Example"
    };
    (home small domain) => {
        ".gatecrash.example"
    };
    (home capitals domain) => {
        ".GATECRASH.Example"
    };
    (corp small host) => {
        "corp.example"
    };
    (corp capitals host) => {
        "CORP.Example"
    };
    (corp small domain) => {
        ".corp.example"
    };
    (corp capitals domain) => {
        ".CORP.Example"
    };
    (lab small host) => {
        "lab.example"
    };
    (lab capitals host) => {
        "LAB.Example"
    };
    (lab small domain) => {
        ".lab.example"
    };
    (lab capitals domain) => {
        ".LAB.Example"
    };
    (evil small host) => {
        "evil.example"
    };
    (evil capitals host) => {
        "EVIL.Example"
    };
    (evil small domain) => {
        ".evil.example"
    };
    (evil capitals domain) => {
        ".EVIL.Example"
    };
}

/// A host that such a base holds: whose it is, how it is written, what holds it.
macro_rules! host {
    (home small host) => {
        "gatecrash.example"
    };
    (home capitals host) => {
        "Gatecrash.EXAMPLE"
    };
    (home small domain) => {
        "www.gatecrash.example"
    };
    (home capitals domain) => {
        "WWW.Gatecrash.EXAMPLE"
    };
    (corp small host) => {
        "corp.example"
    };
    (corp capitals host) => {
        "Corp.EXAMPLE"
    };
    (corp small domain) => {
        "www.corp.example"
    };
    (corp capitals domain) => {
        "WWW.Corp.EXAMPLE"
    };
    (evil small host) => {
        "evil.example"
    };
    (evil capitals host) => {
        "Evil.EXAMPLE"
    };
    (evil small domain) => {
        "www.evil.example"
    };
    (evil capitals domain) => {
        "WWW.Evil.EXAMPLE"
    };
}

/// A name of this form at such a host, as text.
macro_rules! name {
    (dns $owner:ident $name:ident $what:ident) => { concat!("inside.", host!($owner $name host)) };
    (star $owner:ident $name:ident $what:ident) => { concat!("*.", host!($owner $name host)) };
    (email $owner:ident $name:ident $what:ident) => { concat!("ann@", host!($owner $name $what)) };
    (subject $owner:ident $name:ident $what:ident) => { concat!("ann@", host!($owner $name $what)) };
    (uri $owner:ident $name:ident $what:ident) => { concat!("https://", host!($owner $name $what), "/") };
}

/// The same where it stands.
macro_rules! bearer {
    (dns $($name:tt)*) => { Alternative(&[Dns(name!(dns $($name)*))]) };
    (star $($name:tt)*) => { Alternative(&[Dns(name!(star $($name)*))]) };
    (email $($name:tt)*) => { Alternative(&[Email(name!(email $($name)*))]) };
    (subject $($name:tt)*) => { SubjectEmail(name!(subject $($name)*)) };
    (uri $($name:tt)*) => { Alternative(&[Uri(name!(uri $($name)*))]) };
}

/// The subtrees: the second of two is the one that counts.
macro_rules! subtrees {
    // URIs of the settings stay, so that the subtrees hold their host.
    (of_uris permitted $base:ident domain one) => {
        &[Uri("gatecrash.example"), Uri(base!(home $base domain))]
    };
    (of_uris permitted $base:ident domain two) => {
        &[Uri("gatecrash.example"), Uri(base!(home $base domain)), Uri(base!(corp $base domain))]
    };
    (of_uris $($rest:tt)*) => { subtrees!(Uri $($rest)*) };
    ($text:ident permitted $base:ident $what:ident one) => { &[$text(base!(home $base $what))] };
    ($text:ident permitted $base:ident $what:ident two) => {
        &[$text(base!(home $base $what)), $text(base!(corp $base $what))]
    };
    ($text:ident excluded $base:ident $what:ident one) => { &[$text(base!(evil $base $what))] };
    ($text:ident excluded $base:ident $what:ident two) => {
        &[$text(base!(lab $base $what)), $text(base!(evil $base $what))]
    };
}

/// The words of a cell.
macro_rules! word {
    (permitted) => { "permitted-" };
    (excluded) => { "excluded-" };
    (id dns) => { "dns" };
    (id star) => { "dns-wildcard" };
    (id email) => { "email" };
    (id subject) => { "email-in-subject" };
    (id uri) => { "uri" };
    (id domain) => { "-domain" };
    (id host) => { "" };
    (id capitals capitals) => { "-case-of-both" };
    (id capitals small) => { "-name-case" };
    (id small capitals) => { "-constraint-case" };
    (id small small) => { "" };
    (id permitted two) => { "-of-several" };
    (id excluded two) => { "-second-subtree" };
    (id $kind:ident one) => { "" };
    (what dns $name:ident) => { concat!("a dNSName", word!(written $name)) };
    (what star $name:ident) => { concat!("a wildcard", word!(written $name)) };
    (what email $name:ident) => { concat!("a mailbox", word!(with_host $name)) };
    (what subject $name:ident) => { concat!("a mailbox", word!(with_host $name), " in the subject alone,") };
    (what uri $name:ident) => { concat!("a URI", word!(with_host $name)) };
    (written capitals) => { " in capitals" };
    (written small) => { "" };
    (with_host capitals) => { " with its host in capitals" };
    (with_host small) => { "" };
    (tail $kind:ident $base:ident host one) => { concat!(", a host", word!(written $base)) };
    (tail $kind:ident $base:ident domain one) => { concat!(", a domain with a leading dot", word!(and_written $base)) };
    (tail permitted $base:ident host two) => { concat!(", two hosts", word!(written $base)) };
    (tail permitted $base:ident domain two) => { concat!(", two domains with a leading dot", word!(and_written $base)) };
    (tail excluded $base:ident host two) => { concat!(", second of two hosts", word!(written $base)) };
    (tail excluded $base:ident domain two) => { concat!(", second of two domains with a leading dot", word!(and_written $base)) };
    (and_written capitals) => { " and in capitals" };
    (and_written small) => { "" };
    (says permitted $base:ident $what:ident one) => { base!(home $base $what) };
    (says permitted $base:ident $what:ident two) => { concat!(base!(home $base $what), " and ", base!(corp $base $what)) };
    (says excluded $base:ident $what:ident one) => { base!(evil $base $what) };
    (says excluded $base:ident $what:ident two) => { concat!(base!(lab $base $what), " and ", base!(evil $base $what)) };
    (bears subject) => { ", and the subject has the mailbox " };
    (bears $form:ident) => { ", and the certificate is for " };
    (meets star) => { "a star, " };
    (meets subject) => { "a mailbox that only the subject has, " };
    (meets capitals name) => { "capitals in the name, " };
    (meets capitals base) => { "capitals in the constraint, " };
    (meets domain) => { "a leading dot, " };
    (meets two) => { "a second subtree, " };
    (meets $($nothing:ident)*) => { "" };
}

/// Whose the twin's name is. An exclusion leaves it among those of the house.
macro_rules! twin {
    (permitted two $form:ident $name:ident $what:ident) => { bearer!($form corp $name $what) };
    ($kind:ident $count:ident $form:ident $name:ident $what:ident) => { bearer!($form home $name $what) };
}

/// A cell of `cell!` from what is special: form, how the name is written, how the constraint is,
/// whether it is a host or a domain, and how many there are.
macro_rules! together {
    ($prefix:literal $who:literal $below:literal $more:literal $level:ident
     [$kind:ident $beside:ident $text:ident $form:ident $name:ident $base:ident $what:ident $count:ident { $($field:ident: $value:expr)? }]) => {
        $crate::defect::name_constraints::Row {
            id: concat!("name-constraints/", $prefix, word!($kind), word!(id $form), word!(id $what),
                word!(id $name $base), word!(id $kind $count)),
            summary: concat!(word!(what $form $name), kind!($kind relation), $who, kind!($kind verb),
                word!(tail $kind $base $what $count), $below),
            page: concat!("What ", $who, kind!($kind verb), " is ", word!(says $kind $base $what $count), word!(bears $form),
                name!($form evil $name $what), ". Here meet ", word!(meets $form), word!(meets $name name),
                word!(meets $base base), word!(meets $what), word!(meets $count),
                "and each is a branch of its own in the code. The twin has them all as well, and is let in.", $more),
            $($field: $value,)?
            ..product::Level::$level.of(
                product::row(
                    kind!($kind kind),
                    subtrees!($text $kind $base $what $count),
                    [twin!($kind $count $form $name $what), bearer!($form evil $name $what)],
                ),
                &$beside,
            )
        }
    };
}

/// Hosts, mailboxes and URIs.
pub(super) const TOGETHER: &[Defect] = at_every_level![together:
    [permitted HOSTS Dns dns capitals capitals host two {}]
    [excluded HOSTS Dns dns capitals capitals host two {}]
    [permitted HOSTS Dns star small capitals host two {}]
    [excluded HOSTS Dns star small capitals host two {}]
    [permitted HOSTS Dns star capitals small host two {}]
    [excluded HOSTS Dns star capitals small host two {}]
    [permitted HOSTS Dns star capitals capitals host one {}]
    [excluded HOSTS Dns star capitals capitals host one {}]
    [permitted HOSTS Dns star capitals capitals host two {}]
    [excluded HOSTS Dns star capitals capitals host two {}]
    [permitted MAILBOXES Email email small capitals domain two {}]
    [excluded MAILBOXES Email email small capitals domain two {}]
    [permitted MAILBOXES Email email capitals small domain two {}]
    [excluded MAILBOXES Email email capitals small domain two {}]
    [permitted MAILBOXES Email email capitals capitals host two {}]
    [excluded MAILBOXES Email email capitals capitals host two {}]
    [permitted MAILBOXES Email email capitals capitals domain one {}]
    [excluded MAILBOXES Email email capitals capitals domain one {}]
    [permitted MAILBOXES Email email capitals capitals domain two {}]
    [excluded MAILBOXES Email email capitals capitals domain two {}]
    [permitted MAILBOXES Email subject small small domain two { purposes: CLIENT }]
    [excluded MAILBOXES Email subject small small domain two { purposes: CLIENT }]
    [permitted MAILBOXES Email subject small capitals host two { purposes: CLIENT }]
    [excluded MAILBOXES Email subject small capitals host two { purposes: CLIENT }]
    [permitted MAILBOXES Email subject small capitals domain one { purposes: CLIENT }]
    [excluded MAILBOXES Email subject small capitals domain one { purposes: CLIENT }]
    [permitted MAILBOXES Email subject small capitals domain two { purposes: CLIENT }]
    [excluded MAILBOXES Email subject small capitals domain two { purposes: CLIENT }]
    [permitted MAILBOXES Email subject capitals small host two { purposes: CLIENT }]
    [excluded MAILBOXES Email subject capitals small host two { purposes: CLIENT }]
    [permitted MAILBOXES Email subject capitals small domain one { purposes: CLIENT }]
    [excluded MAILBOXES Email subject capitals small domain one { purposes: CLIENT }]
    [permitted MAILBOXES Email subject capitals small domain two { purposes: CLIENT }]
    [excluded MAILBOXES Email subject capitals small domain two { purposes: CLIENT }]
    [permitted MAILBOXES Email subject capitals capitals host one { purposes: CLIENT }]
    [excluded MAILBOXES Email subject capitals capitals host one { purposes: CLIENT }]
    [permitted MAILBOXES Email subject capitals capitals host two { purposes: CLIENT }]
    [excluded MAILBOXES Email subject capitals capitals host two { purposes: CLIENT }]
    [permitted MAILBOXES Email subject capitals capitals domain one { purposes: CLIENT }]
    [excluded MAILBOXES Email subject capitals capitals domain one { purposes: CLIENT }]
    [permitted MAILBOXES Email subject capitals capitals domain two { purposes: CLIENT }]
    [excluded MAILBOXES Email subject capitals capitals domain two { purposes: CLIENT }]
    [permitted URIS of_uris uri small capitals domain two {}]
    [excluded URIS of_uris uri small capitals domain two {}]
    [permitted URIS of_uris uri capitals small domain two {}]
    [excluded URIS of_uris uri capitals small domain two {}]
    [permitted URIS of_uris uri capitals capitals host two {}]
    [excluded URIS of_uris uri capitals capitals host two {}]
    [permitted URIS of_uris uri capitals capitals domain one {}]
    [excluded URIS of_uris uri capitals capitals domain one {}]
    [permitted URIS of_uris uri capitals capitals domain two {}]
    [excluded URIS of_uris uri capitals capitals domain two {}]
];

/// Directory names, in the subject and beside it.
pub(super) const DIRECTORIES: &[Defect] = at_every_level![cell:
    [permitted SUBJECTS "permitted-directory-case-of-both-of-several", "a subject in other case and spacing", ", two branches in capitals",
        "the branches DEVICES and LABORATORY, and the subject is of the branch \"finance\"",
        "Here meet other case in the name, capitals in the constraint, a second subtree, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["GATECRASH  example", "DEVICES"]), Directory(&["GATECRASH  example", "LABORATORY"])], Subject(&["gatecrash example", "laboratory", "device-7"]), Subject(&["gatecrash example", "finance", "device-7"]), {}]
    [excluded SUBJECTS "excluded-directory-case-of-both-second-subtree", "a subject in other case and spacing", ", second of two branches in capitals",
        "the branches ARCHIVE and FINANCE, and the subject is of the branch \"finance\"",
        "Here meet other case in the name, capitals in the constraint, a second subtree, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["GATECRASH  example", "ARCHIVE"]), Directory(&["GATECRASH  example", "FINANCE"])], Subject(&["gatecrash example", "devices", "device-7"]), Subject(&["gatecrash example", "finance", "device-7"]), {}]
    [permitted SUBJECTS "permitted-directory-alternative-constraint-case-of-several", "a directoryName among the alternative names", ", two branches in capitals",
        "the branches DEVICES and LABORATORY, and beside a good subject stands a second name of the branch \"Finance\"",
        "Here meet a directoryName that is not the subject, capitals in the constraint, a second subtree, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["GATECRASH  example", "DEVICES"]), Directory(&["GATECRASH  example", "LABORATORY"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Laboratory", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Finance", "payer"])]), {}]
    [excluded SUBJECTS "excluded-directory-alternative-constraint-case-second-subtree", "a directoryName among the alternative names", ", second of two branches in capitals",
        "the branches ARCHIVE and FINANCE, and beside a good subject stands a second name of the branch \"Finance\"",
        "Here meet a directoryName that is not the subject, capitals in the constraint, a second subtree, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["GATECRASH  example", "ARCHIVE"]), Directory(&["GATECRASH  example", "FINANCE"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Finance", "payer"])]), {}]
    [permitted SUBJECTS "permitted-directory-alternative-name-case-of-several", "a directoryName among the alternative names in other case,", ", two branches",
        "the branches Devices and Laboratory, and beside a good subject stands a second name of the branch \"finance\"",
        "Here meet a directoryName that is not the subject, other case in the name, a second subtree, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["Gatecrash Example", "Devices"]), Directory(&["Gatecrash Example", "Laboratory"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "laboratory", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "finance", "payer"])]), {}]
    [excluded SUBJECTS "excluded-directory-alternative-name-case-second-subtree", "a directoryName among the alternative names in other case,", ", second of two branches",
        "the branches Archive and Finance, and beside a good subject stands a second name of the branch \"finance\"",
        "Here meet a directoryName that is not the subject, other case in the name, a second subtree, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["Gatecrash Example", "Archive"]), Directory(&["Gatecrash Example", "Finance"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "finance", "payer"])]), {}]
    [permitted SUBJECTS "permitted-directory-alternative-case-of-both", "a directoryName among the alternative names in other case,", ", a branch in capitals",
        "the branch DEVICES, and beside a good subject stands a second name of the branch \"finance\"",
        "Here meet a directoryName that is not the subject, other case in the name, capitals in the constraint, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["GATECRASH  example", "DEVICES"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "finance", "payer"])]), {}]
    [excluded SUBJECTS "excluded-directory-alternative-case-of-both", "a directoryName among the alternative names in other case,", ", a branch in capitals",
        "the branch FINANCE, and beside a good subject stands a second name of the branch \"finance\"",
        "Here meet a directoryName that is not the subject, other case in the name, capitals in the constraint, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["GATECRASH  example", "FINANCE"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "finance", "payer"])]), {}]
    [permitted SUBJECTS "permitted-directory-alternative-case-of-both-of-several", "a directoryName among the alternative names in other case,", ", two branches in capitals",
        "the branches DEVICES and LABORATORY, and beside a good subject stands a second name of the branch \"finance\"",
        "Here meet a directoryName that is not the subject, other case in the name, capitals in the constraint, a second subtree, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["GATECRASH  example", "DEVICES"]), Directory(&["GATECRASH  example", "LABORATORY"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "laboratory", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "finance", "payer"])]), {}]
    [excluded SUBJECTS "excluded-directory-alternative-case-of-both-second-subtree", "a directoryName among the alternative names in other case,", ", second of two branches in capitals",
        "the branches ARCHIVE and FINANCE, and beside a good subject stands a second name of the branch \"finance\"",
        "Here meet a directoryName that is not the subject, other case in the name, capitals in the constraint, a second subtree, and each is a branch of its own in the code. The twin has them all as well, and is let in.",
        &[Directory(&["GATECRASH  example", "ARCHIVE"]), Directory(&["GATECRASH  example", "FINANCE"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "finance", "payer"])]), {}]
];
