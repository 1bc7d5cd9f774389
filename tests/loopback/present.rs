//! Which servers are on this machine. Whoever sets `GATECRASH_SERVERS=all` wants
//! all of them, and a missing one fails the test; otherwise it is named and passed over.

use std::io::{self, Write};

use gatecrash::engine::loopback::{Configuration, Prepared, configurations};

/// Every configuration that is wanted, ready to be started.
pub(crate) fn present(wanted: impl Fn(&Configuration) -> bool) -> Vec<Prepared> {
    let all = std::env::var("GATECRASH_SERVERS").is_ok_and(|value| value == "all");
    configurations()
        .filter(wanted)
        .filter_map(|configuration| match configuration.prepare() {
            Ok(prepared) => Some(prepared),
            Err(missing) if all => panic!("{configuration:?}: {missing}"),
            Err(missing) => {
                let _ = writeln!(io::stdout(), "passed over: {configuration:?}: {missing}");
                None
            }
        })
        .collect()
}
