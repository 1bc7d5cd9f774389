//! How much work one validation may cost, each limit with its source.
//!
//! A chain is chosen by whoever wants in. Without limits a few kilobytes of
//! cross-signed certificates or name constraints cost minutes.

use serde::{Deserialize, Serialize};

/// The limits of one validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Signatures verified, those of CRLs and OCSP responses included.
    pub signatures: u32,
    /// Steps of path building: one for each candidate issuer looked at.
    pub candidates: u32,
    /// Comparisons of a name with a name constraint.
    pub name_comparisons: u32,
    /// Octets of directory names made by string preparation to be compared, with constraints or
    /// as issuer and subject, and one for every 64 that a comparison may walk through.
    pub name_octets: u32,
    /// Nodes of the policy graph.
    pub policy_nodes: u32,
    /// Certificates of one path, self-issued ones included.
    pub path_certificates: u32,
    /// Certificates of one presented chain.
    pub presented_certificates: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // rustls-webpki's budget, after GHSA-fh2r-99q2-6mmg (CVE-2018-16875 in Go, CPU exhaustion by
            // chains of one name and many keys): 100 signatures, 200,000 steps, 250,000 comparisons.
            signatures: 100,
            candidates: 200_000,
            name_comparisons: 250_000,
            // Preparation (RFC 4518) costs up to 50 ns an octet. With 32 octets for each of those
            // comparisons, more than an attribute of most names has, it is under half a second.
            name_octets: 8_000_000,
            // CVE-2023-0464: exponential policy trees in OpenSSL. RFC 9618 keeps the graph linear
            // in the certificates; the limit holds off certificates with thousands of policies.
            policy_nodes: 65_536,
            // Longer than any path in use; PKITS needs 8, rustls-webpki allows 7.
            path_certificates: 32,
            // A TLS certificate message holds 2^24 octets: tens of thousands of certificates.
            presented_certificates: 256,
        }
    }
}

/// What a validation has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spent {
    /// Signatures verified.
    pub signatures: u32,
    /// Candidate issuers looked at.
    pub candidates: u32,
    /// Names compared with constraints.
    pub name_comparisons: u32,
    /// Octets of directory names prepared and compared.
    pub name_octets: u32,
    /// Nodes of policy graphs.
    pub policy_nodes: u32,
}

/// A limit was reached. The answer is inconclusive, and a refusal to the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: the limit of {limit} is reached")]
pub struct OverBudget {
    /// What ran out.
    pub what: &'static str,
    /// Its limit.
    pub limit: u32,
}

/// Counts work against the limits.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    spent: Spent,
}

impl Budget {
    /// A budget of which nothing is spent.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            spent: Spent::default(),
        }
    }

    /// What is spent.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// One signature is about to be verified.
    pub fn spend_signature(&mut self) -> Result<(), OverBudget> {
        spend(
            &mut self.spent.signatures,
            1,
            self.limits.signatures,
            "signatures",
        )
    }

    pub(crate) fn spend_candidates(&mut self, count: usize) -> Result<(), OverBudget> {
        spend(
            &mut self.spent.candidates,
            count,
            self.limits.candidates,
            "candidate issuers",
        )
    }

    pub(crate) fn spend_name_comparison(&mut self) -> Result<(), OverBudget> {
        spend(
            &mut self.spent.name_comparisons,
            1,
            self.limits.name_comparisons,
            "name comparisons",
        )
    }

    pub(crate) fn spend_name_octets(&mut self, count: usize) -> Result<(), OverBudget> {
        spend(
            &mut self.spent.name_octets,
            count,
            self.limits.name_octets,
            "octets of directory names",
        )
    }

    pub(crate) fn spend_policy_nodes(&mut self, count: usize) -> Result<(), OverBudget> {
        spend(
            &mut self.spent.policy_nodes,
            count,
            self.limits.policy_nodes,
            "policy nodes",
        )
    }
}

fn spend(spent: &mut u32, count: usize, limit: u32, what: &'static str) -> Result<(), OverBudget> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    *spent = spent.saturating_add(count);
    if *spent > limit {
        Err(OverBudget { what, limit })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed_and_one_more_is_not() {
        let mut budget = Budget::new(Limits {
            signatures: 2,
            ..Limits::default()
        });
        assert_eq!(budget.spend_signature(), Ok(()));
        assert_eq!(budget.spend_signature(), Ok(()));
        let over = budget.spend_signature().expect_err("over budget");
        assert_eq!(over.to_string(), "signatures: the limit of 2 is reached");
    }
}
