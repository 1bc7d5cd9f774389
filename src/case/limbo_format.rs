//! The x509-limbo format, version 1, as it stands in files: types, reader, writer.
//!
//! The format is C2SP's; its schema is `limbo-schema.json` of x509-limbo. What a
//! testcase means is next door, in `limbo`: this file knows JSON and no certificate.

use serde::{Deserialize, Serialize};

use crate::der::pem;

/// The one version of the format that there is.
pub(super) const VERSION: u32 = 1;

/// A whole suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limbo {
    /// The version of the format: 1.
    pub version: u32,
    /// The cases.
    pub testcases: Vec<Testcase>,
}

/// One case, as the format has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Testcase {
    /// A short identifier, unique in the suite.
    pub id: String,
    /// Ids of cases that cannot pass where this one does.
    #[serde(default)]
    pub conflicts_with: Vec<String>,
    /// Tags of optional behaviour.
    #[serde(default)]
    pub features: Vec<String>,
    /// How important it is, in the suite's eyes.
    #[serde(default = "undetermined")]
    pub importance: String,
    /// What it is about.
    pub description: String,
    /// Which side's certificate is judged.
    pub validation_kind: ValidationKind,
    /// Trust anchors, one PEM certificate each.
    pub trusted_certs: Vec<String>,
    /// Other certificates that the peer shows, one PEM each.
    pub untrusted_intermediates: Vec<String>,
    /// The end entity, PEM.
    pub peer_certificate: String,
    /// Its private key, PEM.
    #[serde(default)]
    pub peer_certificate_key: Option<String>,
    /// The validation time; now when absent.
    #[serde(default)]
    pub validation_time: Option<String>,
    /// Signature algorithms to allow; all when empty.
    pub signature_algorithms: Vec<String>,
    /// Key usages that the end entity must have.
    pub key_usage: Vec<String>,
    /// Extended key usages that it must have; the usual one when empty.
    pub extended_key_usage: Vec<String>,
    /// What a correct verifier says.
    pub expected_result: ExpectedResult,
    /// The name of a server.
    #[serde(default)]
    pub expected_peer_name: Option<LimboName>,
    /// The names of a client.
    pub expected_peer_names: Vec<LimboName>,
    /// The most intermediates, those that are self-issued not counted.
    #[serde(default)]
    pub max_chain_depth: Option<u32>,
    /// CRLs, PEM.
    #[serde(default)]
    pub crls: Vec<String>,
}

pub(super) fn undetermined() -> String {
    "undetermined".to_owned()
}

/// Which side's certificate is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ValidationKind {
    /// A client's, by a server.
    Client,
    /// A server's, by a client.
    Server,
}

/// What a correct verifier says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExpectedResult {
    /// It accepts.
    Success,
    /// It rejects.
    Failure,
}

/// A name of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimboName {
    /// Its kind.
    pub kind: NameKind,
    /// Its text.
    pub value: String,
}

/// The kinds of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum NameKind {
    /// A mailbox.
    Rfc822,
    /// A DNS name.
    Dns,
    /// An IP address.
    Ip,
}

/// A suite or a case that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LimboError {
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    /// JSON, and not this format.
    #[error("JSON, but not an x509-limbo file: {problem} at {at}")]
    NotLimbo {
        /// Where, as in `testcases[3].crls`.
        at: String,
        /// What is wrong.
        problem: String,
    },
    /// Another version of the format.
    #[error("x509-limbo version {0}; only version {VERSION} is known")]
    Version(u64),
    /// A suite without cases, on which every verifier would do well.
    #[error("it holds no test case: there is nothing to judge")]
    Empty,
    /// PEM that cannot be read.
    #[error("{id}: {field}: {problem}")]
    Pem {
        /// The case.
        id: String,
        /// The field of the case.
        field: &'static str,
        /// What is wrong.
        problem: pem::PemError,
    },
    /// A field holds another number of PEM blocks than one.
    #[error("{id}: {field} holds {found} PEM blocks instead of one")]
    Blocks {
        /// The case.
        id: String,
        /// The field of the case.
        field: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A value that the format does not allow, or that a case here cannot say.
    #[error("{id}: {field}: `{value}` is not understood")]
    Value {
        /// The case.
        id: String,
        /// The field of the case.
        field: &'static str,
        /// The value.
        value: String,
    },
}

impl Limbo {
    /// Reads a whole file.
    ///
    /// # Errors
    /// Says what is wrong and where, when it is not JSON, not this format or another version of it.
    pub fn read(json: &[u8]) -> Result<Self, LimboError> {
        // The version first: a file of another version would fail on some field of it.
        let value: serde_json::Value = serde_json::from_slice(json).map_err(LimboError::NotJson)?;
        let wrong = |at: String, problem: String| LimboError::NotLimbo { at, problem };
        let version = value
            .get("version")
            .ok_or_else(|| wrong("the top".into(), "no `version`".into()))?;
        match version.as_u64() {
            Some(1) => {}
            Some(other) => return Err(LimboError::Version(other)),
            None => return Err(wrong("version".into(), "not a number".into())),
        }
        let serde_json::Value::Object(mut top) = value else {
            return Err(wrong("the top".into(), "not an object".into()));
        };
        let Some(serde_json::Value::Array(testcases)) = top.remove("testcases") else {
            return Err(wrong("the top".into(), "no array `testcases`".into()));
        };
        let testcases = testcases
            .into_iter()
            .enumerate()
            .map(|(index, testcase)| {
                let id = testcase
                    .get("id")
                    .and_then(|id| id.as_str())
                    .map(|id| format!(" ({id})"));
                serde_json::from_value(testcase).map_err(|error| {
                    wrong(
                        format!("testcases[{index}]{}", id.unwrap_or_default()),
                        error.to_string(),
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            version: VERSION,
            testcases,
        })
    }

    /// The whole file, as text.
    pub fn write(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("strings and numbers always serialise");
        text.push('\n');
        text
    }
}
