//! The reference server over real loopback connections.

#![cfg(feature = "cli")]

mod authority;
mod evidence;
mod exhaustion;
mod files;
mod handshake;
mod http;
mod load;
mod path;
mod quiet;
mod resume;
mod responses;
mod rotation;
mod scrutiny;
mod status;
mod still;
mod ticket;
mod world;
