//! What commands that show a finding again need to know of the command line.

use std::path::PathBuf;

use super::scan::{Args, Who};
use crate::scan::{self, Files};

/// The operator's files, and the options of which a probe's meaning depends. Headers and tokens
/// are not among them: they may be secret.
pub(super) fn files(args: &Args) -> Files {
    let shown = |path: &PathBuf| path.display().to_string();
    let mut options = Vec::new();
    let mut add = |option: &str, value: &str| {
        options.push(format!("{option} {}", scan::word(value)));
    };
    if let Some(path) = &args.evidence.openapi {
        add("--openapi", &shown(path));
    }
    for log in &args.evidence.server_log {
        add("--server-log", &shown(log));
    }
    let commands = [
        ("--publish-crl", args.publish_crl.as_ref()),
        ("--trust-ca", args.trust_ca.as_ref()),
        ("--tighten", args.tighten.as_ref()),
        ("--relax", args.relax.as_ref()),
        ("--reload", args.reload.as_ref()),
    ];
    for (option, command) in commands {
        if let Some(command) = command {
            add(option, command);
        }
    }
    for name in &args.sni {
        add("--sni", name);
    }
    for endpoint in &args.also {
        add("--also", endpoint);
    }
    let of_others = [
        ("--also-template", args.also_template.as_ref()),
        ("--also-template-key", args.also_template_key.as_ref()),
    ];
    for (option, file) in of_others {
        if let Some(file) = file {
            add(option, &shown(file));
        }
    }
    match args.admits {
        Some(Who::Template) => add("--admits", "template"),
        Some(Who::Anybody) => add("--admits", "anybody"),
        None => {}
    }
    let flags = [
        ("--exhaustion", args.exhaustion),
        ("--unsafe-methods", args.evidence.unsafe_methods),
        ("--i-own-this-endpoint", args.i_own_this_endpoint),
    ];
    let given = flags.iter().filter(|(_, given)| *given);
    options.extend(given.map(|(flag, _)| (*flag).to_owned()));
    Files {
        ca_cert: args.ca_cert.as_ref().map(shown).unwrap_or_default(),
        ca_key: args.ca_key.as_ref().map(shown).unwrap_or_default(),
        template: args.template.as_ref().map(shown),
        template_key: args.template_key.as_ref().map(shown),
        revoked_cert: args.revoked_cert.as_ref().map(shown),
        crls: args.crl.iter().map(shown).collect(),
        revoked_key: args.revoked_key.as_ref().map(shown),
        options,
    }
}
