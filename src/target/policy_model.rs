//! The policy tree of RFC 5280 section 6.1, written down as it stands there:
//! slow, exponential, and easy to compare with the text.
//!
//! The reference validator keeps the graph of RFC 9618 instead, which must
//! give the same answers.

/// What one certificate says about policies. Policy 0 is anyPolicy.
#[derive(Clone, Debug, Default)]
pub(super) struct Policies {
    pub(super) policies: Option<Vec<u8>>,
    pub(super) mappings: Vec<(u8, u8)>,
    pub(super) require_explicit: Option<u64>,
    pub(super) inhibit_mapping: Option<u64>,
    pub(super) inhibit_any: Option<u64>,
    pub(super) self_issued: bool,
}

const ANY: u8 = 0;

/// A node of the tree: its depth is that of the list it stands in.
#[derive(Clone, Debug)]
struct Node {
    valid_policy: u8,
    expected: Vec<u8>,
    /// Its place in the level above.
    parent: usize,
}

/// The valid_policy_tree, level by level. A node that is pruned is `None`.
pub(super) struct Model {
    levels: Vec<Vec<Option<Node>>>,
}

impl Model {
    /// Whether the path is valid as far as policies go, with any-policy as the
    /// initial set and nothing inhibited.
    pub(super) fn judge(path: &[Policies]) -> bool {
        let length = path.len() as u64;
        let (mut explicit, mut mapping, mut any) = (length + 1, length + 1, length + 1);
        let root = Node {
            valid_policy: ANY,
            expected: vec![ANY],
            parent: 0,
        };
        let mut tree = Some(Self {
            levels: vec![vec![Some(root)]],
        });
        for (index, certificate) in path.iter().enumerate() {
            let is_last = index + 1 == path.len();
            // (d) and (e)
            match &certificate.policies {
                Some(policies) => {
                    if let Some(model) = &mut tree {
                        let any_allowed = any > 0 || (!is_last && certificate.self_issued);
                        model.extend(policies, any_allowed);
                    }
                }
                None => tree = None,
            }
            tree = tree.filter(|model| !model.is_empty());
            // (f)
            if explicit == 0 && tree.is_none() {
                return false;
            }
            if is_last {
                break;
            }
            // 6.1.4 (a)
            if certificate
                .mappings
                .iter()
                .any(|(from, to)| *from == ANY || *to == ANY)
            {
                return false;
            }
            // 6.1.4 (b)
            if let Some(model) = &mut tree {
                model.map(&certificate.mappings, mapping > 0);
            }
            tree = tree.filter(|model| !model.is_empty());
            // 6.1.4 (h), (i), (j)
            if !certificate.self_issued {
                for counter in [&mut explicit, &mut mapping, &mut any] {
                    *counter = counter.saturating_sub(1);
                }
            }
            explicit = explicit.min(certificate.require_explicit.unwrap_or(u64::MAX));
            mapping = mapping.min(certificate.inhibit_mapping.unwrap_or(u64::MAX));
            any = any.min(certificate.inhibit_any.unwrap_or(u64::MAX));
        }
        // 6.1.5 (a), (b) and (g); the initial set is any-policy, so the tree is the intersection.
        explicit = explicit.saturating_sub(1);
        if path.last().and_then(|one| one.require_explicit) == Some(0) {
            explicit = 0;
        }
        explicit > 0 || tree.is_some()
    }

    // RFC 5280 section 6.1.3 (d)
    fn extend(&mut self, policies: &[u8], any_allowed: bool) {
        let above: Vec<Option<Node>> = self.levels.last().cloned().unwrap_or_default();
        let parents = || {
            above
                .iter()
                .enumerate()
                .filter_map(|(at, node)| Some((at, node.as_ref()?)))
        };
        let mut level: Vec<Option<Node>> = Vec::new();
        let mut add = |valid_policy, parent| {
            level.push(Some(Node {
                valid_policy,
                expected: vec![valid_policy],
                parent,
            }));
        };
        for &policy in policies.iter().filter(|policy| **policy != ANY) {
            let mut matched = false;
            for (at, node) in parents() {
                if node.expected.contains(&policy) {
                    add(policy, at);
                    matched = true;
                }
            }
            if !matched {
                for (at, node) in parents() {
                    if node.valid_policy == ANY {
                        add(policy, at);
                    }
                }
            }
        }
        if policies.contains(&ANY) && any_allowed {
            for (at, node) in parents() {
                for &expected in &node.expected {
                    let has = level
                        .iter()
                        .flatten()
                        .any(|child: &Node| child.parent == at && child.valid_policy == expected);
                    if !has {
                        level.push(Some(Node {
                            valid_policy: expected,
                            expected: vec![expected],
                            parent: at,
                        }));
                    }
                }
            }
        }
        self.levels.push(level);
        self.prune();
    }

    // RFC 5280 section 6.1.4 (b)
    fn map(&mut self, mappings: &[(u8, u8)], allowed: bool) {
        let Some(level) = self.levels.last_mut() else {
            return;
        };
        let mut sources: Vec<u8> = mappings.iter().map(|(from, _)| *from).collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            let targets: Vec<u8> = mappings
                .iter()
                .filter(|(from, _)| *from == source)
                .map(|(_, to)| *to)
                .collect();
            if !allowed {
                for node in level.iter_mut() {
                    if node
                        .as_ref()
                        .is_some_and(|node| node.valid_policy == source)
                    {
                        *node = None;
                    }
                }
                continue;
            }
            let mut found = false;
            for node in level.iter_mut().flatten() {
                if node.valid_policy == source {
                    node.expected.clone_from(&targets);
                    found = true;
                }
            }
            let parent = level.iter().flatten().find(|node| node.valid_policy == ANY);
            if let (false, Some(parent)) = (found, parent.map(|node| node.parent)) {
                level.push(Some(Node {
                    valid_policy: source,
                    expected: targets,
                    parent,
                }));
            }
        }
        self.prune();
    }

    /// Nodes of the levels above the last that have no children go.
    fn prune(&mut self) {
        for depth in (0..self.levels.len().saturating_sub(1)).rev() {
            let (above, below) = self.levels.split_at_mut(depth + 1);
            for (at, node) in above[depth].iter_mut().enumerate() {
                if !below[0].iter().flatten().any(|child| child.parent == at) {
                    *node = None;
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.levels[0].iter().flatten().next().is_none()
            || self
                .levels
                .last()
                .is_none_or(|level| level.iter().flatten().next().is_none())
    }
}
