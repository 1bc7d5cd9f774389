//! The right CA, and somebody else.

use std::sync::Arc;

use super::{
    credentials::Credentials,
    kind::ServerKind,
    probe::{Conclusion, Probe, Seen, Stage},
    remedy::Remedy,
    result::{Expected, Finding, Record},
    scene::{Admits, Scene},
};
use crate::{
    defect::Severity,
    der::oid,
    recipe::{ExtensionValue, GeneralName, Name, Recipe},
};

/// Other subjects of the operator's CA.
pub(super) const STAGE: Stage = Stage {
    name: "identity",
    about: "valid certificates of your CA with another name than the good one",
    alone: false,
    changes_server: false,
    probes,
    conclude,
};

/// A name that no client has.
const STRANGER: &str = "gatecrash-7f3a";

/// The end of an id, where the right name stands, and the name that is made of it.
type LookAlike = (&'static str, &'static str, fn(&str) -> Name);

/// Names that a careless comparison takes for the right one.
const LOOK_ALIKES: &[LookAlike] = &[
    ("longer", "with a letter more at the end", |right| {
        Name::common(&format!("{right}0"))
    }),
    ("in-capitals", "in the other case", |right| {
        let capitals = right.to_uppercase();
        Name::common(
            match capitals == right {
                true => right.to_lowercase(),
                false => capitals,
            }
            .as_str(),
        )
    }),
    (
        "in-organization",
        "as the organization of somebody else",
        |right| Name::of(right, STRANGER),
    ),
    ("after-slash", "after a slash inside another", |right| {
        Name::common(&format!("{STRANGER}/CN={right}"))
    }),
    ("after-comma", "after a comma inside another", |right| {
        Name::common(&format!("{STRANGER}, CN={right}"))
    }),
    (
        "after-line-break",
        "after a line break inside another",
        |right| Name::common(&format!("{STRANGER}\nCN={right}")),
    ),
    ("before-nul", "before a NUL octet", |right| {
        Name::common(&format!("{right}\0.{STRANGER}"))
    }),
    ("second", "beside another common name", |right| {
        Name([Name::common(right).0, Name::common(STRANGER).0].concat())
    }),
    ("first", "before another common name", |right| {
        Name([Name::common(STRANGER).0, Name::common(right).0].concat())
    }),
];

/// The end of an id, where the right name stands, and the alternative name that is made of a right one.
type AlternativeLookAlike = (
    &'static str,
    &'static str,
    fn(&GeneralName) -> Option<GeneralName>,
);

/// Alternative names that a careless comparison takes for a right one.
const ALTERNATIVE_LOOK_ALIKES: &[AlternativeLookAlike] = &[
    ("continued", "with more after it", |right| match right {
        GeneralName::Dns(name) => Some(GeneralName::Dns(format!("{name}.{STRANGER}.example"))),
        GeneralName::Email(name) => Some(GeneralName::Email(format!("{name}.{STRANGER}.example"))),
        GeneralName::Uri(name) => Some(GeneralName::Uri(format!("{name}-{STRANGER}"))),
        _ => None,
    }),
    (
        "below",
        "as the beginning of a longer path",
        |right| match right {
            GeneralName::Uri(name) => Some(GeneralName::Uri(format!("{name}/{STRANGER}"))),
            _ => None,
        },
    ),
    (
        "within",
        "as the end of a longer name",
        |right| match right {
            GeneralName::Dns(name) => Some(GeneralName::Dns(format!("{STRANGER}-{name}"))),
            GeneralName::Email(name) => Some(GeneralName::Email(format!("{STRANGER}.{name}"))),
            GeneralName::Uri(name) => Some(GeneralName::Uri(format!(
                "https://{STRANGER}.example/?{name}"
            ))),
            _ => None,
        },
    ),
    ("before-nul", "before a NUL octet", |right| match right {
        GeneralName::Dns(name) => Some(GeneralName::Dns(format!("{name}\0.{STRANGER}.example"))),
        GeneralName::Email(name) => {
            Some(GeneralName::Email(format!("{name}\0@{STRANGER}.example")))
        }
        GeneralName::Uri(name) => Some(GeneralName::Uri(format!("{name}\0{STRANGER}"))),
        _ => None,
    }),
    ("listed", "in a list inside another", |right| match right {
        GeneralName::Dns(name) => Some(GeneralName::Uri(format!(
            "https://{STRANGER}.example/, DNS:{name}"
        ))),
        GeneralName::Email(name) => Some(GeneralName::Uri(format!(
            "https://{STRANGER}.example/, email:{name}"
        ))),
        GeneralName::Uri(name) => Some(GeneralName::Dns(format!("{STRANGER}.example, URI:{name}"))),
        _ => None,
    }),
    (
        "of-another-kind",
        "as a name of another kind",
        |right| match right {
            GeneralName::Dns(name) => {
                Some(GeneralName::Email(format!("{name}@{STRANGER}.example")))
            }
            GeneralName::Email(name) => Some(GeneralName::Dns(name.replace('@', "."))),
            GeneralName::Uri(name) => Some(GeneralName::Dns(name.clone())),
            _ => None,
        },
    ),
];

