//! `gatecrash mint`: one defect and its twin as files, for curl, openssl, anything.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use super::{
    CliError, Exit, error, folder, input, key_pair, mint_commands,
    mint_key::{Fitting, NO_KEY, fitting_key},
    output, select,
};
use crate::{
    case::{Case, Expected, Pair, PairError, numbered_pair, pair_of},
    corpus::{Reproducer, reproducer::TEXT},
    defect::{Defect, Position},
    der::pem,
    engine::reference::Reference,
    mint::{Minter, Template},
    question::{Purpose, Time},
    recipe::generate::Setting,
    server::Clock,
    validator::{Certificate, Profile, display_key},
};

/// Writes a defect and its twin as files: chain.pem, key.pem, crl.pem, anchor.pem, case.toml in hostile/ and twin/,
/// and where the peer staples a response, ocsp.der and the issuer.pem that OpenSSL judges it with.
///
/// Without --variant the plainest chain is minted, valid around the present
/// time, with fresh CRLs. With it, the very case of a run is. A CA of your own
/// signs in the place of one that is made up, and with a template the defect
/// goes into your own certificate, everything else in it as it was.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash mint validity/expired --out ./here\n  \
                        gatecrash mint validity/expired --out ./here --position intermediate --purpose server\n  \
                        gatecrash mint validity/expired --out ./here --variant 3 --rng-seed 7\n  \
                        gatecrash mint validity/expired --out ./here --ca-cert ca.pem --ca-key ca.key --template client.pem"
)]
pub(super) struct Args {
    /// The defect's id.
    defect: String,
    /// The folder to write to. It is made where there is none.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where the defect stands: end-entity, intermediate, anchor, crl, chain or handshake.
    #[arg(long, value_name = "POSITION")]
    position: Option<String>,
    /// What the end entity is for: client or server.
    #[arg(long, value_name = "PURPOSE", conflicts_with = "variant")]
    purpose: Option<Purpose>,
    /// The validation time, as 2026-11-23T21:07:00Z. Without it, now.
    #[arg(long, value_name = "T", conflicts_with = "variant")]
    time: Option<Time>,
    /// The case of a run, by its number after `#`.
    #[arg(long, value_name = "N", conflicts_with_all = ["position", "ca_cert", "template"])]
    variant: Option<u32>,
    /// Draws the setting of a variant.
    #[arg(long, value_name = "N", default_value_t = 7, requires = "variant")]
    rng_seed: u64,
    /// The CA that signs, as PEM or DER; certificates after it in the file are presented as they are.
    #[arg(long, value_name = "F", requires = "ca_key")]
    ca_cert: Option<PathBuf>,
    /// The CA's private key: PKCS #8, SEC 1 or PKCS #1, in PEM or DER.
    #[arg(long, value_name = "F", requires = "ca_cert")]
    ca_key: Option<PathBuf>,
    /// A certificate of your own, which the defect goes into.
    #[arg(long, value_name = "CERT")]
    template: Option<PathBuf>,
    /// The template's private key. Without it, a new key is used, of the same kind where it is RSA of 2048 or 3072 bits,
    /// Ed25519 or on P-256, P-384 or P-521; else a note says of which.
    #[arg(long, value_name = "F", requires = "template")]
    template_key: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    folder::check(&args.out)?;
    let defect = select::defect(&args.defect)?;
    let pair = match args.variant {
        Some(variant) => of_run(&Minter::new(), defect, variant, args.rng_seed)?,
        None => plainest(defect, args)?,
    };
    let reproducer =
        Reproducer::of_pair(&pair, format!("minted by `gatecrash mint {}`", defect.id));
    for (name, case) in [("hostile", &pair.hostile), ("twin", &pair.twin)] {
        let text = reproducer.as_ref().map(|reproducer| match name {
            "hostile" => reproducer.clone(),
            _ => Reproducer {
                good: true,
                reasons: Vec::new(),
                recipe: reproducer
                    .twin
                    .clone()
                    .unwrap_or_else(|| reproducer.recipe.clone()),
                twin: None,
                ..reproducer.clone()
            },
        });
        write_case(&args.out.join(name), case, text.as_ref())?;
    }
    output::print(&summary(args, defect, &pair))?;
    if let Some(note) = other_kind(args, &pair.twin)? {
        error::note(&note);
    }
    Ok(Exit::Clean)
}

/// Where a new key stands in for the template's and is of another kind: which.
fn other_kind(args: &Args, twin: &Case) -> Result<Option<String>, CliError> {
    let (Some(path), None) = (&args.template, &args.template_key) else {
        return Ok(None);
    };
    let given = input::certificates(path)?;
    let kind = |der: Option<&Vec<u8>>| {
        let certificate = Certificate::parse(der?).ok()?;
        Some(display_key(certificate.key_info()))
    };
    let (given, new) = (kind(given.first()), kind(twin.chain.first()));
    let kinds = given.zip(new).filter(|(given, new)| given != new);
    Ok(kinds.map(|(given, new)| {
        format!(
            "{} has another kind of key ({given}) than the new one in its place ({new})",
            path.display()
        )
    }))
}

