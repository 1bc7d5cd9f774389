//! Hellos out of a script.

use sha2::{Digest, Sha256};

use super::{
    exchange::Exchange,
    keys::{Schedule, Suite},
    message::{ClientHello, ServerHello, extension, number_list, server_name},
    outcome::Ticket,
    wire::{put_number, put_vector},
};
use crate::{
    der::HexBytes,
    script::{
        Binder, CipherSuite, Extension, ExtensionKind, Hello, NamedGroup, ProtocolVersion,
        PskOffer, Second, Share,
    },
};

/// Octets that follow from a seed and a label, so that a script is played the same again.
pub(super) fn octets(seed: u64, label: &str) -> [u8; 32] {
    let mut digest = Sha256::new_with_prefix(b"gatecrash handshake ");
    digest.update(seed.to_be_bytes());
    digest.update(label.as_bytes());
    digest.finalize().into()
}

/// What a HelloRetryRequest asks for.
#[derive(Clone, Debug)]
pub(super) struct Retry {
    pub(super) group: Option<NamedGroup>,
    pub(super) cookie: Option<Vec<u8>>,
    /// The suite that the server has chosen.
    pub(super) suite: CipherSuite,
}

/// Asked for after a HelloRetryRequest, where the host changes.
const OTHER_HOST: &str = "other.gatecrash.example";

/// What is left of what a HelloRetryRequest asks for, and what the second hello says beside it.
fn second_hello(hello: &Hello, asked: &Retry) -> (Hello, Retry) {
    let (mut hello, mut asked) = (hello.clone(), asked.clone());
    let other = match asked.group {
        Some(NamedGroup::X25519) => NamedGroup::SECP256R1,
        _ => NamedGroup::X25519,
    };
    match hello.second {
        Some(Second::SameShares) => asked.group = None,
        Some(Second::OtherGroup) => asked.group = Some(other),
        Some(Second::FurtherShare) => {
            let wanted = asked.group.take();
            hello.shares = wanted.into_iter().chain([other]).map(Share::of).collect();
        }
        Some(Second::OtherSuites) => hello.suites.retain(|suite| *suite != asked.suite),
        Some(Second::WithoutVersions) => hello.versions.clear(),
        Some(Second::WithoutCookie) => asked.cookie = None,
        Some(Second::OtherCookie) => {
            if let Some(last) = asked.cookie.as_mut().and_then(|cookie| cookie.last_mut()) {
                *last ^= 1;
            }
        }
        Some(Second::InventedCookie) => asked.cookie = Some([&[0, 16][..], &[0x67; 16]].concat()),
        Some(Second::OtherServerName) => OTHER_HOST.clone_into(&mut hello.server_name),
        Some(Second::FurtherExtension) => hello.extensions.push(Extension {
            kind: ExtensionKind(0xfe67),
            body: HexBytes(vec![1]),
        }),
        Some(Second::OtherRandom | Second::OtherSessionId) | None => {}
    }
    (hello, asked)
}

/// The key pairs of a hello's true shares.
pub(super) fn exchanges(hello: &Hello, retry: Option<&Retry>, seed: u64) -> Vec<Exchange> {
    let second = retry.map(|asked| second_hello(hello, asked));
    let (hello, retry) = match &second {
        Some((hello, asked)) => (hello, Some(asked)),
        None => (hello, None),
    };
    let groups = match retry.and_then(|retry| retry.group) {
        Some(group) => vec![group],
        None => hello.shares.iter().map(|share| share.group).collect(),
    };
    let secret = octets(seed, "key exchange");
    groups
        .into_iter()
        .filter_map(|group| Exchange::new(group, &secret))
        .collect()
}

/// The ClientHello of a script.
pub(super) fn client_hello(
    hello: &Hello,
    exchanges: &[Exchange],
    retry: Option<&Retry>,
    ticket: &Ticket,
    seed: u64,
) -> ClientHello {
    let second = retry.map(|asked| second_hello(hello, asked));
    let (hello, retry) = match &second {
        Some((hello, asked)) => (hello, Some(asked)),
        None => (hello, None),
    };
    let is_changed = |how: Second| retry.is_some() && hello.second == Some(how);
    let mut extensions = Vec::new();
    if !hello.server_name.is_empty() {
        extensions.push(server_name(&hello.server_name));
    }
    if !hello.versions.is_empty() {
        let versions = hello.versions.iter().map(|version| version.0);
        extensions.push(number_list(ExtensionKind::SUPPORTED_VERSIONS, 1, versions));
    }
    if !hello.groups.is_empty() {
        let groups = hello.groups.iter().map(|group| group.0);
        extensions.push(number_list(ExtensionKind::SUPPORTED_GROUPS, 2, groups));
    }
    if !hello.schemes.is_empty() {
        let schemes = hello.schemes.iter().map(|scheme| scheme.0);
        extensions.push(number_list(ExtensionKind::SIGNATURE_ALGORITHMS, 2, schemes));
    }
    if !hello.shares.is_empty() {
        extensions.push(key_share(hello, exchanges, retry));
    }
    if let Some(cookie) = retry.and_then(|retry| retry.cookie.as_ref()) {
        extensions.push(Extension {
            kind: ExtensionKind::COOKIE,
            body: HexBytes(cookie.clone()),
        });
    }
    extensions.extend(hello.extensions.iter().cloned());
    if let Some(psk) = &hello.psk {
        extensions.extend(pre_shared_key(psk, ticket));
    }
    extensions.extend(hello.last_extensions.iter().cloned());
    let session_id = match is_changed(Second::OtherSessionId) {
        true => octets(seed, "another session id"),
        false => octets(seed, "session id"),
    };
    let session_id = session_id.repeat(8);
    ClientHello {
        legacy_version: hello.legacy_version,
        random: match is_changed(Second::OtherRandom) {
            true => octets(seed, "another random"),
            false => octets(seed, "random"),
        },
        session_id: session_id[..usize::from(hello.session_id_octets)].to_vec(),
        suites: hello.suites.clone(),
        compression: hello.compression.0.clone(),
        extensions: (!extensions.is_empty()).then_some(extensions),
    }
}