/// The probe of a stranger.
const OTHER: &str = "identity/other-subject";

fn probes(scene: &Scene) -> Vec<Probe> {
    let named = |name: Name| -> Option<Arc<Credentials>> {
        let recipe = somebody(scene, name)?;
        scene.pki.mint(&recipe).ok().map(Arc::new)
    };
    let mut probes = Vec::new();
    if let Some(credentials) = named(Name::common(STRANGER)) {
        let shows = format!("a valid certificate of the CA for CN={STRANGER}");
        let mut stranger = probe(OTHER.to_owned(), shows, credentials);
        if weight(scene).0 == Severity::Info {
            // For all that anybody said, the stranger may come in.
            stranger.expected = Expected::Accept;
        }
        stranger.again = Some(scene.commands().stranger_with_openssl(STRANGER));
        probes.push(stranger);
    }
    let right = scene.pki.benign(0);
    let right = right
        .end_entity()
        .ok()
        .and_then(|label| right.certificate(label))
        .and_then(|certificate| certificate.subject.common_name())
        .map(str::to_owned);
    // Without a client of the operator's nobody knows which name is the right one.
    let (Some(right), Some(_)) = (right, scene.pki.given()) else {
        return probes;
    };
    for (id, shows, name) in LOOK_ALIKES {
        if let Some(credentials) = named(name(&right)) {
            let shows = format!("a valid certificate with the right name {shows}");
            probes.push(probe(
                format!("identity/right-name-{id}"),
                shows,
                credentials,
            ));
        }
    }
    for right in alternative_names(scene) {
        for (id, shows, name) in ALTERNATIVE_LOOK_ALIKES {
            let credentials = name(&right).and_then(|name| called(scene, name));
            let (Some(credentials), Some(kind)) = (credentials, kind_of(&right)) else {
                continue;
            };
            let id = format!("identity/right-{kind}-{id}");
            // One of a kind is enough.
            if probes.iter().all(|known| known.id != id) {
                let shows =
                    format!("a valid certificate with the right alternative name ({kind}) {shows}");
                probes.push(probe(id, shows, credentials));
            }
        }
    }
    probes
}

/// The alternative names of the operator's client.
fn alternative_names(scene: &Scene) -> Vec<GeneralName> {
    let recipe = scene.pki.benign(0);
    let certificate = recipe
        .end_entity()
        .ok()
        .and_then(|label| recipe.certificate(label));
    let extensions = certificate.map_or(&[][..], |certificate| &certificate.extensions);
    let names = extensions
        .iter()
        .find_map(|extension| match &extension.value {
            ExtensionValue::SubjectAlternativeName(names) => Some(names.clone()),
            _ => None,
        });
    names.unwrap_or_default()
}

fn kind_of(name: &GeneralName) -> Option<&'static str> {
    match name {
        GeneralName::Dns(_) => Some("dns"),
        GeneralName::Email(_) => Some("email"),
        GeneralName::Uri(_) => Some("uri"),
        _ => None,
    }
}

/// A stranger with this alternative name.
fn called(scene: &Scene, name: GeneralName) -> Option<Arc<Credentials>> {
    let mut recipe = stranger(scene)?;
    let label = recipe.end_entity().ok()?.clone();
    let certificate = recipe.certificate_mut(&label)?;
    certificate.set_extension(ExtensionValue::SubjectAlternativeName(vec![name]).not_critical());
    scene.pki.mint(&recipe).ok().map(Arc::new)
}

