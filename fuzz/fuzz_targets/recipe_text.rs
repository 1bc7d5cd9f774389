#![no_main]

gatecrash_fuzz::target!("recipe_text");