/// RFC 8446 section 4.2.8
fn key_share(hello: &Hello, exchanges: &[Exchange], retry: Option<&Retry>) -> Extension {
    let asked = retry.and_then(|retry| retry.group);
    extension(ExtensionKind::KEY_SHARE, |out| {
        put_vector(out, 2, |out| match asked {
            Some(group) => {
                let share = exchanges.first().map_or(&[][..], Exchange::share);
                put_share(out, group, share);
            }
            None => {
                for share in &hello.shares {
                    let true_share = exchanges.iter().find(|own| own.group() == share.group);
                    let octets = match (&share.octets, true_share) {
                        (Some(octets), _) => &octets.0[..],
                        (None, Some(own)) => own.share(),
                        (None, None) => &[4; 65],
                    };
                    put_share(out, share.group, octets);
                }
            }
        });
    })
}

fn put_share(out: &mut Vec<u8>, group: NamedGroup, share: &[u8]) {
    put_number(out, 2, group.0.into());
    put_vector(out, 2, |out| out.extend_from_slice(share));
}

/// The offer to resume, its binder still zeros (RFC 8446 sections 4.2.9 to 4.2.11).
fn pre_shared_key(psk: &PskOffer, ticket: &Ticket) -> Vec<Extension> {
    let modes = extension(ExtensionKind::PSK_KEY_EXCHANGE_MODES, |out| {
        put_vector(out, 1, |out| out.extend_from_slice(&psk.modes.0));
    });
    let early_data = Extension {
        kind: ExtensionKind::EARLY_DATA,
        body: HexBytes::default(),
    };
    let offer = extension(ExtensionKind::PRE_SHARED_KEY, |out| {
        put_vector(out, 2, |out| {
            put_vector(out, 2, |out| out.extend_from_slice(&ticket.ticket));
            put_number(out, 4, ticket.age_add as usize);
        });
        put_vector(out, 2, |out| {
            if psk.binder != Binder::Absent {
                put_vector(out, 1, |out| {
                    out.resize(out.len() + binder_octets(ticket), 0)
                });
            }
        });
    });
    let early_data = psk.early_data.then_some(early_data);
    [Some(modes), early_data, Some(offer)]
        .into_iter()
        .flatten()
        .collect()
}

fn binder_octets(ticket: &Ticket) -> usize {
    ticket.suite.hash().output_len()
}

/// Fills in the binder at the end of a ClientHello that offers to resume and nothing after it.
pub(super) fn bind(message: &mut [u8], psk: &PskOffer, ticket: &Ticket, before: &[u8]) {
    let octets = binder_octets(ticket);
    // A list of one binder: two octets of length, one of the binder's, and the binder.
    let Some(end) = message.len().checked_sub(octets + 3) else {
        return;
    };
    if psk.binder == Binder::Absent {
        return;
    }
    let transcript = [before, &message[..end]].concat();
    let hash = aws_lc_rs::digest::digest(ticket.suite.hash(), &transcript);
    let mut binder = Schedule::binder(ticket.suite, &ticket.key, true, hash.as_ref());
    if psk.binder == Binder::Wrong {
        binder[0] ^= 1;
    }
    message[end + 3..].copy_from_slice(&binder);
}

/// A ticket that no server has given.
pub(super) fn invented_ticket() -> Ticket {
    Ticket {
        suite: Suite::Aes128,
        ticket: vec![0x67; 64],
        key: vec![0; 32],
        age_add: 0,
        lifetime: 7200,
    }
}

/// What a script's server answers a ClientHello with.
pub(super) struct Choice {
    pub(super) suite: CipherSuite,
    pub(super) group: Option<NamedGroup>,
}

/// The first of a script's suites and groups that the client offers; the first at all where none is.
pub(super) fn choice(hello: &Hello, client: &ClientHello) -> Choice {
    let offered = |suite: &&CipherSuite| client.suites.contains(suite);
    let suite = hello.suites.iter().find(offered).or(hello.suites.first());
    let shares = client.shares();
    let groups = || hello.shares.iter().map(|share| share.group);
    let group = groups().find(|group| shares.iter().any(|(offered, _)| offered == group));
    Choice {
        suite: suite.copied().unwrap_or(CipherSuite::AES_128_GCM_SHA256),
        group: group.or_else(|| groups().next()),
    }
}

/// A ServerHello with this choice and this share.
pub(super) fn server_hello(
    hello: &Hello,
    client: &ClientHello,
    suite: CipherSuite,
    share: Option<(NamedGroup, &[u8])>,
    random: [u8; 32],
) -> ServerHello {
    let version = hello.versions.first().map(|version: &ProtocolVersion| {
        extension(ExtensionKind::SUPPORTED_VERSIONS, |out| {
            put_number(out, 2, version.0.into())
        })
    });
    let share = share.map(|(group, octets)| {
        extension(ExtensionKind::KEY_SHARE, |out| {
            put_share(out, group, octets)
        })
    });
    let extensions: Vec<_> = version
        .into_iter()
        .chain(share)
        .chain(hello.extensions.iter().cloned())
        .collect();
    ServerHello {
        legacy_version: hello.legacy_version,
        random,
        session_id: client.session_id.clone(),
        suite,
        compression: hello.compression.0.first().copied().unwrap_or(0),
        extensions: (!extensions.is_empty()).then_some(extensions),
    }
}
