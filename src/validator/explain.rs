//! A report in words: what a person reads to learn why a chain was refused.
//!
//! Lines are data, so that a terminal can colour them; [`Explanation`] displays
//! them plainly.

use std::fmt;

use crate::{
    question::Time,
    verdict::{Reason, Verdict},
};

use super::{
    Inputs,
    anchor::Anchor,
    certificate::Certificate,
    key::parse_key,
    name_text::display_name,
    remedy::remedy,
    report::{Place, Report, Violation},
};

/// A report in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// `refused: 2 violations` or `accepted`.
    pub headline: String,
    /// `profile strict-mtls, 2026-11-23 21:07 UTC`.
    pub context: String,
    /// What follows, a certificate and what was found of it at a time.
    pub lines: Vec<Line>,
    /// What can be done, in the order of the violations and each once.
    pub remedies: Vec<&'static str>,
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Line {
    /// A certificate or anchor.
    Certificate {
        /// `end entity`, `intermediate`, `anchor`, `chain`, `not used`, or `presented` where the path is not known.
        role: &'static str,
        /// Its subject, key, serial number and end.
        what: String,
    },
    /// A violated rule.
    Violation {
        /// The reason in words.
        title: String,
        /// The values in words.
        detail: String,
        /// The clause.
        clause: &'static str,
    },
    /// A certificate without violation.
    Passed {
        /// How many rules were checked.
        checks: u32,
        /// What is worth telling.
        note: String,
    },
}

impl Report {
    /// The report in words. The inputs must be those that it answers.
    pub fn explain(&self, inputs: &Inputs<'_>, profile_name: &str) -> Explanation {
        let mut lines = Vec::new();
        let mut shown: Vec<&Violation> = Vec::new();
        for (position, entry) in self.path.iter().enumerate() {
            let (role, what, index) = match entry.place {
                Place::Presented(index) => {
                    let role = if position == 0 {
                        "end entity"
                    } else {
                        "intermediate"
                    };
                    (role, describe_presented(inputs, index), Some(index))
                }
                Place::Anchor(anchor) => (
                    "anchor",
                    inputs
                        .anchors
                        .get(anchor)
                        .map_or_else(String::new, describe_anchor),
                    None,
                ),
            };
            lines.push(Line::Certificate { role, what });
            let before = shown.len();
            // Violations without a certificate belong to the anchor, unless they are of the chain as a whole.
            shown.extend(self.violations.iter().filter(|found| {
                found.certificate == index && (index.is_some() || !is_of_chain(found.reason))
            }));
            lines.extend(shown[before..].iter().map(|found| violation_line(found)));
            if shown.len() == before && (index.is_some() || entry.checks > 1) {
                lines.push(Line::Passed {
                    checks: entry.checks,
                    note: entry.notes.join("; "),
                });
            }
        }
        let rest: Vec<_> = self
            .violations
            .iter()
            .filter(|found| !shown.iter().any(|other| std::ptr::eq(*other, *found)))
            .collect();
        let mut last = None;
        for found in rest {
            if last != Some(found.certificate) {
                lines.push(match found.certificate {
                    Some(index) => Line::Certificate {
                        role: "presented",
                        what: describe_presented(inputs, index),
                    },
                    None => Line::Certificate {
                        role: "chain",
                        what: String::new(),
                    },
                });
                last = Some(found.certificate);
            }
            lines.push(violation_line(found));
        }
        lines.extend(self.unused(inputs));
        let mut remedies = Vec::new();
        for found in &self.violations {
            remedies.extend(remedy(found).filter(|text| !remedies.contains(text)));
        }
        let count = self.violations.len();
        let headline = match &self.verdict {
            Verdict::Accept => "accepted".to_owned(),
            Verdict::Reject(_) if count == 1 => "refused: 1 violation".to_owned(),
            Verdict::Reject(_) => format!("refused: {count} violations"),
            Verdict::Inconclusive(why) => format!("refused: no answer ({why})"),
        };
        Explanation {
            headline,
            context: format!("profile {profile_name}, {}", display_time(inputs.time)),
            lines,
            remedies,
        }
    }

