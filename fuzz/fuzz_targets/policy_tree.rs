#![no_main]

gatecrash_fuzz::target!("policy_tree");
