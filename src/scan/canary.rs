//! Where the URLs of probes' certificates lead: a listener on loopback that
//! waits for the server to fetch one.
//!
//! A server that fetches what a client's certificate names sends requests
//! wherever the client likes, into its own network too.

use std::{
    io::Read,
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    client::Visit,
    credentials::Credentials,
    outcome::Outcome,
    probe::{Conclusion, Probe, Seen, Stage},
    result::{Expected, Finding, Record},
    scene::Scene,
};
use crate::{
    defect::Severity,
    mint::Minter,
    question::Purpose,
    recipe::{ExtensionValue, Recipe, generate::Setting},
};

/// Certificates with URLs.
pub(super) const STAGE: Stage = Stage {
    name: "canary",
    about: "certificates whose URLs lead to a listener of gatecrash, to see whether the server fetches them",
    alone: false,
    changes_server: false,
    probes,
    conclude,
};

/// How long a fetch is waited for after the answer.
const PATIENCE: Duration = Duration::from_millis(700);

/// How long the listener sleeps between looks.
const LOOK: Duration = Duration::from_millis(5);

/// The most of a request that is read.
const MAX_REQUEST: usize = 2048;

/// A listener that begins with the first URL, and the request lines that came.
#[derive(Default)]
pub(super) struct Canary {
    nest: OnceLock<Option<Nest>>,
}

struct Nest {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    closing: Arc<AtomicBool>,
}

impl Canary {
    /// The URL of a path there. None where no port is free.
    fn url(&self, path: &str) -> Option<String> {
        let nest = self.nest.get_or_init(Nest::open).as_ref()?;
        Some(format!("http://127.0.0.1:{}/{path}", nest.port))
    }

    /// The first request line for a path that begins so.
    fn heard(&self, path: &str) -> Option<String> {
        let nest = self.nest.get()?.as_ref()?;
        let heard = nest.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard
            .iter()
            .find(|line| line.contains(&format!(" /{path}")))
            .cloned()
    }
}

impl Nest {
    fn open() -> Option<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
        listener.set_nonblocking(true).ok()?;
        let nest = Self {
            port: listener.local_addr().ok()?.port(),
            heard: Arc::default(),
            closing: Arc::default(),
        };
        let (heard, closing) = (Arc::clone(&nest.heard), Arc::clone(&nest.closing));
        thread::spawn(move || {
            while !closing.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((mut stream, _)) => {
                        let _ = stream.set_nonblocking(false);
                        let _ = stream.set_read_timeout(Some(PATIENCE));
                        let mut request = [0; MAX_REQUEST];
                        let read = stream.read(&mut request).unwrap_or(0);
                        let text = String::from_utf8_lossy(&request[..read]);
                        let line = text.lines().next().unwrap_or_default().to_owned();
                        heard
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(line);
                    }
                    Err(_) => thread::sleep(LOOK),
                }
            }
        });
        Some(nest)
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
    }
}

/// Who vouches for the certificate with the URLs.
#[derive(Clone, Copy)]
struct Voucher {
    name: &'static str,
    shows: &'static str,
    expected: Expected,
    severity: Severity,
    credentials: fn(&Scene, Recipe) -> Option<Credentials>,
    title: &'static str,
    why: &'static str,
}

const VOUCHERS: &[Voucher] = &[
    Voucher {
        name: "of-nobody",
        shows: "a certificate of a CA that nobody trusts, with URLs of its issuer, its CRL and its OCSP responder",
        expected: Expected::Reject,
        severity: Severity::High,
        credentials: |_, recipe| minted(&Minter::new(), &recipe),
        title: "The server fetches a URL out of a certificate that nobody vouches for",
        why: "Anybody who connects chooses where the server sends requests: into the network behind it, to metadata services, to hosts that wait for it (server-side request forgery).",
    },
    Voucher {
        name: "of-the-ca",
        shows: "a certificate of your CA, with URLs of its issuer, its CRL and its OCSP responder",
        expected: Expected::Accept,
        severity: Severity::Low,
        credentials: |scene, recipe| scene.pki.mint(&recipe).ok(),
        title: "The server fetches a URL out of a client's certificate",
        why: "This is how revocation is checked online. Whoever gets a certificate of the CA with a URL of his choice can point the server at hosts inside the network.",
    },
];

