//! Protocol versions that this client speaks itself.

use super::{
    client::Versions,
    control::in_version,
    probe::{Conclusion, Probe, Seen, Stage},
    scene::Scene,
};

/// TLS 1.3 and 1.2 with the good certificate.
pub(super) const STAGE: Stage = Stage {
    name: "protocol",
    about: "protocol versions with the good certificate",
    alone: false,
    changes_server: false,
    probes,
    conclude: |_, _| Conclusion::default(),
};

fn probes(_: &Scene) -> Vec<Probe> {
    [("TLSv1.3", Versions::Tls13), ("TLSv1.2", Versions::Tls12)]
        .into_iter()
        .map(|(name, versions)| {
            Probe::benign(
                format!("protocol/{name}"),
                format!("the good certificate over {name} alone"),
                move |scene| Seen::measured(scene, &in_version(scene, versions)),
            )
        })
        .collect()
}
