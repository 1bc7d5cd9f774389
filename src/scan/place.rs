//! Further servers of the same operator: they may share ticket keys and differ in their rules.
//!
//! A session is begun at one and resumed at the other, both ways. Where the other
//! lets the same client in with a new handshake too, that is nothing new.

use std::sync::Arc;

use super::{
    ScanError,
    answer::Response,
    client::Request,
    credentials::Credentials,
    endpoint::Endpoint,
    probe::{Probe, Seen},
    resumption::{lets_in, run_from, visited},
    scene::Scene,
};
use crate::handshake::resume::{self, Change, Operator, Shows};

/// A further server of the same operator.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it is, and the path that is asked for there.
    pub endpoint: Endpoint,
    /// A certificate that it lets in, where that is another than the good one of the scan.
    pub good: Option<Arc<Credentials>>,
}

impl Place {
    fn request(&self, scene: &Scene) -> Request {
        let request = scene.wishes.request.clone();
        match self.endpoint.path() {
            "/" => request,
            path => Request {
                path: path.to_owned(),
                ..request
            },
        }
    }
}

/// Whether the session goes from the scanned server to the other, or comes from there.
#[derive(Clone, Copy)]
enum Way {
    There,
    Back,
}

/// Looks whether every further server is there at all.
///
/// # Errors
/// When one is not.
pub(super) fn look(scene: &Scene) -> Result<(), ScanError> {
    for place in &scene.wishes.places {
        scene.client.to(place.endpoint.clone()).reach()?;
    }
    Ok(())
}

/// One probe for each further server and each way.
pub(super) fn probes(scene: &Scene, probe: &'static resume::Probe) -> Vec<Probe> {
    let here = scene.client.endpoint().authority();
    let of = |place: &Place, way: Way| {
        let other = place.endpoint.authority();
        let (at, from, to) = match way {
            Way::There => (other.clone(), &here, &other),
            Way::Back => (format!("from-{other}"), &other, &here),
        };
        let id = format!("{}@{at}", probe.id);
        let summary = format!("{}: {from}, then {to}", probe.summary);
        let place = place.clone();
        Probe::hostile(id, summary, move |scene| {
            shown(scene, probe, &place, way).unwrap_or_else(Seen::inconclusive)
        })
    };
    let places = scene.wishes.places.iter();
    places
        .flat_map(|place| [of(place, Way::There), of(place, Way::Back)])
        .collect()
}

fn shown(scene: &Scene, probe: &resume::Probe, place: &Place, way: Way) -> Result<Seen, String> {
    let request = place.request(scene);
    let client = scene.client.to(place.endpoint.clone());
    client.reach().map_err(|error| error.to_string())?;
    let here = visited(&scene.client, &scene.wishes.request)?;
    let there = visited(&client, &request)?;
    let (begin, end) = match way {
        Way::There => (here, there),
        Way::Back => (there, here),
    };
    // Where none is named for it, a client that this server has revoked may still be good there.
    let own = place.good.as_ref().or(scene.wishes.revoked.as_ref());
    let own = own.filter(|_| matches!(way, Way::Back));
    let credentials = own.unwrap_or(&scene.good);
    let let_in = |response: &[u8]| match way {
        // Another server may serve another page.
        Way::There => Response::read(response, true)
            .is_some_and(|response| scene.yardstick.admits(response.status)),
        Way::Back if probe.shows == Shows::Nothing => lets_in(scene, Change::Demand, response),
        Way::Back => lets_in(scene, Change::Nothing, response),
    };
    let mut operator = GoesOver(end);
    run_from(scene, &begin, probe, credentials, &mut operator, &let_in)
}

/// Goes to another server.
struct GoesOver(resume::Endpoint);

impl Operator for GoesOver {
    fn make(&mut self, _: Change) -> Result<Option<resume::Endpoint>, String> {
        Ok(Some(self.0.clone()))
    }

    fn undo(&mut self, _: Change) -> Result<(), String> {
        Ok(())
    }
}
