//! Downgrade probes: what is known of a server's configuration is found, and nothing else.

use std::{
    io::{self, Write},
    time::Duration,
};

use gatecrash::{
    defect::Severity,
    engine::loopback::{Configuration, Fault},
    handshake::downgrade::{Target, Verdict, probes, versions},
    script::ProtocolVersion,
};

use crate::{files, pki, present::present};

#[test]
fn old_versions_and_weak_suites_are_found_where_they_are_and_nowhere_else() {
    let own = pki();
    let telling = |known: &Configuration| {
        known.name() == known.kind()
            || known.faults().contains(&Fault::OldProtocols)
            || known.name() == "koa-tickets"
    };
    for prepared in present(telling) {
        let configuration = prepared.configuration();
        let name = configuration.name();
        let server = prepared
            .start(&files(&own))
            .unwrap_or_else(|error| panic!("{error}"));
        let target = Target::new(server.address())
            .server_name("localhost")
            .patience(Duration::from_secs(3));
        let spoken = versions(&target).expect("a server");
        let broken: Vec<_> = probes()
            .into_iter()
            .filter_map(|probe| {
                let seen = probe.run(&target).expect("a server");
                (seen.verdict != Verdict::Held).then_some((probe, seen))
            })
            .collect();
        for (probe, seen) in &broken {
            let line = format!("{name}: {:?} {}: {}", seen.verdict, probe.id, seen.evidence);
            let _ = writeln!(io::stdout(), "{line}");
        }
        let bad = |words: &[&str]| {
            broken.iter().any(|(probe, seen)| {
                seen.verdict == Verdict::Broken
                    && probe.severity <= Severity::High
                    && words.iter().any(|word| probe.id.contains(word))
            })
        };
        let has = |fault| configuration.faults().contains(&fault);
        let is_old = spoken
            .iter()
            .any(|version| *version < ProtocolVersion::TLS_1_2);
        assert_eq!(is_old, has(Fault::OldProtocols), "{name}: {spoken:?}");
        assert_eq!(bad(&["tls-1-0", "tls-1-1", "ssl-3"]), is_old, "{name}");
        assert_eq!(
            bad(&["null", "anonymous", "rc4", "export"]),
            has(Fault::WeakSuites),
            "{name}"
        );
        // Whoever does not know supported_versions goes by the legacy version, and may.
        let unclear = broken.iter().filter(|(_, seen)| {
            seen.verdict == Verdict::Unclear && !seen.evidence.ends_with("which was not offered")
        });
        assert_eq!(unclear.count(), 0, "{name}");
    }
}
