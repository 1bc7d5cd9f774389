//! The servers that are known. A new kind is one file of data and one line here.

use std::sync::LazyLock;

use super::description::{Configuration, Kind};
use crate::spelling;

/// The descriptions, in the order in which they are shown.
macro_rules! descriptions {
    ($($kind:literal),* $(,)?) => {
        &[$(($kind, include_str!(concat!("../../../engines/servers/", $kind, ".toml")))),*]
    };
}

const DESCRIPTIONS: &[(&str, &str)] = descriptions![
    "reference",
    "koa",
    "go",
    "java",
    "openssl",
    "gnutls",
    "nginx",
    "apache",
    "haproxy",
];

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let parse = |(name, text): &(&str, &str)| {
        toml::from_str(text).unwrap_or_else(|error| panic!("engines/servers/{name}.toml: {error}"))
    };
    DESCRIPTIONS.iter().map(parse).collect()
});

/// A name that no server has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no server is called `{name}`{}", spelling::did_you_mean(*.nearest))]
pub struct UnknownServer {
    /// The name that was given.
    pub name: String,
    /// The name that was probably meant.
    pub nearest: Option<&'static str>,
}

/// Every server that is known, in each of its configurations.
pub fn configurations() -> impl Iterator<Item = Configuration> {
    KINDS.iter().flat_map(|kind| {
        kind.configuration
            .iter()
            .map(move |variation| Configuration { kind, variation })
    })
}

/// The configuration of this name.
///
/// # Errors
/// When there is none: the error suggests one.
pub fn find(name: &str) -> Result<Configuration, UnknownServer> {
    configurations()
        .find(|configuration| configuration.name() == name)
        .ok_or_else(|| UnknownServer {
            name: name.to_owned(),
            nearest: spelling::nearest(name, configurations().map(|known| known.name())),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_name_and_begins_with_its_rightest_configuration() {
        assert_eq!(KINDS.len(), DESCRIPTIONS.len());
        for (kind, (name, _)) in KINDS.iter().zip(DESCRIPTIONS) {
            assert_eq!(&kind.kind, name);
            assert_eq!(&kind.configuration[0].name, name);
        }
    }

    #[test]
    fn names_are_distinct_and_a_wrong_one_gets_a_suggestion() {
        let names: Vec<_> = configurations().map(|known| known.name()).collect();
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{name}");
        }
        let error = find("nginxx").expect_err("no such server");
        assert_eq!(error.nearest, Some("nginx"));
    }
}
