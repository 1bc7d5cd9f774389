//! The commands that show a minted case to OpenSSL and to gatecrash, with all of
//! the question that each can be asked.
//!
//! A command is worth printing where the twin passes it: one that refuses both
//! proves nothing. Where OpenSSL turns a twin away, that is said with the cause.

use std::path::Path;

use crate::{
    case::Case,
    question::{PeerName, Purpose},
    scan::word,
    validator::Certificate,
};

/// The file with the certificate that issued the end entity, which OpenSSL wants for an OCSP response.
pub(super) const ISSUER: &str = "issuer.pem";

/// The defects whose twins OpenSSL turns away too, and why. `tests/mint.rs` holds it to them, both ways.
const TWIN_TURNED_AWAY: &[(&str, &str)] = &[
    ("path/cross-signed-without-trust", ONE_PATH),
    ("path/every-way-through-no-ca", ONE_PATH),
    ("path/every-way-without-key-cert-sign", ONE_PATH),
    ("validity/expired-anchor-by-one-second", LAST_SECOND),
    ("validity/expired-by-one-second", LAST_SECOND),
];
const ONE_PATH: &str = "OpenSSL takes the first way up that it finds";
const LAST_SECOND: &str = "for OpenSSL the last second of a certificate is over";

/// The lines under what was minted, each command after a word.
pub(super) fn lines(case: &Case, folder: &Path) -> String {
    let Some(openssl) = with_openssl(case, folder) else {
        return format!("try   {}\n", with_gatecrash(case, folder));
    };
    let known = TWIN_TURNED_AWAY
        .iter()
        .find(|(id, _)| case.defect.is_some_and(|defect| defect.to_string() == *id));
    let note = known.map_or_else(String::new, |(_, why)| {
        format!("      (it turns the twin away too: {why})\n")
    });
    format!(
        "try   {openssl}\n{note}or    {}\n",
        with_gatecrash(case, folder)
    )
}

/// Whether the case asks whom a service lets in, which no library knows.
fn asks_who_is_let_in(case: &Case) -> bool {
    !case.requirements.admitted.is_empty()
}

/// OpenSSL's command for a case, unless all that is wrong is whom the service lets in.
fn with_openssl(case: &Case, folder: &Path) -> Option<String> {
    if asks_who_is_let_in(case) {
        return None;
    }
    let file = |name: &str| word(&folder.join(name).display().to_string());
    let (anchor, chain) = (file("anchor.pem"), file("chain.pem"));
    let time = case.time.unix_seconds();
    if case.ocsp.is_some() {
        // `openssl verify` reads no response. This prints good, revoked or unknown, or what is wrong.
        return Some(format!(
            "openssl ocsp -no_nonce -attime {time} -respin {} -issuer {} -cert {chain} -CAfile {anchor} -verify_other {chain}",
            file("ocsp.der"),
            file(ISSUER)
        ));
    }
    let purpose = match case.purpose {
        Purpose::Client => "sslclient",
        Purpose::Server => "sslserver",
    };
    let mut command = format!("openssl verify -attime {time} -purpose {purpose} ");
    match &case.name {
        Some(PeerName::Dns(name)) => command.push_str(&format!("-verify_hostname {name} ")),
        Some(PeerName::Ip(address)) => command.push_str(&format!("-verify_ip {address} ")),
        Some(PeerName::Email(mailbox)) => command.push_str(&format!("-verify_email {mailbox} ")),
        _ => {}
    }
    if case.defect.is_some_and(|id| id.family() == "policies") {
        // Without a policy of its own, OpenSSL looks for a chain with none of the empty set.
        command.push_str("-policy_check -policy 2.5.29.32.0 ");
    }
    let partial = case.anchors.iter().any(|der| is_issued_by_another(der));
    if !case.crls.is_empty() {
        // Of a partial path OpenSSL asks the status of the anchor too, for which there is no CRL.
        let whose = if partial {
            "-crl_check"
        } else {
            "-crl_check_all"
        };
        command.push_str(&format!(
            "{whose} -extended_crl -use_deltas -CRLfile {} ",
            file("crl.pem")
        ));
    }
    if partial {
        command.push_str("-partial_chain ");
    }
    Some(command + &format!("-CAfile {anchor} -untrusted {chain} {chain}"))
}

/// Whether this anchor is no root, so that OpenSSL would look further up.
fn is_issued_by_another(anchor: &[u8]) -> bool {
    Certificate::parse(anchor).is_ok_and(|anchor| !anchor.is_self_issued())
}

/// Our own command for a case. Whom a service lets in is no question of `validate`.
fn with_gatecrash(case: &Case, folder: &Path) -> String {
    if let (Some(id), true) = (case.defect, asks_who_is_let_in(case)) {
        return format!(
            "gatecrash run --defect {id}, since who is let in is the service's own rule"
        );
    }
    let file = |name: &str| word(&folder.join(name).display().to_string());
    let mut command = format!(
        "gatecrash validate --time {} --purpose {} --anchor {} --chain {}",
        case.time,
        case.purpose,
        file("anchor.pem"),
        file("chain.pem")
    );
    if let Some(name) = &case.name {
        command.push_str(&format!(" --name {}", word(&name.to_string())));
    }
    if !case.crls.is_empty() {
        command.push_str(&format!(" --crl {}", file("crl.pem")));
    }
    if case.ocsp.is_some() {
        command.push_str(&format!(" --ocsp {}", file("ocsp.der")));
    }
    command
}
