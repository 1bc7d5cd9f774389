//! Lists outside their time, without an end, or without the number that orders them.

use super::{Class, Defect, Severity, defect, list, set, with_fresh_lists};
use crate::{
    defect::Unfit,
    der::{oid, tag},
    question::Time,
    recipe::{ExtensionValue, Recipe, TimeField},
    verdict::Reason,
};

const MALFORMED: &[Reason] = &[
    Reason::CrlMalformed,
    Reason::RevocationUnknown,
    Reason::MalformedDer,
];

pub(super) const DEFECTS: &[Defect] = &[
    Defect {
        clause: "RFC 5280 sections 5.1.2.5 and 6.3.3 (a)",
        ..defect(
            "revocation/crl-expired",
            "the list's nextUpdate has passed",
            "Somebody who can hold back a newer list can let a revoked certificate live for as long as old lists are \
             believed. rustls-webpki ignores nextUpdate unless an ExpirationPolicy is asked for, and so does every \
             verifier that treats a list as a set of serials.",
            &[Reason::CrlExpired, Reason::RevocationUnknown],
            |recipe, _| {
                let time = recipe.time;
                let list = list(recipe)?;
                list.this_update = TimeField::Moment(time.plus_days(-9));
                list.next_update = Some(TimeField::Moment(time.plus_days(-2)));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 sections 5.1.2.5 and 6.3.3 (a)",
        ..defect(
            "revocation/crl-expired-by-a-second",
            "the list's nextUpdate was one second ago",
            "The boundary itself: a list may be used until its nextUpdate and not after. A tolerance of minutes that \
             nobody configured is a window that nobody knows of.",
            &[Reason::CrlExpired, Reason::RevocationUnknown],
            |recipe, _| {
                let moment = recipe.time.plus_seconds(-1);
                list(recipe)?.next_update = Some(TimeField::Moment(moment));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.4",
        class: Class::Policy,
        severity: Severity::Medium,
        ..defect(
            "revocation/crl-not-yet-valid",
            "the list's thisUpdate is in the future",
            "A list that was issued tomorrow was made by a clock that is wrong or by somebody who prepares. It says \
             nothing of the status today. OpenSSL refuses it; verifiers that look at nextUpdate alone do not.",
            &[Reason::CrlNotYetValid, Reason::RevocationUnknown],
            |recipe, _| {
                let time = recipe.time;
                list(recipe)?.this_update = TimeField::Moment(time.plus_days(1));
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.5",
        class: Class::Policy,
        severity: Severity::Medium,
        ..defect(
            "revocation/crl-without-next-update",
            "the list does not say when the next one comes",
            "CAs must say when they will issue the next list. Without it a list never grows old, and one from last \
             year that does not name the thief is as good as today's.",
            &[
                Reason::CrlExpired,
                Reason::RevocationUnknown,
                Reason::CrlMalformed,
            ],
            |recipe, _| {
                list(recipe)?.next_update = None;
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.4",
        class: Class::Lint,
        severity: Severity::Low,
        ..defect(
            "revocation/crl-time-without-seconds",
            "the list's thisUpdate is a UTCTime without seconds",
            "Times in lists have seconds, even when these are zero. Old encoders leave them out, and readers that \
             count octets then read the Z as a digit.",
            MALFORMED,
            |recipe, _| {
                let list = list(recipe)?;
                let time = list
                    .this_update
                    .moment()
                    .ok_or(Unfit("the time is a literal"))?;
                if time.to_calendar().year() > 2049 {
                    return Err(Unfit("from 2050 on no UTCTime is right"));
                }
                let text = format!("{}Z", &to_the_minute(time)[2..]);
                list.this_update = TimeField::Literal {
                    tag: tag::UTC_TIME,
                    text,
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.1.2.4",
        class: Class::Lint,
        severity: Severity::Low,
        ..defect(
            "revocation/crl-time-in-the-wrong-form",
            "the list's thisUpdate before 2050 is a GeneralizedTime",
            "Through 2049 times are written as UTCTime, so that one moment has one encoding. What is read leniently \
             here is read differently by two programs somewhere else.",
            MALFORMED,
            |recipe, _| {
                let list = list(recipe)?;
                let time = list
                    .this_update
                    .moment()
                    .ok_or(Unfit("the time is a literal"))?;
                if time.to_calendar().year() > 2049 {
                    return Err(Unfit("from 2050 on this form is right"));
                }
                let text = format!("{}00Z", to_the_minute(time));
                list.this_update = TimeField::Literal {
                    tag: tag::GENERALIZED_TIME,
                    text,
                };
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.3",
        class: Class::Lint,
        severity: Severity::Low,
        ..defect(
            "revocation/crl-without-number",
            "the list has no number",
            "The number tells which of two lists is the newer, and which delta continues which base. A list of \
             version 2 without one does not conform.",
            &[
                Reason::CrlMalformed,
                Reason::MissingExtension,
                Reason::RevocationUnknown,
            ],
            |recipe, _| {
                list(recipe)?
                    .extensions
                    .retain(|present| present.value.oid() != oid::CRL_NUMBER);
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.3",
        class: Class::Lint,
        severity: Severity::Low,
        ..defect(
            "revocation/crl-number-critical",
            "the list's number is marked critical",
            "The number is a non-critical extension by definition. Marked critical it makes a verifier that does not \
             know it refuse the list, which is how somebody who cannot forge one may still withdraw it.",
            &[
                Reason::CrlMalformed,
                Reason::WrongCriticality,
                Reason::CrlUnknownCriticalExtension,
                Reason::RevocationUnknown,
            ],
            |recipe, _| {
                set(list(recipe)?, ExtensionValue::CrlNumber(7).critical());
                Ok(())
            },
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.3",
        class: Class::Lint,
        severity: Severity::Low,
        prepare: |recipe, position| {
            with_fresh_lists(recipe, position)?;
            number_of_octets(recipe, 20)
        },
        ..defect(
            "revocation/crl-number-too-long",
            "the list's number has 21 octets",
            "Numbers of lists end at 20 octets, which every user of lists must handle, and which the twin's has. One octet \
             more is where buffers of fixed size end.",
            MALFORMED,
            |recipe, _| number_of_octets(recipe, 21),
        )
    },
    Defect {
        clause: "RFC 5280 section 5.2.3",
        class: Class::Lint,
        severity: Severity::Low,
        ..defect(
            "revocation/crl-number-negative",
            "the list's number is negative",
            "Numbers grow from zero. A negative one, read without its sign, is the highest there is, and every true \
             list that follows looks older.",
            MALFORMED,
            |recipe, _| {
                let value = vec![tag::INTEGER, 1, 0xfe].into();
                set(
                    list(recipe)?,
                    ExtensionValue::Raw {
                        oid: oid::CRL_NUMBER,
                        value,
                    }
                    .not_critical(),
                );
                Ok(())
            },
        )
    },
];

/// Gives the list a number of so many octets.
fn number_of_octets(recipe: &mut Recipe, octets: u8) -> Result<(), Unfit> {
    let value = [vec![tag::INTEGER, octets], vec![0x11; octets.into()]].concat();
    let number = ExtensionValue::Raw {
        oid: oid::CRL_NUMBER,
        value: value.into(),
    };
    set(list(recipe)?, number.not_critical());
    Ok(())
}

/// `YYYYMMDDHHMM`, which a time without seconds ends with.
fn to_the_minute(time: Time) -> String {
    let c = time.to_calendar();
    format!(
        "{:04}{:02}{:02}{:02}{:02}",
        c.year(),
        u8::from(c.month()),
        c.day(),
        c.hour(),
        c.minute()
    )
}