fn probe(id: String, shows: String, credentials: Arc<Credentials>) -> Probe {
    Probe::hostile(id, shows, move |scene| {
        let answer = scene.show(Some(Arc::clone(&credentials)));
        Seen::measured(scene, &answer)
    })
}

/// The benign chain for somebody else.
pub(super) fn stranger(scene: &Scene) -> Option<Recipe> {
    somebody(scene, Name::common(STRANGER))
}

/// The benign chain for a client of this name.
fn somebody(scene: &Scene, name: Name) -> Option<Recipe> {
    let mut recipe = scene.pki.benign(0);
    let label = recipe.end_entity().ok()?.clone();
    let certificate = recipe.certificate_mut(&label)?;
    certificate.subject = name;
    certificate.remove_extension(&oid::SUBJECT_ALTERNATIVE_NAME);
    let name = GeneralName::Dns(format!("{STRANGER}.gatecrash.example"));
    certificate.set_extension(ExtensionValue::SubjectAlternativeName(vec![name]).not_critical());
    Some(recipe)
}

fn conclude(scene: &Scene, records: &[Record]) -> Conclusion {
    let let_in = |record: &&Record| scene.lets_in(&record.outcome);
    let stranger = records.iter().filter(|record| record.id == OTHER);
    if let Some(record) = stranger.clone().find(let_in) {
        return vec![any_subject(scene, record)].into();
    }
    // Only where strangers are refused does a name that looks right tell something.
    if stranger.clone().next().is_none() {
        return Conclusion::default();
    }
    let fooled: Vec<&Record> = records.iter().filter(let_in).collect();
    let Some(first) = fooled.first() else {
        return Conclusion::default();
    };
    vec![Finding {
        id: "identity/look-alike".to_owned(),
        severity: Severity::High,
        title: "A name that only looks like the right one is admitted".to_owned(),
        evidence: first.evidence.clone(),
        why: "Strangers are refused, so names are compared, and not as a whole. Whoever gets a certificate of the CA for such a name enters as somebody else.".to_owned(),
        remediation: Remedy::WholeName.text(scene.kind),
        references: vec!["RFC 9525 section 6".to_owned(), "CVE-2021-44532".to_owned(), "CVE-2021-44533".to_owned(), "CWE-295".to_owned()],
        again: None,
        probes: fooled.iter().map(|record| record.id.clone()).collect(),
    }]
    .into()
}

fn any_subject(scene: &Scene, record: &Record) -> Finding {
    let (severity, why) = weight(scene);
    Finding {
        id: OTHER.to_owned(),
        severity,
        title: "Any certificate of this CA is admitted, whatever its name".to_owned(),
        evidence: record.evidence.clone(),
        why: why.to_owned(),
        remediation: Remedy::Identity.text(scene.kind),
        references: vec![
            "RFC 9525 section 6".to_owned(),
            "CWE-295".to_owned(),
            "CWE-863".to_owned(),
        ],
        again: record.again.clone(),
        probes: vec![record.id.clone()],
    }
}

/// How bad it is that another subject comes in. From outside nobody can tell
/// whether the CA issues for this service alone, so it is told for information,
/// unless the operator says who may come in, or the server has a known trap.
fn weight(scene: &Scene) -> (Severity, &'static str) {
    let has_right_name = scene.pki.given().is_some();
    match (scene.wishes.admits, scene.kind) {
        (Some(Admits::Anybody), _) => (Severity::Info, "As you say it should be."),
        (Some(Admits::Template), _) => (
            Severity::High,
            "Every client of the CA can be every other, and whoever gets one certificate of it gets in.",
        ),
        (None, ServerKind::Node) if has_right_name => (
            Severity::High,
            "Every client of the CA can be every other. In Node this is often not meant: a `verify` callback among the options looks like a check and never runs.",
        ),
        (None, _) => (
            Severity::Info,
            "This is right where the CA issues for this service alone. Say who may come in with --admits, and it is judged.",
        ),
    }
}