    /// What was presented and has no place in the path, unless its violations were told.
    fn unused(&self, inputs: &Inputs<'_>) -> Vec<Line> {
        let on_path = |index| {
            self.path
                .iter()
                .any(|entry| entry.place == Place::Presented(index))
        };
        let told = |index| {
            self.violations
                .iter()
                .any(|found| found.certificate == Some(index))
        };
        // Before the end nobody knows what would have been used.
        let role = match self.verdict {
            Verdict::Inconclusive(_) => "presented",
            _ => "not used",
        };
        let unused = (1..inputs.chain.len()).filter(|&index| !on_path(index) && !told(index));
        unused
            .take(UNUSED_SHOWN)
            .map(|index| Line::Certificate {
                role,
                what: describe_presented(inputs, index),
            })
            .collect()
    }
}

/// How many certificates outside the path are shown: a pile of them explains nothing.
const UNUSED_SHOWN: usize = 8;

fn is_of_chain(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::PathTooDeep
            | Reason::BudgetExceeded
            | Reason::IdentityNotAllowed
            | Reason::NoCertificate
    )
}

fn violation_line(found: &Violation) -> Line {
    Line::Violation {
        title: found.reason.name().replace('-', " "),
        detail: found.detail.clone(),
        clause: found.clause,
    }
}

fn describe_presented(inputs: &Inputs<'_>, index: usize) -> String {
    match inputs.chain.get(index).map(|der| Certificate::parse(der)) {
        Some(Ok(certificate)) => describe(&certificate),
        Some(Err(_)) => format!(
            "number {} of those presented, which cannot be read",
            index + 1
        ),
        None => String::new(),
    }
}

fn describe_anchor(anchor: &Anchor) -> String {
    match anchor.certificate() {
        Some(certificate) => describe(certificate),
        None => format!(
            "{}   {}",
            display_name(anchor.name_der()),
            display_key(anchor.key_info())
        ),
    }
}

fn describe(certificate: &Certificate) -> String {
    let subject = match certificate.subject().is_empty() {
        true => "(no subject)".to_owned(),
        false => display_name(certificate.subject_der()),
    };
    let end = certificate.not_after().to_calendar().date();
    format!(
        "{subject}   {}   serial {}   until {end}",
        display_key(certificate.key_info()),
        display_serial(certificate.serial())
    )
}

/// The kind and size of the key in a SubjectPublicKeyInfo, as `RSA 2048` or `P-256`.
pub fn display_key(key_info: &[u8]) -> String {
    parse_key(key_info).map_or_else(|_| "malformed key".to_owned(), |key| key.to_string())
}

/// A serial number in hexadecimal octets, the middle left out of a long one.
pub fn display_serial(serial: &[u8]) -> String {
    let octets: Vec<_> = serial.iter().map(|octet| format!("{octet:02x}")).collect();
    match octets.as_slice() {
        [first, second, .., last] if octets.len() > 8 => format!("{first}:{second}:…:{last}"),
        _ => octets.join(":"),
    }
}

/// `2026-11-21 21:07 UTC`, with seconds where there are any.
pub fn display_time(time: Time) -> String {
    let moment = time.to_calendar();
    let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
    let (hour, minute, second) = (moment.hour(), moment.minute(), moment.second());
    let seconds = if second == 0 {
        String::new()
    } else {
        format!(":{second:02}")
    };
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}{seconds} UTC")
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}   {}", self.headline, self.context)?;
        for line in &self.lines {
            match line {
                Line::Certificate { role, what } => {
                    writeln!(f, "{}", format!("  {role:<12}  {what}").trim_end())?
                }
                Line::Violation {
                    title,
                    detail,
                    clause,
                } => writeln!(f, "    ✗ {title}: {detail} ({clause})")?,
                Line::Passed { checks, note } => {
                    writeln!(f, "{}", format!("    ✓ {checks} checks  {note}").trim_end())?;
                }
            }
        }
        for remedy in &self.remedies {
            writeln!(f, "  to do         {remedy}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_serials_are_short() {
        assert_eq!(
            display_time(Time::from_unix_seconds(1_795_295_220)),
            "2026-11-21 21:07 UTC"
        );
        assert_eq!(
            display_time(Time::from_unix_seconds(59)),
            "1970-01-01 00:00:59 UTC"
        );
        assert_eq!(display_serial(&[0x4b, 0x91]), "4b:91");
        assert_eq!(display_serial(&[1, 2, 3, 4, 5, 6, 7, 8, 9]), "01:02:…:09");
    }
}
