//! Certificate policies: RFC 5280 section 6.1 with the policy graph of RFC 9618.
//!
//! RFC 9618 replaces the tree, which grows exponentially (CVE-2023-0464), by a
//! graph with one node for each policy and depth. Only the last level of the
//! graph decides whether it is empty, so earlier levels are kept just for the
//! final intersection with the policies that were asked for.

use crate::verdict::{Clause, Reason};

use super::{
    budget::{Budget, OverBudget},
    certificate::Certificate,
    profile::{PolicyInputs, encode_oid},
    strict::{Reader, Span, dotted, tag},
};

/// The contents of anyPolicy, 2.5.29.32.0.
pub(super) const ANY_POLICY: &[u8] = &[0x55, 0x1d, 0x20, 0x00];

/// A policy valid at some depth.
#[derive(Clone, Debug)]
struct Node<'a> {
    policy: &'a [u8],
    /// What the next certificate must say for this node to have a child. Empty means the policy itself.
    expected: Vec<&'a [u8]>,
    /// Indices in the level above.
    parents: Vec<usize>,
}

impl<'a> Node<'a> {
    fn expects(&self, policy: &[u8]) -> bool {
        if self.expected.is_empty() {
            self.policy == policy
        } else {
            self.expected.contains(&policy)
        }
    }

    fn expectations(&self) -> &[&'a [u8]] {
        if self.expected.is_empty() {
            std::slice::from_ref(&self.policy)
        } else {
            &self.expected
        }
    }
}

/// A fault in the use of policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyFault {
    pub(crate) reason: Reason,
    pub(crate) clause: Clause,
    pub(crate) detail: String,
}

/// The state of policy processing along a path.
// RFC 5280 section 6.1.2 (a), (d), (e) and (f); RFC 9618 section 5.2
#[derive(Clone, Debug)]
pub(crate) struct PolicyState<'a> {
    /// `None` is the graph NULL.
    levels: Option<Vec<Vec<Node<'a>>>>,
    explicit_policy: usize,
    inhibit_any_policy: usize,
    policy_mapping: usize,
    refused: bool,
}

impl<'a> PolicyState<'a> {
    pub(crate) fn new(inputs: &PolicyInputs, path_length: usize) -> Self {
        let unless = |inhibited: bool| if inhibited { 0 } else { path_length + 1 };
        let root = Node {
            policy: ANY_POLICY,
            expected: Vec::new(),
            parents: Vec::new(),
        };
        Self {
            levels: Some(vec![vec![root]]),
            explicit_policy: unless(inputs.require_explicit),
            inhibit_any_policy: unless(inputs.inhibit_any),
            policy_mapping: unless(inputs.inhibit_mapping),
            refused: false,
        }
    }

    /// Processes one certificate's policies.
    // RFC 9618 section 5.3, which replaces RFC 5280 section 6.1.3 (d) to (f)
    pub(crate) fn check_policies(
        &mut self,
        certificate: &'a Certificate,
        is_last: bool,
        budget: &mut Budget,
    ) -> Result<Option<PolicyFault>, OverBudget> {
        let any_allowed = self.inhibit_any_policy > 0 || !is_last && certificate.is_self_issued();
        let der = certificate.der();
        match (
            certificate.extensions().certificate_policies,
            &mut self.levels,
        ) {
            (Some(place), Some(levels)) => {
                if let Some(policy) = find_duplicate(der, place, budget)? {
                    return Ok(Some(PolicyFault {
                        reason: Reason::BadPolicy,
                        clause: "RFC 5280 section 4.2.1.4",
                        detail: format!("policy {} stands twice", dotted(policy)),
                    }));
                }
                let above = levels.last().map_or(&[][..], Vec::as_slice);
                let level = next_level(above, der, place, any_allowed, budget)?;
                if level.is_empty() {
                    self.levels = None;
                } else {
                    levels.push(level);
                }
            }
            (None, _) => self.levels = None,
            (Some(_), None) => {}
        }
        // RFC 5280 section 6.1.3 (f)
        Ok(self.refuse_if_empty(certificate))
    }

    fn refuse_if_empty(&mut self, certificate: &Certificate) -> Option<PolicyFault> {
        if self.explicit_policy > 0 || self.levels.is_some() || self.refused {
            return None;
        }
        self.refused = true;
        Some(PolicyFault {
            reason: Reason::NoValidPolicy,
            clause: "RFC 5280 section 6.1.3 (f); RFC 9618 section 5.3",
            detail: format!(
                "a policy is required and none is valid from the anchor to here; this certificate has {}",
                display_policies(own_policies(certificate))
            ),
        })
    }

