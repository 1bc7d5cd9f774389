//! temporary
pub mod crl;
mod crl_index;
pub mod cursor;
pub mod distribution;
