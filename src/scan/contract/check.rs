//! What is asked of every route: one entry a question, with what it amounts to when the answer is wrong.

use std::sync::Arc;

use super::{
    super::{
        answer::End,
        client::Visit,
        header::{SPOOFED, spoofing},
        identity,
        outcome::Outcome,
        probe::Seen,
        remedy::Remedy,
        result::Expected,
        scene::Scene,
    },
    asking::{
        command, of_answer, on_guarded, on_live, seen, stranger_of_another_ca, told_apart, variant,
    },
    fix::{self, Fix},
    route::{Route, ask},
};
use crate::{defect::Severity, openapi::MutualTls};

/// A question to a route.
pub(super) struct Check {
    /// The part of the probe's id after the stage.
    pub(super) name: &'static str,
    /// What is shown, in words before ` on GET /x`.
    pub(super) shows: &'static str,
    /// What the document promises, where it promises anything about it.
    pub(super) promise: fn(&Route) -> Option<Expected>,
    /// Asks.
    pub(super) act: fn(&Scene, &Route) -> Seen,
    /// What it amounts to when the promise is broken.
    pub(super) broken: Broken,
}

/// A finding in words.
pub(super) struct Broken {
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    pub(super) fix: Fix,
}

const REJECT: Option<Expected> = Some(Expected::Reject);
const ACCEPT: Option<Expected> = Some(Expected::Accept);

fn is_guarded(route: &Route) -> bool {
    matches!(route.demand, MutualTls::Always | MutualTls::Alternative)
}

/// Where a certificate is demanded and nothing else would do.
fn guarded(route: &Route) -> Option<Expected> {
    if route.demand == MutualTls::Always {
        REJECT
    } else {
        None
    }
}

