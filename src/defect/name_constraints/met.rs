//! Two special things at once, in one constraint and the name that it is about.
//!
//! A wildcard that is compared as it should be, and letter case that is folded as it
//! should be, may still go wrong together: another branch of the code treats them.

use super::{
    Bearer::{Alternative, Subject, SubjectAndAlternative, SubjectEmail},
    CLIENT,
    Text::{Directory, Dns, Email, Uri},
    defects,
    product::{HOSTS, MAILBOXES, SUBJECTS, URIS, at_every_level, cell, level},
};
use crate::defect::Defect;

/// All that may meet, of each form that has it.
pub(super) const MET: &[Defect] = at_every_level![cell:
    [permitted HOSTS "permitted-dns-wildcard-name-case", "a wildcard in capitals", "",
        "gatecrash.example, and the certificate is for *.EVIL.example",
        "Star and capitals together take another way through the code than either.",
        &[Dns("gatecrash.example")], Alternative(&[Dns("*.Gatecrash.EXAMPLE")]), Alternative(&[Dns("*.EVIL.example")]), {}]
    [permitted HOSTS "permitted-dns-wildcard-constraint-case", "a wildcard", ", in capitals there",
        "GATECRASH.Example, and the certificate is for *.evil.example",
        "The twin is the wildcard of the permitted domain, which is spelt in capitals in the constraint alone.",
        &[Dns("GATECRASH.Example")], Alternative(&[Dns("*.gatecrash.example")]), Alternative(&[Dns("*.evil.example")]), {}]
    [excluded HOSTS "excluded-dns-wildcard-constraint-case", "a wildcard", ", in capitals there",
        "EVIL.Example, and the certificate is for *.evil.example",
        "Code that compares wildcards by themselves may have forgotten to fold the constraint.",
        &[Dns("EVIL.Example")], Alternative(&[Dns("*.gatecrash.example")]), Alternative(&[Dns("*.evil.example")]), {}]
    [permitted HOSTS "permitted-dns-wildcard-of-several", "a wildcard", ", which are two domains",
        "gatecrash.example and corp.example, and the certificate is for *.evil.example",
        "The wildcard has to lie in one of two domains, and lies in neither.",
        &[Dns("gatecrash.example"), Dns("corp.example")], Alternative(&[Dns("*.corp.example")]), Alternative(&[Dns("*.evil.example")]), {}]
    [excluded HOSTS "excluded-dns-wildcard-second-subtree", "a wildcard", ", second of two domains",
        "lab.example and evil.example, and the certificate is for *.evil.example",
        "The wildcard is compared with each exclusion, the last one included.",
        &[Dns("lab.example"), Dns("evil.example")], Alternative(&[Dns("*.gatecrash.example")]), Alternative(&[Dns("*.evil.example")]), {}]
    [permitted HOSTS "permitted-dns-case-of-both", "a dNSName in capitals", ", in capitals there too",
        "GATECRASH.Example, and the certificate is for HOST.EVIL.example",
        "Both sides are in capitals and in different ones, so that folding either alone finds no match for the twin.",
        &[Dns("GATECRASH.Example")], Alternative(&[Dns("INSIDE.gatecrash.example")]), Alternative(&[Dns("HOST.EVIL.example")]), {}]
    [excluded HOSTS "excluded-dns-case-of-both", "a dNSName in capitals", ", in capitals there too",
        "Evil.EXAMPLE, and the certificate is for HOST.EVIL.example",
        "Neither side is in small letters, so a verifier that folds one of them compares capitals with small letters.",
        &[Dns("Evil.EXAMPLE")], Alternative(&[Dns("inside.gatecrash.example")]), Alternative(&[Dns("HOST.EVIL.example")]), {}]
    [permitted HOSTS "permitted-dns-name-case-of-several", "a dNSName in capitals", ", two of them",
        "gatecrash.example and corp.example, and the certificate is for HOST.EVIL.example",
        "The twin is in the second subtree, and written in capitals.",
        &[Dns("gatecrash.example"), Dns("corp.example")], Alternative(&[Dns("INSIDE.CORP.example")]), Alternative(&[Dns("HOST.EVIL.example")]), {}]
    [excluded HOSTS "excluded-dns-name-case-second-subtree", "a dNSName in capitals", ", second of two",
        "lab.example and evil.example, and the certificate is for HOST.EVIL.example",
        "The exclusion that counts is the second, and it has to be compared without case.",
        &[Dns("lab.example"), Dns("evil.example")], Alternative(&[Dns("inside.gatecrash.example")]), Alternative(&[Dns("HOST.EVIL.example")]), {}]
    [permitted HOSTS "permitted-dns-constraint-case-of-several", "a dNSName", ", two of them, one in capitals",
        "gatecrash.example and CORP.example, and the certificate is for host.evil.example",
        "Only the second subtree is in capitals, and the twin lies there.",
        &[Dns("gatecrash.example"), Dns("CORP.example")], Alternative(&[Dns("inside.corp.example")]), Alternative(&[Dns("host.evil.example")]), {}]
    [excluded HOSTS "excluded-dns-constraint-case-second-subtree", "a dNSName", ", second of two, in capitals there",
        "lab.example and EVIL.example, and the certificate is for host.evil.example",
        "Every subtree of the list has to be folded, and not the first alone.",
        &[Dns("lab.example"), Dns("EVIL.example")], Alternative(&[Dns("inside.gatecrash.example")]), Alternative(&[Dns("host.evil.example")]), {}]
    [permitted MAILBOXES "permitted-email-case-of-both", "a mailbox with its host in capitals", ", in capitals there too",
        "GATECRASH.Example, and the certificate is for ann@EVIL.example",
        "Both sides are in capitals and in different ones, so that folding either alone finds no match for the twin.",
        &[Email("GATECRASH.Example")], Alternative(&[Email("ann@GATECRASH.example")]), Alternative(&[Email("ann@EVIL.example")]), {}]
    [excluded MAILBOXES "excluded-email-case-of-both", "a mailbox with its host in capitals", ", in capitals there too",
        "Evil.EXAMPLE, and the certificate is for ann@EVIL.example",
        "Neither side is in small letters, so a verifier that folds one of them compares capitals with small letters.",
        &[Email("Evil.EXAMPLE")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@EVIL.example")]), {}]
    [permitted MAILBOXES "permitted-email-name-case-of-several", "a mailbox with its host in capitals", ", two of them",
        "gatecrash.example and corp.example, and the certificate is for ann@EVIL.example",
        "The twin is in the second subtree, and written in capitals.",
        &[Email("gatecrash.example"), Email("corp.example")], Alternative(&[Email("ann@CORP.example")]), Alternative(&[Email("ann@EVIL.example")]), {}]
    [excluded MAILBOXES "excluded-email-name-case-second-subtree", "a mailbox with its host in capitals", ", second of two",
        "lab.example and evil.example, and the certificate is for ann@EVIL.example",
        "The exclusion that counts is the second, and it has to be compared without case.",
        &[Email("lab.example"), Email("evil.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@EVIL.example")]), {}]
    [permitted MAILBOXES "permitted-email-constraint-case-of-several", "a mailbox", ", two of them, one in capitals",
        "gatecrash.example and CORP.example, and the certificate is for ann@evil.example",
        "Only the second subtree is in capitals, and the twin lies there.",
        &[Email("gatecrash.example"), Email("CORP.example")], Alternative(&[Email("ann@corp.example")]), Alternative(&[Email("ann@evil.example")]), {}]
    [excluded MAILBOXES "excluded-email-constraint-case-second-subtree", "a mailbox", ", second of two, in capitals there",
        "lab.example and EVIL.example, and the certificate is for ann@evil.example",
        "Every subtree of the list has to be folded, and not the first alone.",
        &[Email("lab.example"), Email("EVIL.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@evil.example")]), {}]
    [permitted URIS "permitted-uri-case-of-both", "a URI with its host in capitals", ", in capitals there too",
        "GATECRASH.Example, and the certificate is for https://EVIL.example/",
        "Both sides are in capitals and in different ones, so that folding either alone finds no match for the twin.",
        &[Uri("GATECRASH.Example")], Alternative(&[Uri("https://GATECRASH.example/inside")]), Alternative(&[Uri("https://EVIL.example/")]), {}]
    [excluded URIS "excluded-uri-case-of-both", "a URI with its host in capitals", ", in capitals there too",
        "Evil.EXAMPLE, and the certificate is for https://EVIL.example/",
        "Neither side is in small letters, so a verifier that folds one of them compares capitals with small letters.",
        &[Uri("Evil.EXAMPLE")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://EVIL.example/")]), {}]
    [permitted URIS "permitted-uri-name-case-of-several", "a URI with its host in capitals", ", two of them",
        "gatecrash.example and corp.example, and the certificate is for https://EVIL.example/",
        "The twin is in the second subtree, and written in capitals.",
        &[Uri("gatecrash.example"), Uri("corp.example")], Alternative(&[Uri("https://CORP.example/")]), Alternative(&[Uri("https://EVIL.example/")]), {}]
    [excluded URIS "excluded-uri-name-case-second-subtree", "a URI with its host in capitals", ", second of two",
        "lab.example and evil.example, and the certificate is for https://EVIL.example/",
        "The exclusion that counts is the second, and it has to be compared without case.",
        &[Uri("lab.example"), Uri("evil.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://EVIL.example/")]), {}]
    [permitted URIS "permitted-uri-constraint-case-of-several", "a URI", ", two of them, one in capitals",
        "gatecrash.example and CORP.example, and the certificate is for https://evil.example/",
        "Only the second subtree is in capitals, and the twin lies there.",
        &[Uri("gatecrash.example"), Uri("CORP.example")], Alternative(&[Uri("https://corp.example/")]), Alternative(&[Uri("https://evil.example/")]), {}]
    [excluded URIS "excluded-uri-constraint-case-second-subtree", "a URI", ", second of two, in capitals there",
        "lab.example and EVIL.example, and the certificate is for https://evil.example/",
        "Every subtree of the list has to be folded, and not the first alone.",
        &[Uri("lab.example"), Uri("EVIL.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://evil.example/")]), {}]
    [permitted MAILBOXES "permitted-email-domain-name-case", "a mailbox with its host in capitals", ", which has a leading dot",
        ".gatecrash.example, and the certificate is for ann@MAIL.EVIL.example",
        "The end of the host is compared, and without case.",
        &[Email(".gatecrash.example")], Alternative(&[Email("ann@mail.GATECRASH.example")]), Alternative(&[Email("ann@MAIL.EVIL.example")]), {}]
    [excluded MAILBOXES "excluded-email-domain-name-case", "a mailbox with its host in capitals", ", which has a leading dot",
        ".evil.example, and the certificate is for ann@MAIL.EVIL.example",
        "A comparison of endings is a comparison of octets in most libraries, and lets capitals through.",
        &[Email(".evil.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@MAIL.EVIL.example")]), {}]
    [permitted MAILBOXES "permitted-email-domain-constraint-case", "a mailbox", ", which has a leading dot and capitals",
        ".GATECRASH.example, and the certificate is for ann@mail.evil.example",
        "The domain is in capitals behind its dot, and the twin below it in small letters.",
        &[Email(".GATECRASH.example")], Alternative(&[Email("ann@mail.gatecrash.example")]), Alternative(&[Email("ann@mail.evil.example")]), {}]
    [excluded MAILBOXES "excluded-email-domain-constraint-case", "a mailbox", ", which has a leading dot and capitals",
        ".EVIL.example, and the certificate is for ann@mail.evil.example",
        "The rule for domains has to fold what it compares, as the rule for hosts does.",
        &[Email(".EVIL.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@mail.evil.example")]), {}]
    [permitted MAILBOXES "permitted-email-domain-of-several", "a mailbox", ", two of which have a leading dot",
        ".gatecrash.example and .corp.example, and the certificate is for ann@mail.evil.example",
        "The twin lies below the last of the domains.",
        &[Email(".gatecrash.example"), Email(".corp.example")], Alternative(&[Email("ann@mail.corp.example")]), Alternative(&[Email("ann@mail.evil.example")]), {}]
    [excluded MAILBOXES "excluded-email-domain-second-subtree", "a mailbox", ", second of two domains with a leading dot",
        ".lab.example and .evil.example, and the certificate is for ann@mail.evil.example",
        "A domain excludes what lies below it, wherever it stands in the list.",
        &[Email(".lab.example"), Email(".evil.example")], Alternative(&[Email("ann@gatecrash.example")]), Alternative(&[Email("ann@mail.evil.example")]), {}]
    [permitted URIS "permitted-uri-domain-name-case", "a URI with its host in capitals", ", which has a leading dot",
        "gatecrash.example and .gatecrash.example, and the certificate is for https://WWW.EVIL.example/",
        "The end of the host is compared, and without case.",
        &[Uri("gatecrash.example"), Uri(".gatecrash.example")], Alternative(&[Uri("https://www.GATECRASH.example/")]), Alternative(&[Uri("https://WWW.EVIL.example/")]), {}]
    [excluded URIS "excluded-uri-domain-name-case", "a URI with its host in capitals", ", which has a leading dot",
        ".evil.example, and the certificate is for https://WWW.EVIL.example/",
        "A comparison of endings is a comparison of octets in most libraries, and lets capitals through.",
        &[Uri(".evil.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://WWW.EVIL.example/")]), {}]
    [permitted URIS "permitted-uri-domain-constraint-case", "a URI", ", which has a leading dot and capitals",
        "gatecrash.example and .GATECRASH.example, and the certificate is for https://www.evil.example/",
        "The domain is in capitals behind its dot, and the twin below it in small letters.",
        &[Uri("gatecrash.example"), Uri(".GATECRASH.example")], Alternative(&[Uri("https://www.gatecrash.example/")]), Alternative(&[Uri("https://www.evil.example/")]), {}]
    [excluded URIS "excluded-uri-domain-constraint-case", "a URI", ", which has a leading dot and capitals",
        ".EVIL.example, and the certificate is for https://www.evil.example/",
        "The rule for domains has to fold what it compares, as the rule for hosts does.",
        &[Uri(".EVIL.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://www.evil.example/")]), {}]
    [permitted URIS "permitted-uri-domain-of-several", "a URI", ", two of which have a leading dot",
        "gatecrash.example and .gatecrash.example and .corp.example, and the certificate is for https://www.evil.example/",
        "The twin lies below the last of the domains.",
        &[Uri("gatecrash.example"), Uri(".gatecrash.example"), Uri(".corp.example")], Alternative(&[Uri("https://www.corp.example/")]), Alternative(&[Uri("https://www.evil.example/")]), {}]
    [excluded URIS "excluded-uri-domain-second-subtree", "a URI", ", second of two domains with a leading dot",
        ".lab.example and .evil.example, and the certificate is for https://www.evil.example/",
        "A domain excludes what lies below it, wherever it stands in the list.",
        &[Uri(".lab.example"), Uri(".evil.example")], Alternative(&[Uri("https://gatecrash.example/inside")]), Alternative(&[Uri("https://www.evil.example/")]), {}]
    [permitted MAILBOXES "permitted-email-in-subject-name-case", "a mailbox in the subject alone, with its host in capitals,", "",
        "gatecrash.example, and the subject has the mailbox ann@EVIL.example",
        "The twin has its permitted host in capitals, in the subject.",
        &[Email("gatecrash.example")], SubjectEmail("ann@GATECRASH.example"), SubjectEmail("ann@EVIL.example"), { purposes: CLIENT}]
    [excluded MAILBOXES "excluded-email-in-subject-name-case", "a mailbox in the subject alone, with its host in capitals,", "",
        "evil.example, and the subject has the mailbox ann@EVIL.example",
        "What is read from the subject has to be folded as what is read from the alternative names.",
        &[Email("evil.example")], SubjectEmail("ann@gatecrash.example"), SubjectEmail("ann@EVIL.example"), { purposes: CLIENT}]
    [permitted MAILBOXES "permitted-email-in-subject-constraint-case", "a mailbox in the subject alone", ", in capitals there",
        "GATECRASH.example, and the subject has the mailbox ann@evil.example",
        "The constraint is in capitals and the twin is not.",
        &[Email("GATECRASH.example")], SubjectEmail("ann@gatecrash.example"), SubjectEmail("ann@evil.example"), { purposes: CLIENT}]
    [excluded MAILBOXES "excluded-email-in-subject-constraint-case", "a mailbox in the subject alone", ", in capitals there",
        "EVIL.example, and the subject has the mailbox ann@evil.example",
        "The mailbox stands where few look for it, and its exclusion is spelt in capitals.",
        &[Email("EVIL.example")], SubjectEmail("ann@gatecrash.example"), SubjectEmail("ann@evil.example"), { purposes: CLIENT}]
    [permitted MAILBOXES "permitted-email-in-subject-domain", "a mailbox in the subject alone", ", which has a leading dot",
        ".gatecrash.example, and the subject has the mailbox ann@mail.evil.example",
        "The attribute of the subject follows the same three rules of mailbox, host and domain.",
        &[Email(".gatecrash.example")], SubjectEmail("ann@mail.gatecrash.example"), SubjectEmail("ann@mail.evil.example"), { purposes: CLIENT}]
    [excluded MAILBOXES "excluded-email-in-subject-domain", "a mailbox in the subject alone", ", which has a leading dot",
        ".evil.example, and the subject has the mailbox ann@mail.evil.example",
        "The host in the subject is below the domain that the dot stands before.",
        &[Email(".evil.example")], SubjectEmail("ann@gatecrash.example"), SubjectEmail("ann@mail.evil.example"), { purposes: CLIENT}]
    [permitted MAILBOXES "permitted-email-in-subject-of-several", "a mailbox in the subject alone", ", which are two hosts",
        "gatecrash.example and corp.example, and the subject has the mailbox ann@evil.example",
        "The twin in the subject is of the second host.",
        &[Email("gatecrash.example"), Email("corp.example")], SubjectEmail("ann@corp.example"), SubjectEmail("ann@evil.example"), { purposes: CLIENT}]
    [excluded MAILBOXES "excluded-email-in-subject-second-subtree", "a mailbox in the subject alone", ", second of two hosts",
        "lab.example and evil.example, and the subject has the mailbox ann@evil.example",
        "All exclusions are about the mailbox of the subject.",
        &[Email("lab.example"), Email("evil.example")], SubjectEmail("ann@gatecrash.example"), SubjectEmail("ann@evil.example"), { purposes: CLIENT}]
    [permitted SUBJECTS "permitted-directory-case-of-both", "a subject in other case and spacing", ", in capitals there",
        "the branch DEVICES, and the subject is of the branch \"finance\"",
        "Constraint and twin are the same name in two spellings, neither of which is the usual one.",
        &[Directory(&["GATECRASH  example", "DEVICES"])], Subject(&["gatecrash example", "devices", "device-7"]), Subject(&["gatecrash example", "finance", "device-7"]), {}]
    [excluded SUBJECTS "excluded-directory-case-of-both", "a subject in other case and spacing", ", in capitals there",
        "the branch FINANCE, and the subject is of the branch \"finance\"",
        "A fold of one side alone compares small letters with capitals.",
        &[Directory(&["GATECRASH  example", "FINANCE"])], Subject(&["Gatecrash Example", "Devices", "device-7"]), Subject(&["gatecrash example", "finance", "device-7"]), {}]
    [permitted SUBJECTS "permitted-directory-name-case-of-several", "a subject in other case and spacing", ", which are two branches",
        "the branches Devices and Laboratory, and the subject is of the branch FINANCE",
        "The twin is of the second branch, in small letters.",
        &[Directory(&["Gatecrash Example", "Devices"]), Directory(&["Gatecrash Example", "Laboratory"])], Subject(&["gatecrash example", "laboratory", "device-7"]), Subject(&["gatecrash example", "FINANCE", "device-7"]), {}]
    [excluded SUBJECTS "excluded-directory-name-case-second-subtree", "a subject in other case and spacing", ", second of two branches",
        "the branches Archive and Finance, and the subject is of the branch \"finance\"",
        "The second branch is excluded however it is spelt.",
        &[Directory(&["Gatecrash Example", "Archive"]), Directory(&["Gatecrash Example", "Finance"])], Subject(&["Gatecrash Example", "Devices", "device-7"]), Subject(&["gatecrash example", "finance", "device-7"]), {}]
    [permitted SUBJECTS "permitted-directory-constraint-case-of-several", "a subject", ", two branches in capitals",
        "the branches DEVICES and LABORATORY, and the subject is of the branch Finance",
        "The twin is of the second branch, which only the constraint spells in capitals.",
        &[Directory(&["GATECRASH  example", "DEVICES"]), Directory(&["GATECRASH  example", "LABORATORY"])], Subject(&["Gatecrash Example", "Laboratory", "device-7"]), Subject(&["Gatecrash Example", "Finance", "device-7"]), {}]
    [excluded SUBJECTS "excluded-directory-constraint-case-second-subtree", "a subject", ", second of two branches in capitals",
        "the branches ARCHIVE and FINANCE, and the subject is of the branch Finance",
        "The capitals of the second exclusion have to be folded too.",
        &[Directory(&["GATECRASH  example", "ARCHIVE"]), Directory(&["GATECRASH  example", "FINANCE"])], Subject(&["Gatecrash Example", "Devices", "device-7"]), Subject(&["Gatecrash Example", "Finance", "device-7"]), {}]
    [permitted SUBJECTS "permitted-directory-alternative-name-case", "a directoryName among the alternative names, in other case,", "",
        "the branch Devices, and beside a good subject stands a second name of the branch FINANCE",
        "The twin's second name is the permitted branch in small letters.",
        &[Directory(&["Gatecrash Example", "Devices"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "FINANCE", "payer"])]), {}]
    [excluded SUBJECTS "excluded-directory-alternative-name-case", "a directoryName among the alternative names, in other case,", "",
        "the branch Finance, and beside a good subject stands a second name of the branch \"finance\"",
        "What is folded in the subject has to be folded in the alternative names.",
        &[Directory(&["Gatecrash Example", "Finance"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["gatecrash example", "finance", "payer"])]), {}]
    [permitted SUBJECTS "permitted-directory-alternative-constraint-case", "a directoryName among the alternative names", ", in capitals there",
        "the branch DEVICES, and beside a good subject stands a second name of the branch Finance",
        "Subject and second name of the twin are both found in the branch that is spelt in capitals.",
        &[Directory(&["GATECRASH  example", "DEVICES"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Finance", "payer"])]), {}]
    [excluded SUBJECTS "excluded-directory-alternative-constraint-case", "a directoryName among the alternative names", ", in capitals there",
        "the branch FINANCE, and beside a good subject stands a second name of the branch Finance",
        "Capitals in the constraint and a name where nobody looks: two oversights that hide one another.",
        &[Directory(&["GATECRASH  example", "FINANCE"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Finance", "payer"])]), {}]
    [permitted SUBJECTS "permitted-directory-alternative-of-several", "a directoryName among the alternative names", ", which are two branches",
        "the branches Devices and Laboratory, and beside a good subject stands a second name of the branch Finance",
        "Subject and second name of the twin lie in different branches, each of them permitted.",
        &[Directory(&["Gatecrash Example", "Devices"]), Directory(&["Gatecrash Example", "Laboratory"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Laboratory", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Finance", "payer"])]), {}]
    [excluded SUBJECTS "excluded-directory-alternative-second-subtree", "a directoryName among the alternative names", ", second of two branches",
        "the branches Archive and Finance, and beside a good subject stands a second name of the branch Finance",
        "Each name is compared with each exclusion, which is two loops and not one.",
        &[Directory(&["Gatecrash Example", "Archive"]), Directory(&["Gatecrash Example", "Finance"])], SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Devices", "device-8"])]), SubjectAndAlternative(&["Gatecrash Example", "Devices", "device-7"], &[Directory(&["Gatecrash Example", "Finance", "payer"])]), {}]
];
