#![no_main]

gatecrash_fuzz::target!("limbo_json");
