//! Live endpoints and live clients.

pub mod lure;
