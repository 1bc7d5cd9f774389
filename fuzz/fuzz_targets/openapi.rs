#![no_main]

gatecrash_fuzz::target!("openapi");
