//! The scanner, on real servers: what it finds, and what it says when nothing can be found.

#![cfg(feature = "cli")]

mod bad;
mod exhaustion;
mod faults;
mod operator;
mod page;
mod place;
mod proxy;
mod reference;
mod resumption;
