//! `gatecrash limbo-export`: the catalogue for harnesses that read x509-limbo.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    CliError, Exit, error,
    output::{ListFormat, ListOutput},
    select,
};
use crate::{
    case::{Limbo, pairs},
    mint::Minter,
};

/// Writes the catalogue as an x509-limbo file.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gatecrash limbo-export --out gatecrash.json --defect 'names/*'"
)]
pub(super) struct Args {
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only defects whose ids match; `*` stands for any text. Give it again for more.
    #[arg(long, value_name = "GLOB")]
    defect: Vec<String>,
    /// Settings that each defect is put into.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    variants: u32,
    /// Draws the settings.
    #[arg(long, value_name = "N", default_value_t = 7)]
    rng_seed: u64,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let defects = select::defects(&args.defect)?;
    let minter = Minter::new();
    let minted = defects
        .iter()
        .flat_map(|defect| pairs(&minter, defect, args.variants, args.rng_seed));
    let minted = minted.collect::<Result<Vec<_>, _>>()?;
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    let (told, untold): (Vec<_>, Vec<_>) = minted
        .iter()
        .partition(|pair| pair.beyond_limbo().is_none());
    for what in untold.iter().filter_map(|pair| pair.beyond_limbo()) {
        *left_out.entry(what).or_default() += 1;
    }
    let list: Vec<String> = left_out
        .iter()
        .map(|(what, count)| format!("{count} about {what}"))
        .collect();
    let list = list.join(", ");
    if told.is_empty() {
        return Err(CliError::arguments(
            format!("nothing to write: x509-limbo has no place for any of these pairs, {list}"),
            "choose defects of certificates, chains or CRLs with --defect",
        ));
    }
    let sink = ListOutput {
        format: ListFormat::Json,
        output: Some(args.out.clone()),
    }
    .open()?;
    sink.write(&Limbo::of_pairs(told).write())?;
    if !left_out.is_empty() {
        error::note(&format!(
            "left out, because x509-limbo has no place for it: pairs {list}"
        ));
    }
    Ok(Exit::Clean)
}
