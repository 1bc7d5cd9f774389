//! `gatecrash validate`: judges a given chain and explains every violated rule.

mod show;

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    CliError, Exit, input,
    mint::now,
    output::{self, ListFormat, ListOutput},
    profile,
    select::{self, EngineArgs},
};
use crate::{
    case::{Case, Expected, Requirements, Role},
    defect::Position,
    engine::Engine,
    oracle::Answer,
    question::{PeerName, Purpose, Time},
    validator::{
        Anchor, CrlStore, Inputs, Report, Revocation, RevocationEvidence, RevocationOptions,
        RevocationScope, Validator,
    },
    verdict::Verdict,
};

/// Judges a chain that you have, and explains every violated rule with its clause.
///
/// The reference validator explains. Engines that are named are asked as well.
///
/// What the peer presents is judged whatever it is: bytes that are no certificate, or no OCSP response, are refused, with exit code 1.
/// A file that is empty, of another kind, or longer than anything of its kind is an error of input, with exit code 2.
/// Anchors and CRLs are your own: so is one that cannot be read.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatecrash validate --anchor root.pem --chain client.pem --crl issuing.crl\n  \
                        gatecrash validate --anchor root.pem --chain server.pem --purpose server --name db.example --engine webpki"
)]
pub(super) struct Args {
    /// Trust anchors, as certificates in PEM or one in DER.
    #[arg(long, value_name = "FILE", required = true)]
    anchor: Vec<PathBuf>,
    /// What the peer presents, the end entity first, in PEM or one in DER. Several files are one chain.
    #[arg(long, value_name = "FILE", required = true)]
    chain: Vec<PathBuf>,
    /// CRLs, in PEM or one in DER. With any, the status of the whole chain is checked.
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// OCSP responses in DER, as a peer staples them. With any, the status is checked as with CRLs.
    #[arg(long, value_name = "FILE")]
    ocsp: Vec<PathBuf>,
    /// The nonce that every OCSP response must hold, in hexadecimal digits.
    #[arg(long, value_name = "HEX", requires = "ocsp")]
    ocsp_nonce: Option<Hex>,
    /// The greatest age of CRLs and OCSP responses, in seconds after their thisUpdate.
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,
    /// Whose status is checked.
    #[arg(long, value_name = "SCOPE", value_enum, default_value_t)]
    status_of: StatusOf,
    /// What the end entity is for: client or server.
    #[arg(long, value_name = "PURPOSE", default_value_t = Purpose::Client)]
    purpose: Purpose,
    /// The name under which the peer is expected.
    #[arg(long, value_name = "N")]
    name: Option<PeerName>,
    /// The validation time, as 2026-11-23T21:07:00Z. Without it, now.
    #[arg(long, value_name = "T")]
    time: Option<Time>,
    /// What the reference validator demands: rfc5280, webpki, strict-mtls, or a file in TOML.
    #[arg(long, value_name = "NAME|FILE", default_value = "strict-mtls")]
    profile: String,
    #[command(flatten)]
    engines: EngineArgs,
    #[command(flatten)]
    output: ListOutput,
}

/// [`RevocationScope`] as an option.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum StatusOf {
    /// Every certificate below the anchor.
    #[default]
    Chain,
    /// The end entity alone.
    EndEntity,
}

/// Octets, written as hexadecimal digits.
#[derive(Clone, Debug)]
struct Hex(Vec<u8>);

impl FromStr for Hex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let digits = digits.ok_or("write it in hexadecimal digits")?;
        if digits.is_empty() || digits.len() % 2 == 1 {
            return Err(
                "write two hexadecimal digits for each octet, one octet at least".to_owned(),
            );
        }
        let octet = |pair: &[u32]| {
            pair.iter()
                .fold(0, |octet, digit| octet << 4 | *digit as u8)
        };
        Ok(Self(digits.chunks(2).map(octet).collect()))
    }
}

/// The engine that explains.
const REFERENCE: &str = "reference";

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let profile = profile::open(&args.profile)?;
    let profile_name = profile.name.clone();
    let crls = input::crls(&args.crl)?;
    let stapled = args.ocsp.iter().map(|path| input::ocsp_response(path));
    let stapled = stapled.collect::<Result<Vec<_>, _>>()?;
    let mut case = case(args, crls.iter().map(|(_, der)| der.clone()).collect())?;
    // A peer staples one.
    case.ocsp = stapled.first().cloned();
    let anchors = anchors(args)?;
    let others = others(args, &case)?;
    let sink = args.output.open()?;

    let given = !case.crls.is_empty() || !stapled.is_empty();
    let evidence = evidence(args, crls, &stapled);
    let chain: Vec<&[u8]> = case.chain.iter().map(Vec::as_slice).collect();
    let inputs = Inputs {
        chain: &chain,
        anchors: &anchors,
        purpose: case.purpose,
        name: case.name.as_ref(),
        time: case.time,
        revocation: if given {
            Revocation::Check(&evidence)
        } else {
            Revocation::Off
        },
    };
    let report = Validator::new(profile).validate(&inputs);
    let answers: Option<Vec<(String, Answer)>> = others
        .iter()
        .map(|engine| Some((engine.name().to_owned(), Answer::of(engine.observe(&case))?)))
        .collect();
    let answers = answers.ok_or(CliError::Interrupted("every engine answered"))?;

    let verdict = exit(&report, &answers);
    let text = match args.output.format {
        ListFormat::Json => show::json(&report, &answers)?,
        ListFormat::Text => show::text(
            &report.explain(&inputs, &profile_name),
            &report,
            &answers,
            args.output.paint(),
            output::width(),
        ),
    };
    sink.write(&text)?;
    let silent = answers.into_iter().find_map(|(name, answer)| match answer {
        Answer::Broke(what) | Answer::Crashed(what) => Some(CliError::NoAnswer { name, what }),
        Answer::Observed(_) => None,
    });
    match silent {
        Some(error) => Err(error),
        None => Ok(verdict),
    }
}

