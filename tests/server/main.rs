//! The reference server over real loopback connections.

#![cfg(feature = "cli")]

mod evidence;
mod exhaustion;
mod files;
mod handshake;
mod http;
mod load;
mod quiet;
mod rotation;
mod ticket;
mod world;
