//! Benign settings: chains that every correct verifier accepts, in all the
//! variety that should not matter.
//!
//! A [`Setting`] is the choice, [`Setting::recipe`] the chain. Defects are put
//! into such chains, so whatever varies here varies around every defect.

mod chain;
mod fresh_crl;
mod setting;

pub use chain::POLICY;
pub use fresh_crl::{add_fresh_crls, fresh_crl};
pub use setting::{AuthorityIdentifier, Lifetime, NameShape, SETTING_OCTETS, Setting};
