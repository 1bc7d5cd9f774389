//! The scanner, on real servers: what it finds, and what it says when nothing can be found.

#![cfg(feature = "cli")]

#[path = "../again/mod.rs"]
mod again;
mod bad;
mod commands;
mod exhaustion;
mod faults;
mod hook;
mod operator;
mod page;
mod proxy;
mod reference;
mod resumption;
