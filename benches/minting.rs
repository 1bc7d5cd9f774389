//! How fast chains are minted, beside rcgen in the same run.
//!
//! Each iteration mints three certificates of which only the end entity is new.
//! rcgen signs all that it writes, so its side signs the end entity alone as
//! well and copies the rest.

use criterion::{Criterion, criterion_group, criterion_main};
use gatecrash::{
    der::HexBytes,
    mint::Minter,
    recipe::{KeyAlgorithm, Label, generate::Setting},
};

fn minting(c: &mut Criterion) {
    let mut group = c.benchmark_group("mint-end-entity");
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Ed25519] {
        let setting = Setting {
            keys: vec![algorithm],
            ..Setting::default()
        };
        for (name, minter) in [("real", Minter::new()), ("toy", Minter::toy())] {
            let mut recipe = setting.recipe();
            let mut serial = 0u64;
            group.bench_function(format!("gatecrash-{name}/{}", algorithm.name()), |b| {
                b.iter(|| {
                    serial += 1;
                    let end_entity = recipe.certificate_mut(&Label::from("end-entity"));
                    end_entity.expect("every setting has one").serial =
                        HexBytes(serial.to_be_bytes().to_vec());
                    minter.mint(&recipe).expect("mints")
                });
            });
        }
    }
    for (name, algorithm) in [
        ("p256", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("ed25519", &rcgen::PKCS_ED25519),
    ] {
        let [anchor, intermediate, end_entity] =
            [(); 3].map(|()| rcgen::KeyPair::generate_for(algorithm).expect("generates"));
        let authority = || {
            let mut params = rcgen::CertificateParams::new(Vec::new()).expect("valid");
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            params
        };
        let anchor_issuer = rcgen::Issuer::new(authority(), &anchor);
        let intermediate_issuer = rcgen::Issuer::new(authority(), &intermediate);
        let mut params = rcgen::CertificateParams::new(vec!["device-7.gatecrash.example".into()])
            .expect("valid");
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        let mut serial = 0u64;
        group.bench_function(format!("rcgen-three/{name}"), |b| {
            b.iter(|| {
                serial += 1;
                params.serial_number = Some(serial.into());
                (
                    authority().self_signed(&anchor).expect("signs"),
                    authority()
                        .signed_by(&intermediate, &anchor_issuer)
                        .expect("signs"),
                    params
                        .signed_by(&end_entity, &intermediate_issuer)
                        .expect("signs"),
                )
            });
        });
        group.bench_function(format!("rcgen-one/{name}"), |b| {
            b.iter(|| {
                serial += 1;
                params.serial_number = Some(serial.into());
                params
                    .signed_by(&end_entity, &intermediate_issuer)
                    .expect("signs")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, minting);
criterion_main!(benches);