/// The URLs of a certificate, by the paths that tell them apart.
const KINDS: [&str; 3] = ["issuer", "crl", "ocsp"];

fn probes(_: &Scene) -> Vec<Probe> {
    VOUCHERS.iter().map(probe).collect()
}

fn probe(voucher: &'static Voucher) -> Probe {
    let id = format!("canary/{}", voucher.name);
    let act = move |scene: &Scene| act(scene, voucher);
    match voucher.expected {
        Expected::Accept => Probe::benign(id, voucher.shows, act),
        Expected::Reject => Probe::hostile(id, voucher.shows, act),
    }
}

fn act(scene: &Scene, voucher: &Voucher) -> Seen {
    let Some(shown) =
        with_urls(scene, voucher).and_then(|recipe| (voucher.credentials)(scene, recipe))
    else {
        return Seen::inconclusive("no such certificate could be made, or no port was free");
    };
    let visit = Visit::new(Some(Arc::new(shown)), scene.wishes.request.clone());
    let answer = scene.client.visit(&visit);
    let end = Instant::now() + PATIENCE;
    let over = || Instant::now() >= end || scene.client.pace().is_stopped();
    while fetched(scene, voucher).is_none() && !over() {
        thread::sleep(LOOK);
    }
    let mut seen = Seen::measured(scene, &answer);
    match fetched(scene, voucher) {
        Some(line) => seen
            .evidence
            .push_str(&format!("; the server asked the listener for {line}")),
        None => seen.evidence.push_str("; nothing was fetched"),
    }
    if voucher.expected == Expected::Accept && seen.outcome.is_refused() {
        // A server that looks its status up cannot find it, and may rightly refuse.
        seen.outcome = Outcome::Inconclusive(format!(
            "{}: its status could not be looked up",
            seen.outcome
        ));
    }
    seen
}

fn fetched(scene: &Scene, voucher: &Voucher) -> Option<String> {
    scene.canary.heard(&format!("{}/", voucher.name))
}

/// A good client's certificate with URLs that lead to the listener.
fn with_urls(scene: &Scene, voucher: &Voucher) -> Option<Recipe> {
    let mut recipe = match voucher.expected {
        Expected::Accept => scene.pki.benign(0),
        Expected::Reject => Setting {
            purpose: Purpose::Client,
            time: scene.pki.now(),
            ..Setting::default()
        }
        .recipe(),
    };
    let [issuer, crl, ocsp] =
        KINDS.map(|kind| scene.canary.url(&format!("{}/{kind}", voucher.name)));
    let label = recipe.end_entity().ok()?.clone();
    let certificate = recipe.certificate_mut(&label)?;
    let access = ExtensionValue::AuthorityInformationAccess {
        ocsp: vec![ocsp?],
        ca_issuers: vec![issuer?],
    };
    certificate.set_extension(access.not_critical());
    certificate.set_extension(ExtensionValue::CrlDistributionPoints(vec![crl?]).not_critical());
    Some(recipe)
}

fn minted(minter: &Minter, recipe: &Recipe) -> Option<Credentials> {
    let minted = minter.mint(recipe).ok()?;
    Some(Credentials {
        chain: minted.chain,
        key: minted.end_entity_key,
    })
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let finding = |voucher: &Voucher| {
        let line = fetched(scene, voucher)?;
        let id = format!("canary/{}", voucher.name);
        let shown = records.iter().find(|record| record.id == id)?;
        Some(Finding {
            id,
            severity: voucher.severity,
            title: voucher.title.to_owned(),
            evidence: format!("{}: the listener of gatecrash was asked for {line}", voucher.shows),
            why: voucher.why.to_owned(),
            remediation: "give the server CRLs as files, or let it fetch through a proxy that knows the hosts of the CA; \
                          fetch nothing before the chain is verified"
                .to_owned(),
            references: vec!["RFC 5280 section 4.2.2.1".to_owned(), "CWE-918".to_owned()],
            again: None,
            probes: vec![shown.id.clone()],
        })
    };
    VOUCHERS
        .iter()
        .filter_map(finding)
        .collect::<Vec<_>>()
        .into()
}