fn case(args: &Args, crls: Vec<Vec<u8>>) -> Result<Case, CliError> {
    let all = |paths: &[PathBuf], read: fn(&Path) -> Result<Vec<Vec<u8>>, CliError>| {
        let read = paths.iter().map(|path| read(path));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        Ok::<Vec<Vec<u8>>, CliError>(read.into_iter().flatten().collect())
    };
    Ok(Case {
        id: "given".to_owned(),
        defect: None,
        role: Role::Twin,
        position: Position::Chain,
        expected: Expected::Accept,
        purpose: args.purpose,
        time: args.time.unwrap_or_else(now),
        name: args.name.clone(),
        anchors: all(&args.anchor, input::certificates)?,
        chain: all(&args.chain, input::presented)?,
        crls,
        ocsp: None,
        handshake: None,
        end_entity_key: None,
        requirements: Requirements::default(),
        recipe: None,
    })
}

fn evidence(args: &Args, crls: Vec<(&Path, Vec<u8>)>, stapled: &[Vec<u8>]) -> RevocationEvidence {
    let options = RevocationOptions {
        scope: match args.status_of {
            StatusOf::Chain => RevocationScope::Chain,
            StatusOf::EndEntity => RevocationScope::EndEntity,
        },
        maximum_age: args.max_age,
        ..RevocationOptions::default()
    };
    let mut evidence = RevocationEvidence::new(load(crls), options);
    if let Some(Hex(nonce)) = &args.ocsp_nonce {
        evidence = evidence.with_nonce(nonce.clone());
    }
    for der in stapled {
        evidence = evidence.with_ocsp_response(der);
    }
    evidence
}

/// CRLs longer than this show how far their reading has come.
const LONG_CRL: usize = 4 << 20;

/// The CRLs with the files that they came from. One that cannot be read is a finding, not an error:
/// the chain is judged as a service would that has only this.
fn load(crls: Vec<(&Path, Vec<u8>)>) -> CrlStore {
    let mut store = CrlStore::default();
    for (path, der) in crls {
        // Drawn on standard error, and on a terminal alone.
        let bar = match der.len() {
            LONG_CRL.. => ProgressBar::new(der.len() as u64).with_style(
                ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}")
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            ),
            _ => ProgressBar::hidden(),
        };
        let file = path.display().to_string();
        bar.set_message(file.clone());
        store.load_lossy(Some(&file), der, &mut |progress| {
            bar.set_position(progress.done as u64);
        });
        bar.finish_and_clear();
    }
    store
}

/// The anchors of all files. In a bundle, one that cannot be read is told and passed over.
fn anchors(args: &Args) -> Result<Vec<Anchor>, CliError> {
    let mut anchors = Vec::new();
    for path in &args.anchor {
        let mut unread = Vec::new();
        let before = anchors.len();
        for (index, der) in input::certificates(path)?.iter().enumerate() {
            match Anchor::from_certificate(der) {
                Ok(anchor) => anchors.push(anchor),
                Err(error) => unread.push(CliError::Der {
                    path: path.clone(),
                    what: "anchor",
                    number: index + 1,
                    problem: error.to_string(),
                }),
            }
        }
        let nothing_left = anchors.len() == before;
        for error in unread {
            if nothing_left {
                return Err(error);
            }
            super::error::note(&format!("passed over: {error}"));
        }
    }
    Ok(anchors)
}

/// The engines that were named, the one that explains excepted.
fn others(args: &Args, case: &Case) -> Result<Vec<Box<dyn Engine>>, CliError> {
    let options = args.engines.options();
    let named = args
        .engines
        .engine
        .iter()
        .filter(|name| name.as_str() != REFERENCE);
    let mut engines = named
        .map(|name| select::open(name, &options))
        .collect::<Result<Vec<_>, _>>()?;
    engines.extend(args.engines.open_workers()?);
    engines.extend(args.engines.open_harnesses(std::iter::once(case))?);
    Ok(engines)
}

fn exit(report: &Report, answers: &[(String, Answer)]) -> Exit {
    let refused = |answer: &Answer| {
        answer
            .conclusive()
            .is_some_and(|observation| observation.verdict != Verdict::Accept)
    };
    match report.is_accepted() && !answers.iter().any(|(_, answer)| refused(answer)) {
        true => Exit::Clean,
        false => Exit::Findings,
    }
}