fn of_run(
    minter: &Minter,
    defect: &'static Defect,
    variant: u32,
    rng_seed: u64,
) -> Result<Pair, CliError> {
    numbered_pair(minter, defect, variant, rng_seed).map_err(|error| match error {
        PairError::Unfit { .. } => CliError::arguments(
            format!(
                "{} has no variant {variant} under rng seed {rng_seed}",
                defect.id
            ),
            "no setting fits there: take another number",
        ),
        error => CliError::from(error),
    })
}

/// The first setting in which the defect can exist, from the plainest on.
fn plainest(defect: &'static Defect, args: &Args) -> Result<Pair, CliError> {
    let position = position(defect, args.position.as_deref())?;
    let time = args.time.unwrap_or_else(now);
    let template = template(args, time)?;
    let purpose = match args.purpose {
        Some(purpose) if !defect.purposes.contains(&purpose) => {
            return Err(CliError::arguments(
                format!("{} is no defect of a {purpose}'s certificate", defect.id),
                "leave --purpose out",
            ));
        }
        Some(purpose) => purpose,
        None => *defect
            .purposes
            .iter()
            .find(|purpose| template.purposes().contains(purpose))
            .unwrap_or(&defect.purposes[0]),
    };
    let plain = Setting {
        purpose,
        time,
        ..Setting::default()
    };
    let with_crls = Setting {
        crls: true,
        ..plain.clone()
    };
    let deeper = Setting {
        intermediates: 2,
        ..with_crls.clone()
    };
    let drawn = (0..64).map(|number| Setting {
        purpose,
        time,
        ..Setting::numbered(7, number)
    });
    // What was given stands as its CA issued it, where the defect can exist there.
    let as_given = Setting {
        intermediates: 0,
        ..with_crls.clone()
    };
    let given = args.template.is_some() || args.ca_cert.is_some();
    let mut misfit = None;
    for setting in given
        .then_some(as_given)
        .into_iter()
        .chain([with_crls, plain, deeper])
        .chain(drawn)
    {
        match pair_of(&template, defect, position, &setting, 0) {
            Err(error @ PairError::Unfit { .. }) => misfit = Some(error),
            outcome => return accepted(outcome?, args, &template, &setting),
        }
    }
    Err(misfit.map_or_else(
        || CliError::arguments("no setting fits", "take another position"),
        CliError::from,
    ))
}

/// What the chain is made of: the user's own, where there is any.
fn template(args: &Args, time: Time) -> Result<Template, CliError> {
    let mut template = Template::new();
    if let (Some(certificate), Some(key)) = (&args.ca_cert, &args.ca_key) {
        let chain = input::certificates(certificate)?;
        template = template
            .with_authority(&chain, input::private_key(key)?, time)
            .map_err(|error| key_pair::error(certificate, key, error))?;
    }
    if let Some(path) = &args.template {
        let chain = input::certificates(path)?;
        let key = args.template_key.as_deref().map(input::private_key);
        template = template
            .with_end_entity(&chain[0], key.transpose()?, time)
            .map_err(|error| CliError::template(path, error))?;
    }
    Ok(template)
}

/// The pair, when its twin is good by the standard alone: one that is refused proves nothing.
fn accepted(
    pair: Pair,
    args: &Args,
    template: &Template,
    setting: &Setting,
) -> Result<Pair, CliError> {
    let Some(why) = objection(&pair.twin, Profile::rfc5280()) else {
        return Ok(pair);
    };
    let id = "as-given".to_owned();
    let plain = Case::from_recipe(
        template.minter(),
        template.recipe(setting),
        id,
        Expected::Accept,
    );
    let given = plain.ok().and_then(|mut case| {
        case.chain.extend_from_slice(template.above());
        objection(&case, Profile::rfc5280())
    });
    Err(match args.template.as_ref().or(args.ca_cert.as_ref()) {
        Some(_) if given.is_none() => CliError::arguments(
            format!(
                "{}: its twin would be refused under what was given, and prove nothing: {why}",
                args.defect
            ),
            "take another defect, or a CA that may vouch for the names of this one",
        ),
        Some(path) => CliError::arguments(
            format!(
                "{}: it is refused without the defect too: {why}",
                path.display()
            ),
            "give a certificate that is accepted as it is, or --time when it was",
        ),
        None => CliError::arguments(
            format!("no chain is good at {}: {why}", pair.twin.time),
            "certificates tell times from 1950 on; their issuers are some years older",
        ),
    })
}

/// The first thing for which the reference refuses a case.
fn objection(case: &Case, profile: Profile) -> Option<String> {
    match Reference::new(profile).report(case) {
        Ok(report) => report
            .violations
            .first()
            .map(|violation| format!("{} ({})", violation.detail, violation.clause)),
        Err(error) => Some(error.to_string()),
    }
}

