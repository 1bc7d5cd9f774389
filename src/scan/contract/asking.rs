//! How a route is asked, and what its answer means beside what the good certificate gets there.

use std::sync::Arc;

use super::{
    super::{
        answer::{Answer, End},
        client::Request,
        credentials::Credentials,
        header::SPOOFED,
        outcome::Outcome,
        probe::Seen,
        scene::Scene,
    },
    route::{Route, ask},
};
use crate::{mint::Minter, question::Purpose, recipe::generate::Setting};

/// What was seen of somebody without a certificate, with whether he gets the very page of the good one.
pub(super) fn told_apart(scene: &Scene, route: &Route, seen: Seen) -> Seen {
    let (Outcome::Accepted(status) | Outcome::AcceptedUnverified(status)) = seen.outcome else {
        return seen;
    };
    let looks = |answer: &Answer| answer.response.as_ref().map(|response| response.looks());
    let evidence = match looks(route.none(scene)) == looks(route.good(scene)) {
        true => format!("HTTP {status}, with the same page as for the good certificate"),
        false => format!(
            "HTTP {status}, with another page than for the good certificate: look whether it tells or does anything"
        ),
    };
    Seen { evidence, ..seen }
}

/// The command by which somebody without a certificate asks the same.
pub(super) fn command(scene: &Scene, request: &Request) -> String {
    let spoofed: Vec<&str> = SPOOFED.iter().map(|(name, _)| *name).collect();
    scene.commands().curl_request(request, None, &spoofed)
}

/// What an answer means on a route that is guarded. On one that is open anything gets in, and proves nothing.
pub(super) fn on_guarded(scene: &Scene, route: &Route, answer: impl FnOnce() -> Answer) -> Seen {
    let none = route.none(scene);
    if route.measure(scene, none).is_accepted() {
        return Seen::inconclusive("the route is open to anybody");
    }
    on_live(scene, route, answer)
}

/// What an answer means on a route that the good certificate enters.
pub(super) fn on_live(scene: &Scene, route: &Route, answer: impl FnOnce() -> Answer) -> Seen {
    let dead = route.is_dead(scene);
    let answer = answer();
    let seen = seen(scene, route, &answer);
    match dead {
        // A refusal is one whatever the good certificate gets; being let in is not.
        Some(why) if !seen.outcome.is_refused() => Seen::inconclusive(why),
        _ => seen,
    }
}

pub(super) fn seen(scene: &Scene, route: &Route, answer: &Answer) -> Seen {
    Seen::of(route.measure(scene, answer))
}

/// What an answer means by itself: who is refused, and who gets anything at all.
pub(super) fn of_answer(scene: &Scene, route: &Route, answer: &Answer) -> Seen {
    let is_served = matches!(route.good(scene).end, End::Status(200..=299));
    Seen::of(match &answer.end {
        // Whoever is sent elsewhere, to a login, while others are served, is turned away.
        End::Status(status @ 300..=399) if is_served => Outcome::RefusedByStatus(*status),
        End::Alert(number) => Outcome::RefusedByAlert(*number),
        End::Closed => Outcome::RefusedByClose,
        End::Status(status @ (401 | 403 | 495 | 496)) => Outcome::RefusedByStatus(*status),
        End::Status(404) => Outcome::Inconclusive("HTTP status 404".to_owned()),
        End::Status(status) => Outcome::Accepted(*status),
        End::TimedOut => Outcome::Silent,
        other => Outcome::Inconclusive(other.to_string()),
    })
}

/// Asks for another spelling of the path, without a certificate.
///
/// A page that says to everybody that there is nothing is no way in: what counts is the route's own answer.
pub(super) fn variant(
    scene: &Scene,
    route: &Route,
    spell: impl Fn(&str) -> Option<String>,
) -> Seen {
    let (path, query) = match route.bare.path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (route.bare.path.as_str(), None),
    };
    let Some(spelt) = spell(path) else {
        return Seen::inconclusive("the path has no other spelling of this kind");
    };
    let mut request = route.full();
    request.path = match query {
        Some(query) => format!("{spelt}?{query}"),
        None => spelt,
    };
    let again = command(scene, &request);
    let looks = |answer: &Answer| answer.response.as_ref().map(|response| response.looks());
    let answer = ask(scene, None, request);
    let same = looks(&answer) == looks(route.good(scene));
    if matches!(answer.end, End::Status(200..=299)) && !same {
        return Seen::inconclusive("another page is served there");
    }
    on_guarded(scene, route, || answer).again(again)
}

/// A client of a CA that only gatecrash knows.
pub(super) fn stranger_of_another_ca(scene: &Scene) -> Option<Arc<Credentials>> {
    let setting = Setting {
        purpose: Purpose::Client,
        time: scene.pki.now(),
        ..Setting::default()
    };
    let minted = Minter::new().mint(&setting.recipe()).ok()?;
    Some(Arc::new(Credentials {
        chain: minted.chain,
        key: minted.end_entity_key,
    }))
}
