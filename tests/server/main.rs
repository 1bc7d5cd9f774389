//! The reference server over real loopback connections.

#![cfg(feature = "cli")]

mod files;
mod handshake;
mod http;
mod load;
mod quiet;
mod ticket;
mod world;
