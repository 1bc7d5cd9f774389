//! The fuzz targets: one row of the table [`ALL`] each, its body in one file.
//!
//! libFuzzer calls the bodies, and so does `cargo test` on stable, with every
//! seed and every stored input. A body asks oracles; what they find ends in
//! [`Session::fail`], which writes a reproducer and panics, because a panic is
//! how libFuzzer is told. What a body reaches it notes in the session's
//! [`Health`], so that a target that stopped reaching anything is seen.

mod artifacts;
mod cause;
mod chain;
mod chain_wild;
#[cfg(feature = "server")]
mod config;
mod crl;
mod client_hello;
mod der;
mod handshake;
mod health;
mod judged;
pub mod lenient;
mod lets_in;
mod list_reading;
mod limbo_json;
mod name;
mod name_reading;
mod ocsp;
#[cfg(feature = "server")]
mod openapi;
pub mod options;
mod panel;
mod policy_model;
mod policy_tree;
mod recipe_text;
mod session;
mod turns_away;
mod twin;
mod verifier;

pub use artifacts::{Alarm, Artifacts, arguments};
pub use health::{Health, OUT_OF_REACH, Reach, from_seeds};
pub use session::Session;
pub use verifier::VerifierTarget;

use crate::mutate::Moves;

/// One fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, also that of its file under `fuzz/fuzz_targets/`.
    pub name: &'static str,
    /// What it looks for, in one line.
    pub summary: &'static str,
    /// Its body. Any bytes will do.
    pub run: fn(&[u8], &mut Session),
    /// Inputs to start from, made from the code.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// What its inputs are, and so how they are changed and crossed.
    pub moves: Moves,
    /// The longest input that libFuzzer makes, in octets.
    pub max_length: u32,
    /// Whether libFuzzer prefers inputs with rare features. To count how rare each is takes a
    /// quarter of the time where an execution is a matter of microseconds.
    pub by_rarity: bool,
    /// The dictionary that helps.
    pub dictionary: Option<Dictionary>,
    /// What its seeds, and a few changes of them, must reach.
    pub reach: Reach,
}

/// Words that readers of one kind compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dictionary {
    /// Identifiers and elements of X.509.
    X509,
    /// Code points of TLS.
    Tls,
}

/// Every target.
pub const ALL: &[Target] = &[
    chain::CHAIN,
    chain::CHAIN_REAL,
    chain_wild::CHAIN_WILD,
    crl::CRL,
    ocsp::OCSP,
    name::NAME,
    policy_tree::POLICY_TREE,
    der::DER,
    recipe_text::RECIPE_TEXT,
    limbo_json::LIMBO_JSON,
    #[cfg(feature = "server")]
    openapi::OPENAPI,
    #[cfg(feature = "server")]
    config::CONFIG,
    handshake::HANDSHAKE,
    client_hello::CLIENT_HELLO,
];

/// The target with this name.
pub fn find(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_targets_are_distinct_and_those_of_their_files() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/fuzz_targets");
        let files = std::fs::read_dir(folder).expect("the folder is readable");
        let mut files: Vec<String> = files
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut names: Vec<String> = ALL
            .iter()
            .map(|target| format!("{}.rs", target.name))
            .collect();
        names.sort();
        assert_eq!(names, files);
    }

    #[test]
    fn every_target_stands_nothing_and_noise() {
        for target in ALL {
            let mut session = Session::new(target);
            for input in [&[][..], &[0], &[0xff; 64], b"\x30\x80\x30\x80", b"[[["] {
                (target.run)(input, &mut session);
            }
        }
    }

    #[test]
    fn what_is_said_to_be_out_of_reach_is() {
        let target = find("chain").expect("a target");
        let mut session = Session::new(target);
        for seed in (target.seeds)() {
            session.run(&seed);
        }
        for (rule, why) in OUT_OF_REACH {
            assert_eq!(session.health.rule(*rule).0, 0, "{rule}: {why}");
        }
    }

    #[test]
    fn every_target_reaches_what_it_must_from_its_seeds() {
        let missing = ALL.iter().flat_map(|target| {
            let missing = from_seeds(target).missing(&target.reach);
            missing
                .into_iter()
                .map(|what| format!("{}: {what}", target.name))
        });
        let missing: Vec<String> = missing.collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