/// Every question.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "good",
        shows: "the good certificate",
        promise: |_| ACCEPT,
        act: |scene, route| match route.is_dead(scene) {
            Some(why) => Seen::inconclusive(why),
            None => seen(scene, route, route.good(scene)),
        },
        broken: Broken {
            id: "openapi/good-refused",
            severity: Severity::Info,
            title: "A route refuses the good certificate",
            why: "Nothing can be learned of a route that nobody enters.",
            fix: Fix::Any("give a certificate with --template that may enter it"),
        },
    },
    Check {
        name: "no-certificate",
        shows: "no certificate",
        promise: guarded,
        act: |scene, route| {
            let seen = on_live(scene, route, || route.none(scene).clone());
            told_apart(scene, route, seen).again(route.as_nobody(scene))
        },
        broken: Broken {
            id: "openapi/declared-but-open",
            severity: Severity::Critical,
            title: "mutualTLS is declared, and the route is open to anybody",
            why: "The document promises a guard that is not there. Those who rely on the document leave the door open.",
            fix: fix::ROUTE,
        },
    },
    Check {
        name: "any-certificate",
        shows: "a certificate of a CA that nobody trusts",
        promise: guarded,
        act: |scene, route| match stranger_of_another_ca(scene) {
            Some(shown) => on_guarded(scene, route, || ask(scene, Some(shown), route.full())),
            None => Seen::inconclusive("no such certificate could be made"),
        },
        broken: Broken {
            id: "openapi/any-certificate",
            severity: Severity::Critical,
            title: "mutualTLS is declared, and a certificate of any CA opens the route",
            why: "A certificate that nobody vouches for is worth as much as none: everybody makes one in a second.",
            fix: Fix::Remedy(Remedy::Verify),
        },
    },
    Check {
        name: "other-subject",
        shows: "a valid certificate of the CA for somebody else",
        promise: |route| if route.has_roles { REJECT } else { None },
        act: |scene, route| match identity::stranger(scene)
            .and_then(|recipe| scene.pki.mint(&recipe).ok())
        {
            Some(shown) => on_guarded(scene, route, || {
                ask(scene, Some(Arc::new(shown)), route.full())
            }),
            None => Seen::inconclusive("no such certificate could be made"),
        },
        broken: Broken {
            id: "openapi/role-not-enforced",
            severity: Severity::High,
            title: "A role is declared, and any certificate of the CA has it",
            why: "The document says who may do what, and the server asks only whether the CA signed.",
            fix: fix::ROLE,
        },
    },
    Check {
        name: "certificate-alone",
        shows: "the good certificate without a token",
        promise: |route| match route.demand {
            MutualTls::Always if route.tokens.beside_certificate => REJECT,
            _ => None,
        },
        act: |scene, route| {
            let seen = on_guarded(scene, route, || {
                ask(scene, Some(Arc::clone(&scene.good)), route.bare.clone())
            });
            seen.again(route.as_good(scene))
        },
        broken: Broken {
            id: "openapi/and-enforced-as-or",
            severity: Severity::High,
            title: "A certificate and a token are declared together, and the certificate alone is enough",
            why: "Names inside one security requirement are all needed. One of two guards is missing.",
            fix: fix::BOTH,
        },
    },
    Check {
        name: "certificate-in-place-of-token",
        shows: "the good certificate without a token",
        promise: |route| match route.demand {
            MutualTls::Alternative if !route.tokens.beside_certificate => ACCEPT,
            _ => None,
        },
        act: |scene, route| {
            let good = Some(Arc::clone(&scene.good));
            of_answer(scene, route, &ask(scene, good, route.bare.clone()))
                .again(route.as_good(scene))
        },
        broken: Broken {
            id: "openapi/or-enforced-as-and",
            severity: Severity::Medium,
            title: "A certificate or a token is declared, and the certificate alone is refused",
            why: "Alternatives of `security` stand each for itself. Clients that follow the document are locked out.",
            fix: fix::EITHER,
        },
    },
    Check {
        name: "token-in-place-of-certificate",
        shows: "a token without a certificate",
        promise: |route| match route.demand {
            MutualTls::Alternative
                if route.tokens.in_its_place && !route.tokens.given.is_empty() =>
            {
                ACCEPT
            }
            _ => None,
        },
        act: |scene, route| {
            of_answer(scene, route, route.none(scene)).again(route.as_nobody(scene))
        },
        broken: Broken {
            id: "openapi/or-enforced-as-and",
            severity: Severity::Medium,
            title: "A certificate or a token is declared, and the token alone is refused",
            why: "Alternatives of `security` stand each for itself. Clients that follow the document are locked out.",
            fix: fix::EITHER,
        },
    },
    Check {
        name: "neither",
        shows: "neither certificate nor token",
        promise: |route| match route.demand {
            MutualTls::Alternative => REJECT,
            MutualTls::Always if route.tokens.beside_certificate => REJECT,
            _ => None,
        },
        act: |scene, route| {
            on_live(scene, route, || ask(scene, None, route.bare.clone()))
                .again(command(scene, &route.bare))
        },
        broken: Broken {
            id: "openapi/declared-but-open",
            severity: Severity::Critical,
            title: "mutualTLS is declared, and the route is open to anybody",
            why: "The document promises a guard that is not there.",
            fix: fix::ROUTE,
        },
    },
    Check {
        name: "anonymous",
        shows: "neither certificate nor token",
        promise: |route| match route.demand {
            MutualTls::Never if route.anonymous => ACCEPT,
            MutualTls::Optional => ACCEPT,
            _ => None,
        },
        act: |scene, route| {
            of_answer(scene, route, &ask(scene, None, route.bare.clone()))
                .again(command(scene, &route.bare))
        },
        broken: Broken {
            id: "openapi/closed-though-open-declared",
            severity: Severity::Medium,
            title: "Nothing is demanded by the document, and those without a certificate are refused",
            why: "Health checks and public clients that follow the document are locked out; and whoever reads it is misled about what is guarded.",
            fix: fix::OPTIONAL,
        },
    },
    Check {
        name: "handshake",
        shows: "a token without a certificate",
        promise: |route| {
            (route.demand == MutualTls::Never && !route.anonymous).then_some(Expected::Accept)
        },
        // Without a token the application rightly refuses; the handshake has no reason to.
        act: |scene, route| match &route.none(scene).end {
            End::Status(status) => Seen::of(Outcome::Accepted(*status)),
            _ => of_answer(scene, route, route.none(scene)),
        },
        broken: Broken {
            id: "openapi/undeclared-certificate",
            severity: Severity::Medium,
            title: "mutualTLS is not declared, and the handshake demands a certificate",
            why: "The document does not say what a client needs, so clients that follow it cannot connect.",
            fix: Fix::Any("declare mutualTLS beside the token, in one requirement"),
        },
    },
    Check {
        name: "resumed",
        shows: "the ticket of a session without a certificate",
        promise: |route| if is_guarded(route) { REJECT } else { None },
        act: |scene, route| {
            let Some(answer) = scene.client.resumed(&Visit::new(None, route.full())) else {
                return Seen::inconclusive("no session could be resumed");
            };
            on_guarded(scene, route, || answer)
        },
        broken: Broken {
            id: "openapi/resumption-bypass",
            severity: Severity::Critical,
            title: "A session without a certificate is resumed, and the route is open",
            why: "Whoever connects twice is taken for verified: the second time no certificate is asked for, and the server forgets that there was none (nodejs/node#35317).",
            fix: Fix::Remedy(Remedy::Tickets),
        },
    },
    Check {
        name: "spoofed-header",
        shows: "no certificate, and headers in which a proxy would vouch for one",
        promise: |route| if is_guarded(route) { REJECT } else { None },
        act: |scene, route| {
            let request = spoofing(route.bare.clone(), SPOOFED);
            let again = command(scene, &request);
            let mut seen = on_guarded(scene, route, || ask(scene, None, request));
            let names: Vec<&str> = SPOOFED.iter().map(|(name, _)| *name).collect();
            seen.evidence
                .push_str(&format!("; sent were {}", names.join(", ")));
            seen.again(again)
        },
        broken: Broken {
            id: "openapi/header-spoofing",
            severity: Severity::Critical,
            title: "A header that anybody can send opens the route",
            why: "The server believes a proxy's word about the client's certificate from whoever connects.",
            fix: fix::HEADERS,
        },
    },
    Check {
        name: "other-host",
        shows: "no certificate, and a Host that is not the name of the handshake",
        promise: |route| if is_guarded(route) { REJECT } else { None },
        act: |scene, route| {
            let mut visit = Visit::new(None, route.bare.clone());
            let host = scene.client.endpoint().host_header();
            visit.server_name = Some("gatecrash.example".to_owned());
            visit.request.headers.push(("Host".to_owned(), host));
            on_guarded(scene, route, || scene.client.visit(&visit))
        },
        broken: Broken {
            id: "openapi/host-and-sni-disagree",
            severity: Severity::High,
            title: "Another name in the handshake opens the route",
            why: "The name of the handshake picks whether a certificate is demanded, and the Host picks what is served.",
            fix: fix::NAMES,
        },
    },
    Check {
        name: "trailing-slash",
        shows: "no certificate, and a slash after the path",
        promise: |route| if is_guarded(route) { REJECT } else { None },
        act: |scene, route| {
            variant(scene, route, |path| {
                (!path.ends_with('/')).then(|| format!("{path}/"))
            })
        },
        broken: SPELLING,
    },
    Check {
        name: "other-case",
        shows: "no certificate, and the path in capitals",
        promise: |route| if is_guarded(route) { REJECT } else { None },
        act: |scene, route| {
            variant(scene, route, |path| {
                Some(path.to_ascii_uppercase()).filter(|other| other != path)
            })
        },
        broken: SPELLING,
    },
    Check {
        name: "doubled-slash",
        shows: "no certificate, and a slash before the path",
        promise: |route| if is_guarded(route) { REJECT } else { None },
        act: |scene, route| variant(scene, route, |path| Some(format!("/{path}"))),
        broken: SPELLING,
    },
    Check {
        name: "undeclared-method",
        shows: "no certificate, and a method that is not declared",
        promise: |route| if is_guarded(route) { REJECT } else { None },
        act: |scene, route| {
            let free = ["GET", "HEAD"].iter().find(|method| {
                !route
                    .declared_methods
                    .iter()
                    .any(|declared| declared == *method)
            });
            let Some(method) = free else {
                return Seen::inconclusive("every safe method is declared");
            };
            let mut request = route.bare.clone();
            request.method = (*method).to_owned();
            let again = command(scene, &request);
            let mut seen = on_guarded(scene, route, || ask(scene, None, request));
            seen.evidence.push_str(&format!("; it was {method}"));
            seen.again(again)
        },
        broken: Broken {
            id: "openapi/undeclared-method-open",
            severity: Severity::High,
            title: "A method that is not declared goes around the guard",
            why: "Routers answer HEAD by the handler of GET, and some guards look at the declared method alone.",
            fix: fix::METHODS,
        },
    },
];

const SPELLING: Broken = Broken {
    id: "openapi/other-spelling-open",
    severity: Severity::High,
    title: "Another spelling of the path goes around the guard",
    why: "The guard compares the path in one way and the router in another, and whoever knows the difference is in.",
    fix: fix::SPELLING,
};
