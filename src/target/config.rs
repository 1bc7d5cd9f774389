//! Any text as a configuration of the server, and as a profile: refused with
//! words, or written again it says the same.

use super::{Alarm, Reach, Session, Target};
use crate::{mutate::TEXT, server::Settings, validator::Profile};

pub(super) const CONFIG: Target = Target {
    name: "config",
    summary: "text as a configuration of the server and as a profile: refused with words, or it reads back",
    run,
    seeds,
    moves: TEXT,
    max_length: 8192,
    by_rarity: true,
    dictionary: None,
    reach: Reach::stages(&["refused", "a configuration", "a profile", "no profile"]),
};

fn run(input: &[u8], session: &mut Session) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match Settings::from_toml(text) {
        Ok(settings) => {
            session.health.reach("a configuration");
            let again = settings
                .to_toml()
                .and_then(|text| Settings::from_toml(&text));
            if again.as_ref() != Ok(&settings) {
                let detail = format!("{text}\n{again:?}");
                session.fail(
                    input,
                    &Alarm::new("a configuration does not read back", detail),
                );
            }
        }
        Err(words) => {
            session.health.reach("refused");
            if words.trim().is_empty() || words.contains('\n') {
                session.fail(input, &Alarm::new("an error that is not one line", words));
            }
        }
    }
    match Profile::from_toml(text) {
        Ok(profile) => {
            session.health.reach("a profile");
            let again = profile.to_toml().and_then(|text| Profile::from_toml(&text));
            if again.as_ref().ok() != Some(&profile) {
                session.fail(input, &Alarm::new("a profile does not read back", text));
            }
        }
        Err(error) => {
            session.health.reach("no profile");
            if error.to_string().trim().is_empty() {
                session.fail(input, &Alarm::new("an error without words", text));
            }
        }
    }
}

/// The commented example of `serve`, its least, and the shipped profiles.
fn seeds() -> Vec<Vec<u8>> {
    let example = include_str!("../cli/serve.example.toml");
    let least = "certificate = \"server.pem\"\nkey = \"server.key\"\nclient-ca = [\"ca.pem\"]\n";
    let mut seeds = vec![
        example.as_bytes().to_vec(),
        least.as_bytes().to_vec(),
        format!("{least}[roles]\nwriter = [{{ dns = \"device-7.example\" }}, {{ uri = \"spiffe://x/y\" }}]\n[limits]\nconnections = 9\n").into_bytes(),
    ];
    let profiles = Profile::NAMES
        .iter()
        .filter_map(|name| Profile::named(name));
    seeds.extend(profiles.filter_map(|profile| Some(profile.to_toml().ok()?.into_bytes())));
    seeds
}
