//! `gatecrash mint`: one defect and its twin as files, for curl, openssl, anything.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{CliError, Exit, output, select};
use crate::{
    case::{Case, Pair, PairError, pair, pairs},
    corpus::{Reproducer, reproducer::TEXT},
    defect::{Defect, Position},
    der::pem,
    mint::Minter,
    question::{Purpose, Time},
    recipe::generate::Setting,
};

/// Writes a defect and its twin as files: chain.pem, key.pem, crl.pem, anchor.pem, case.toml in hostile/ and twin/.
///
/// Without --variant the plainest chain is minted, valid around the present
/// time, with fresh CRLs. With it, the very case of a run is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash mint validity/expired --out ./here\n  \
                        gatecrash mint validity/expired --out ./here --position intermediate --purpose server\n  \
                        gatecrash mint validity/expired --out ./here --variant 3 --rng-seed 7"
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
    #[arg(long, value_name = "N", conflicts_with = "position")]
    variant: Option<u32>,
    /// Draws the setting of a variant.
    #[arg(long, value_name = "N", default_value_t = 7, requires = "variant")]
    rng_seed: u64,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let defect = select::defect(&args.defect)?;
    let minter = Minter::new();
    let pair = match args.variant {
        Some(variant) => of_run(&minter, defect, variant, args.rng_seed)?,
        None => plainest(&minter, defect, args)?,
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
    Ok(Exit::Clean)
}

fn of_run(
    minter: &Minter,
    defect: &'static Defect,
    variant: u32,
    rng_seed: u64,
) -> Result<Pair, CliError> {
    let suffix = format!("#{variant}");
    let variants = variant.saturating_add(1).min(100_000);
    for outcome in pairs(minter, defect, variants, rng_seed) {
        let found = outcome?;
        if found.hostile.id.ends_with(&suffix) {
            return Ok(found);
        }
    }
    Err(CliError::arguments(
        format!(
            "{} has no variant {variant} under rng seed {rng_seed}",
            defect.id
        ),
        "no setting fits there: take another number",
    ))
}

/// The first setting in which the defect can exist, from the plainest on.
fn plainest(minter: &Minter, defect: &'static Defect, args: &Args) -> Result<Pair, CliError> {
    let position = position(defect, args.position.as_deref())?;
    let purpose = match args.purpose {
        Some(purpose) if !defect.purposes.contains(&purpose) => {
            return Err(CliError::arguments(
                format!("{} is no defect of a {purpose}'s certificate", defect.id),
                "leave --purpose out",
            ));
        }
        Some(purpose) => purpose,
        None => defect.purposes[0],
    };
    let time = args.time.unwrap_or_else(now);
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
    let mut misfit = None;
    for setting in [with_crls, plain, deeper].into_iter().chain(drawn) {
        match pair(minter, defect, position, &setting, 0) {
            Err(error @ PairError::Unfit { .. }) => misfit = Some(error),
            outcome => return Ok(outcome?),
        }
    }
    Err(misfit.map_or_else(
        || CliError::arguments("no setting fits", "take another position"),
        CliError::from,
    ))
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
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_unix_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
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
        &blocks(pem::CERTIFICATE, &case.anchors),
        false,
    )?;
    write(
        &folder.join("chain.pem"),
        &blocks(pem::CERTIFICATE, &case.chain),
        false,
    )?;
    let crls = folder.join("crl.pem");
    if case.crls.is_empty() {
        // A file of an earlier case would be taken for one of this case.
        let _ = fs::remove_file(&crls);
    } else {
        write(&crls, &blocks(pem::CRL, &case.crls), false)?;
    }
    if let Some(key) = &case.end_entity_key {
        write(
            &folder.join("key.pem"),
            &pem::write(pem::PRIVATE_KEY, key.secret_pkcs8_der()),
            true,
        )?;
    }
    if let Some(reproducer) = reproducer {
        let text = toml::to_string(reproducer)
            .map_err(|error| crate::corpus::ReproducerError::Unwritable(error.to_string()))?;
        write(&folder.join(TEXT), &text, false)?;
    }
    Ok(())
}

/// Writes a file. A secret one is for its owner alone from its first byte on.
fn write(path: &Path, text: &str, secret: bool) -> Result<(), CliError> {
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
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| CliError::Write {
            to: path.display().to_string(),
            error,
        })
}

fn summary(args: &Args, defect: &Defect, pair: &Pair) -> String {
    let reasons: Vec<&str> = defect.reasons.iter().map(|reason| reason.name()).collect();
    let folder = args.out.join("hostile");
    let purpose = match pair.hostile.purpose {
        Purpose::Client => "sslclient",
        Purpose::Server => "sslserver",
    };
    format!(
        "{}   must be refused: {} ({})\n{}   must be accepted\nboth at {}\ntry   openssl verify -attime {} -purpose {purpose} -CAfile {anchor} -untrusted {chain} {chain}\n",
        folder.display(),
        reasons.join(" or "),
        defect.clause,
        args.out.join("twin").display(),
        pair.hostile.time,
        pair.hostile.time.unix_seconds(),
        anchor = folder.join("anchor.pem").display(),
        chain = folder.join("chain.pem").display(),
    )
}