    /// Prepares for the next certificate.
    // RFC 5280 section 6.1.4 (a), (b), (h), (i) and (j); RFC 9618 section 5.4
    pub(crate) fn prepare_next(
        &mut self,
        certificate: &'a Certificate,
        budget: &mut Budget,
    ) -> Result<Option<PolicyFault>, OverBudget> {
        let extensions = certificate.extensions();
        if let Some(place) = extensions.policy_mappings {
            let mappings = mappings(certificate.der(), place);
            budget.spend_policy_nodes(mappings.len())?;
            if mappings
                .iter()
                .any(|(from, to)| *from == ANY_POLICY || *to == ANY_POLICY)
            {
                return Ok(Some(PolicyFault {
                    reason: Reason::BadPolicy,
                    clause: "RFC 5280 sections 4.2.1.5 and 6.1.4 (a)",
                    detail: "anyPolicy is mapped".to_owned(),
                }));
            }
            self.apply_mappings(&mappings, budget)?;
        }
        if !certificate.is_self_issued() {
            for counter in [
                &mut self.explicit_policy,
                &mut self.policy_mapping,
                &mut self.inhibit_any_policy,
            ] {
                *counter = counter.saturating_sub(1);
            }
        }
        let lower = |counter: &mut usize, limit: Option<u32>| {
            if let Some(limit) = limit {
                *counter = (*counter).min(limit as usize);
            }
        };
        let constraints = extensions.policy_constraints.unwrap_or_default();
        lower(
            &mut self.explicit_policy,
            constraints.require_explicit_policy,
        );
        lower(&mut self.policy_mapping, constraints.inhibit_policy_mapping);
        lower(&mut self.inhibit_any_policy, extensions.inhibit_any_policy);
        Ok(None)
    }

    fn apply_mappings(
        &mut self,
        mappings: &[(&'a [u8], &'a [u8])],
        budget: &mut Budget,
    ) -> Result<(), OverBudget> {
        let inhibited = self.policy_mapping == 0;
        let Some(level) = self.levels.as_mut().and_then(|levels| levels.last_mut()) else {
            return Ok(());
        };
        budget.spend_policy_nodes(level.len())?;
        if inhibited {
            level.retain(|node| !mappings.iter().any(|(from, _)| *from == node.policy));
        } else {
            let mut sources: Vec<&[u8]> = mappings.iter().map(|(from, _)| *from).collect();
            sources.sort_unstable();
            sources.dedup();
            let any_parents = level
                .iter()
                .find(|node| node.policy == ANY_POLICY)
                .map(|node| node.parents.clone());
            for source in sources {
                let expected: Vec<&[u8]> = mappings
                    .iter()
                    .filter(|(from, _)| *from == source)
                    .map(|(_, to)| *to)
                    .collect();
                budget.spend_policy_nodes(expected.len())?;
                match (
                    level.iter_mut().find(|node| node.policy == source),
                    &any_parents,
                ) {
                    (Some(node), _) => node.expected = expected,
                    (None, Some(parents)) => level.push(Node {
                        policy: source,
                        expected,
                        parents: parents.clone(),
                    }),
                    (None, None) => {}
                }
            }
        }
        if level.is_empty() {
            self.levels = None;
        }
        Ok(())
    }

    /// The end of the path: is some policy left that was asked for?
    // RFC 5280 section 6.1.5 (a), (b) and (g); RFC 9618 section 5.5
    pub(crate) fn check_outcome(
        &mut self,
        end_entity: &Certificate,
        inputs: &PolicyInputs,
    ) -> Option<PolicyFault> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        let constraints = end_entity
            .extensions()
            .policy_constraints
            .unwrap_or_default();
        if constraints.require_explicit_policy == Some(0) {
            self.explicit_policy = 0;
        }
        if self.explicit_policy > 0 || self.refused {
            return None;
        }
        let initial: Vec<Vec<u8>> = inputs
            .initial
            .iter()
            .filter_map(|policy| encode_oid(policy))
            .collect();
        let wanted =
            |policy: &[u8]| initial.is_empty() || initial.iter().any(|initial| initial == policy);
        let valid = self.authority_policies();
        if valid
            .iter()
            .any(|policy| *policy == ANY_POLICY || wanted(policy))
        {
            return None;
        }
        self.refused = true;
        Some(PolicyFault {
            reason: Reason::NoValidPolicy,
            clause: "RFC 5280 section 6.1.5 (g); RFC 9618 section 5.5",
            detail: format!(
                "a policy is required: asked for {}, valid along the path {}, named by this certificate {}",
                match initial.is_empty() {
                    true => "any".to_owned(),
                    false => display_policies(initial.iter().map(Vec::as_slice)),
                },
                display_policies(valid.into_iter()),
                display_policies(own_policies(end_entity))
            ),
        })
    }

    /// The policies under which the path is valid, in the words of the first issuer to name them.
    // RFC 9618 section 5.5 (g)(iii): nodes whose parent is anyPolicy, and anyPolicy itself at the end
    fn authority_policies(&self) -> Vec<&'a [u8]> {
        let Some(levels) = &self.levels else {
            return Vec::new();
        };
        let mut policies = Vec::new();
        let mut reached: Vec<usize> = (0..levels.last().map_or(0, Vec::len)).collect();
        for (depth, level) in levels.iter().enumerate().rev() {
            let last = depth + 1 == levels.len();
            let mut next = Vec::new();
            for node in reached.iter().filter_map(|&index| level.get(index)) {
                let above = depth.checked_sub(1).and_then(|above| levels.get(above));
                let from_any = node.parents.iter().any(|&parent| {
                    above
                        .and_then(|above| above.get(parent))
                        .is_some_and(|parent| parent.policy == ANY_POLICY)
                });
                if node.policy == ANY_POLICY {
                    if last {
                        policies.push(node.policy);
                    }
                } else if from_any {
                    policies.push(node.policy);
                }
                next.extend(&node.parents);
            }
            next.sort_unstable();
            next.dedup();
            reached = next;
        }
        policies
    }
}

