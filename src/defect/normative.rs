//! What the standards say that a relying party must do or refuse, and what here shows whether it does.
//!
//! The table is data (`normative.toml`): each statement in our own words with
//! its clause, the defects that violate it and the reason for which the
//! reference validator refuses them, or why neither can exist. What is not
//! covered yet says so.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::verdict::Reason;

/// One MUST or MUST NOT.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Statement {
    /// Where it stands.
    pub clause: String,
    /// What it says, in our own words.
    pub says: String,
    /// Ids of the defects that violate it.
    #[serde(default)]
    pub defects: Vec<String>,
    /// The reason for which the validator refuses them.
    #[serde(default)]
    pub refused_as: Option<Reason>,
    /// Where no defect can violate it: why.
    #[serde(default)]
    pub why_not: Option<String>,
    /// Where one could, and none does yet: what is missing.
    #[serde(default)]
    pub missing: Option<String>,
}

impl Statement {
    /// Whether a defect violates it and a rule refuses that, or neither can exist.
    pub fn is_covered(&self) -> bool {
        self.missing.is_none()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    statement: Vec<Statement>,
}

static TABLE: LazyLock<Vec<Statement>> = LazyLock::new(|| {
    let table: Table =
        toml::from_str(include_str!("normative.toml")).expect("the committed table is TOML");
    table.statement
});

/// Every statement, in the order of the standards.
pub fn statements() -> &'static [Statement] {
    &TABLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defect::find;

    #[test]
    fn every_statement_is_violated_or_says_why_it_is_not() {
        let mut wrong = Vec::new();
        for statement in statements() {
            let place = format!("{}: {}", statement.clause, statement.says);
            let shown = !statement.defects.is_empty() && statement.refused_as.is_some();
            let answers = [
                shown,
                statement.why_not.is_some(),
                statement.missing.is_some(),
            ];
            if answers.iter().filter(|answer| **answer).count() != 1 {
                wrong.push(format!(
                    "{place}: needs defects with a reason, or why-not, or missing"
                ));
            }
            for id in &statement.defects {
                match find(id) {
                    None => wrong.push(format!("{place}: no defect {id}")),
                    Some(defect)
                        if !statement
                            .refused_as
                            .is_some_and(|reason| defect.reasons.contains(&reason)) =>
                    {
                        wrong.push(format!("{place}: {id} is not refused as that"));
                    }
                    Some(_) => {}
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn nineteen_of_twenty_statements_are_covered() {
        let covered = statements()
            .iter()
            .filter(|statement| statement.is_covered())
            .count();
        assert!(
            covered * 100 >= statements().len() * 95,
            "{covered} of {}",
            statements().len()
        );
    }
}
