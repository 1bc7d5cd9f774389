#![no_main]

gatecrash_fuzz::target!("chain_wild");
