#![no_main]
//! Fuzzes a `ClientCertVerifier` with the recipes of gatecrash. Put yours in the place of `build`.
use std::sync::{Arc, LazyLock};

use gatecrash::{Trust, target::VerifierTarget};
use rustls::{RootCertStore, crypto::aws_lc_rs, server::WebPkiClientVerifier};
use rustls::server::danger::ClientCertVerifier;

fn build(trust: &Trust<'_>) -> Result<Arc<dyn ClientCertVerifier>, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    for anchor in trust.anchors() {
        roots.add(anchor.clone().into())?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(aws_lc_rs::default_provider()));
    let crls = trust.crls().iter().map(|crl| crl.clone().into());
    Ok(builder.with_crls(crls).enforce_revocation_expiration().build()?)
}

// What rustls lets in by design is known; what yours does can be added with `.knowing(&["usage/*"])`.
static TARGET: LazyLock<VerifierTarget> = LazyLock::new(|| VerifierTarget::new("mine", build).built_on("rustls"));

libfuzzer_sys::fuzz_target!(init: TARGET.start(), |input: &[u8]| TARGET.run(input));
// Without the moves libFuzzer never hits upon the octets that stand for a defect.
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    VerifierTarget::MOVES.change_in_place(data, size, max_size, seed)
});