fn position(defect: &'static Defect, wanted: Option<&str>) -> Result<Position, CliError> {
    let Some(wanted) = wanted else {
        return Ok(defect.positions[0]);
    };
    defect
        .positions
        .iter()
        .copied()
        .find(|position| position.to_string() == wanted)
        .ok_or_else(|| {
            let positions: Vec<String> = defect.positions.iter().map(ToString::to_string).collect();
            CliError::arguments(
                format!("{} cannot stand at `{wanted}`", defect.id),
                format!("it can stand at {}", positions.join(", ")),
            )
        })
}

/// The present, in whole seconds.
pub(super) fn now() -> Time {
    Clock::System.now()
}

fn write_case(folder: &Path, case: &Case, reproducer: Option<&Reproducer>) -> Result<(), CliError> {
    fs::create_dir_all(folder).map_err(|error| CliError::Write {
        to: folder.display().to_string(),
        error,
    })?;
    let blocks = |label: &str, list: &[Vec<u8>]| -> String {
        list.iter().map(|der| pem::write(label, der)).collect()
    };
    write(
        &folder.join("anchor.pem"),
        blocks(pem::CERTIFICATE, &case.anchors),
        false,
    )?;
    write(
        &folder.join("chain.pem"),
        blocks(pem::CERTIFICATE, &case.chain),
        false,
    )?;
    let crls = folder.join("crl.pem");
    if case.crls.is_empty() {
        // A file of an earlier case would be taken for one of this case.
        let _ = fs::remove_file(&crls);
    } else {
        write(&crls, blocks(pem::CRL, &case.crls), false)?;
    }
    let response = folder.join("ocsp.der");
    let issuer = folder.join(mint_commands::ISSUER);
    match &case.ocsp {
        Some(der) => {
            write(&response, der, false)?;
            let above = case.chain.get(1).or(case.anchors.first());
            let above: Vec<Vec<u8>> = above.cloned().into_iter().collect();
            write(&issuer, blocks(pem::CERTIFICATE, &above), false)?;
        }
        None => {
            let _ = fs::remove_file(&response);
            let _ = fs::remove_file(&issuer);
        }
    }
    // What stands before the first block of a PEM file is for people.
    let fitting = fitting_key(case);
    let remark = match fitting {
        Fitting::Unknown => format!("# {NO_KEY}: this is its twin's.\n"),
        Fitting::Known(_) => String::new(),
    };
    if let Some(key) = fitting.or_twins(case) {
        let text = remark.clone() + &pem::write(pem::PRIVATE_KEY, key.secret_pkcs8_der());
        write(&folder.join("key.pem"), text, true)?;
    }
    if let Some(reproducer) = reproducer {
        let text = toml::to_string(reproducer)
            .map_err(|error| crate::corpus::ReproducerError::Unwritable(error.to_string()))?;
        write(&folder.join(TEXT), remark + &text, false)?;
    }
    Ok(())
}

/// Writes a file. A secret one is for its owner alone from its first byte on.
fn write(path: &Path, octets: impl AsRef<[u8]>, secret: bool) -> Result<(), CliError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        if secret {
            options.mode(0o600);
            if path.exists() {
                // The mode above is for new files alone.
                let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
            }
        }
    }
    let _ = secret;
    options
        .open(path)
        .and_then(|mut file| file.write_all(octets.as_ref()))
        .map_err(|error| CliError::Write {
            to: path.display().to_string(),
            error,
        })
}

fn summary(args: &Args, defect: &Defect, pair: &Pair) -> String {
    let reasons: Vec<&str> = defect.reasons.iter().map(|reason| reason.name()).collect();
    let folder = args.out.join("hostile");
    if pair.hostile.handshake.is_some() {
        return format!(
            "{} and {}   hold the same good chain: the defect is in the handshake, which case.toml writes down\n\
             to be refused as {} ({})\n\
             try   gatecrash run --defect {} --engine server, or gatecrash scan against a server of yours\n",
            folder.display(),
            args.out.join("twin").display(),
            reasons.join(" or "),
            defect.clause,
            defect.id,
        );
    }
    let keyless = match fitting_key(&pair.hostile) {
        Fitting::Known(_) => String::new(),
        Fitting::Unknown => format!(
            "note  {NO_KEY}: key.pem is the twin's there, and a tool that checks its own key refuses the two\n      before any server sees them\n",
        ),
    };
    format!(
        "{}   must be refused: {} ({})\n{}   must be accepted\n{keyless}{}both at {}\n{}",
        folder.display(),
        reasons.join(" or "),
        defect.clause,
        args.out.join("twin").display(),
        objection(&pair.twin, Profile::strict_mtls()).map_or_else(String::new, |why| format!(
            "note  the profile strict-mtls refuses it too: {why}\n"
        )),
        pair.hostile.time,
        mint_commands::lines(&pair.hostile, &folder),
    )
}