// RFC 9618 section 5.3 (d)
fn next_level<'a>(
    above: &[Node<'a>],
    der: &'a [u8],
    place: Span,
    any_allowed: bool,
    budget: &mut Budget,
) -> Result<Vec<Node<'a>>, OverBudget> {
    let mut level: Vec<Node<'a>> = Vec::new();
    let any_parent = above.iter().position(|node| node.policy == ANY_POLICY);
    let parents_of = |policy: &[u8], budget: &mut Budget| -> Result<Vec<usize>, OverBudget> {
        budget.spend_policy_nodes(1 + above.len())?;
        Ok(above
            .iter()
            .enumerate()
            .filter(|(_, node)| node.expects(policy))
            .map(|(index, _)| index)
            .collect())
    };
    for policy in policies(der, place).filter(|policy| *policy != ANY_POLICY) {
        let mut parents = parents_of(policy, budget)?;
        if parents.is_empty() {
            parents.extend(any_parent);
        }
        if !parents.is_empty() {
            level.push(Node {
                policy,
                expected: Vec::new(),
                parents,
            });
        }
    }
    if any_allowed && policies(der, place).any(|policy| policy == ANY_POLICY) {
        for expected in above.iter().flat_map(|node| node.expectations()) {
            budget.spend_policy_nodes(1 + level.len())?;
            if level.iter().all(|node| node.policy != *expected) {
                let parents = parents_of(expected, budget)?;
                level.push(Node {
                    policy: expected,
                    expected: Vec::new(),
                    parents,
                });
            }
        }
    }
    Ok(level)
}

/// The policies that a certificate names.
fn own_policies(certificate: &Certificate) -> impl Iterator<Item = &[u8]> {
    let place = certificate.extensions().certificate_policies;
    place
        .into_iter()
        .flat_map(move |place| policies(certificate.der(), place))
}

/// The first few policies, in dotted decimal.
fn display_policies<'p>(mut policies: impl Iterator<Item = &'p [u8]>) -> String {
    let shown: Vec<_> = policies
        .by_ref()
        .take(4)
        .map(|policy| match policy {
            ANY_POLICY => "anyPolicy".to_owned(),
            _ => dotted(policy),
        })
        .collect();
    match (shown.is_empty(), policies.count()) {
        (true, _) => "none".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The policies in a list that was checked when it was read.
fn policies(der: &[u8], place: Span) -> impl Iterator<Item = &[u8]> {
    let mut list = Reader::inside(der, place);
    std::iter::from_fn(move || {
        if list.is_empty() {
            return None;
        }
        let mut information = list.open(tag::SEQUENCE).ok()?;
        let oid = information.oid().ok()?;
        Some(information.bytes(oid))
    })
}

// RFC 5280 section 4.2.1.4: a policy must not appear more than once
fn find_duplicate<'a>(
    der: &'a [u8],
    place: Span,
    budget: &mut Budget,
) -> Result<Option<&'a [u8]>, OverBudget> {
    let mut sorted: Vec<&[u8]> = policies(der, place).collect();
    budget.spend_policy_nodes(sorted.len())?;
    sorted.sort_unstable();
    Ok(sorted
        .windows(2)
        .find(|pair| pair[0] == pair[1])
        .map(|pair| pair[0]))
}

fn mappings(der: &[u8], place: Span) -> Vec<(&[u8], &[u8])> {
    let mut list = Reader::inside(der, place);
    let mut mappings = Vec::new();
    while let Ok(mut mapping) = list.open(tag::SEQUENCE) {
        let (Ok(from), Ok(to)) = (mapping.oid(), mapping.oid()) else {
            break;
        };
        mappings.push((mapping.bytes(from), mapping.bytes(to)));
    }
    mappings
}
