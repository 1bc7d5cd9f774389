#![no_main]

gatecrash_fuzz::target!("client_hello");
