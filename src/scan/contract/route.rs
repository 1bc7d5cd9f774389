//! A route of a document, ready to be asked for: what is sent, and what a good certificate and none get there.

use std::sync::{Arc, OnceLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::super::{
    answer::{Answer, End},
    client::{Request, Visit},
    credentials::Credentials,
    outcome::{Outcome, Yardstick},
    scene::Scene,
};
use crate::openapi::{Document, MutualTls, Operation, Scheme};

/// One operation of the document.
pub(super) struct Route {
    /// `GET /orders/{id}`
    pub(super) label: String,
    /// What is declared of a certificate.
    pub(super) demand: MutualTls,
    /// Whether nothing at all is demanded.
    pub(super) anonymous: bool,
    /// Whether a certificate must be of a certain role.
    pub(super) has_roles: bool,
    /// Schemes beside certificates, and whether there is a token for each that is needed.
    pub(super) tokens: Tokens,
    /// Whether a value in the path is a guess.
    pub(super) is_guessed: bool,
    /// The request without any credentials.
    pub(super) bare: Request,
    /// Methods that the path declares.
    pub(super) declared_methods: Vec<String>,
    good: OnceLock<Answer>,
    none: OnceLock<Answer>,
}

/// What an operation demands beside certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tokens {
    /// Every alternative that takes a certificate takes a token too.
    pub(super) beside_certificate: bool,
    /// Some alternative takes a token and no certificate.
    pub(super) in_its_place: bool,
    /// The tokens that were given and fit.
    pub(super) given: Vec<Token>,
}

/// A token, as a request carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Header(String, String),
    Query(String, String),
}

impl Route {
    pub(super) fn of(document: &Document, operation: &Operation, scene: &Scene) -> Self {
        let prefix = base_path(document, operation, scene);
        let mut headers = scene.wishes.request.headers.clone();
        let required = operation.required_headers();
        headers.extend(required.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let at = document
            .operations
            .iter()
            .filter(|other| other.path == operation.path);
        Self {
            label: operation.to_string(),
            demand: document.mutual_tls(operation),
            anonymous: operation.security.allows_anonymous(),
            has_roles: has_roles(document, operation),
            tokens: tokens(document, operation, &scene.wishes.tokens),
            is_guessed: operation.is_guessed(),
            bare: Request {
                method: operation.method.name().to_owned(),
                path: format!("{prefix}{}", operation.target()),
                headers,
                body: Vec::new(),
            },
            declared_methods: at.map(|other| other.method.name().to_owned()).collect(),
            good: OnceLock::new(),
            none: OnceLock::new(),
        }
    }

    /// The request with every token that there is.
    pub(super) fn full(&self) -> Request {
        let mut request = self.bare.clone();
        for token in &self.tokens.given {
            match token {
                Token::Header(name, value) => request.headers.push((name.clone(), value.clone())),
                Token::Query(name, value) => {
                    let separator = if request.path.contains('?') { '&' } else { '?' };
                    request.path.push_str(&format!("{separator}{name}={value}"));
                }
            }
        }
        request
    }

    /// The command by which somebody asks who has every token and no certificate. Values of tokens are not in it.
    pub(super) fn as_nobody(&self, scene: &Scene) -> String {
        let mut request = self.bare.clone();
        for token in &self.tokens.given {
            if let Token::Header(name, value) = token {
                request.headers.push((name.clone(), value.clone()));
            }
        }
        scene.commands().curl_request(&request, None, &[])
    }

    /// The command by which somebody asks who has the good certificate and no token. None where
    /// the scan made that certificate itself.
    pub(super) fn as_good(&self, scene: &Scene) -> Option<String> {
        let commands = scene.commands();
        let good = commands.good()?;
        Some(commands.curl_request(&self.bare, Some(good), &[]))
    }

    /// What the good certificate and every token get.
    pub(super) fn good(&self, scene: &Scene) -> &Answer {
        self.good
            .get_or_init(|| ask(scene, Some(Arc::clone(&scene.good)), self.full()))
    }

    /// What every token gets without a certificate.
    pub(super) fn none(&self, scene: &Scene) -> &Answer {
        self.none.get_or_init(|| ask(scene, None, self.full()))
    }

    /// Why nothing can be learned here, where the good certificate gets nothing.
    pub(super) fn is_dead(&self, scene: &Scene) -> Option<String> {
        let good = self.good(scene);
        match &good.end {
            End::Status(200..=399) => None,
            End::Status(404) if self.is_guessed => Some(
                "the good certificate gets 404 there too: a value in the path is a guess, and an `example` in the document would help".to_owned(),
            ),
            End::Status(401 | 403) if self.needs_a_token() => Some(format!(
                "the good certificate gets {} there: it demands a token too, and --token was not given",
                good.end
            )),
            end => Some(format!("the good certificate gets nothing there either: {end}")),
        }
    }

    fn needs_a_token(&self) -> bool {
        self.tokens.beside_certificate && self.tokens.given.is_empty()
    }

    /// What an answer means here.
    pub(super) fn measure(&self, scene: &Scene, answer: &Answer) -> Outcome {
        let yardstick = Yardstick {
            good: self.good(scene).clone(),
            none: self.none(scene).clone(),
        };
        yardstick.measure(answer)
    }
}

/// One visit.
pub(super) fn ask(scene: &Scene, shown: Option<Arc<Credentials>>, request: Request) -> Answer {
    scene.client.visit(&Visit::new(shown, request))
}

/// The path of the server that the document names for this endpoint, or of the first that it names.
pub(super) fn base_path(document: &Document, operation: &Operation, scene: &Scene) -> String {
    let servers = if operation.servers.is_empty() {
        &document.servers
    } else {
        &operation.servers
    };
    let authority = scene.client.endpoint().authority();
    let of_endpoint = servers
        .iter()
        .find(|url| split(url).0.is_some_and(|other| other == authority));
    let url = of_endpoint.or_else(|| servers.iter().find(|url| split(url).0.is_none()));
    let path = url
        .or_else(|| servers.first())
        .map_or("", |url| split(url).1);
    path.trim_end_matches('/').to_owned()
}

/// Authority and path of a URL, or the path alone of a relative one.
pub(super) fn split(url: &str) -> (Option<&str>, &str) {
    let Some((_, rest)) = url.split_once("://") else {
        return (None, url);
    };
    match rest.find('/') {
        Some(slash) => (Some(&rest[..slash]), &rest[slash..]),
        None => (Some(rest), ""),
    }
}

fn has_roles(document: &Document, operation: &Operation) -> bool {
    let takes_role = |name: &String, roles: &Vec<String>| {
        document.schemes.get(name) == Some(&Scheme::MutualTls) && !roles.is_empty()
    };
    let alternatives = &operation.security.alternatives;
    !alternatives.is_empty()
        && alternatives.iter().all(|needed| {
            needed
                .schemes
                .iter()
                .any(|(name, roles)| takes_role(name, roles))
        })
}

fn tokens(document: &Document, operation: &Operation, given: &[(String, String)]) -> Tokens {
    let scheme = |name: &String| document.schemes.get(name);
    let certificate = |name: &String| scheme(name) == Some(&Scheme::MutualTls);
    let alternatives = &operation.security.alternatives;
    let with_certificate: Vec<_> = alternatives
        .iter()
        .filter(|needed| needed.schemes.keys().any(certificate))
        .collect();
    Tokens {
        beside_certificate: !with_certificate.is_empty()
            && with_certificate
                .iter()
                .all(|needed| needed.schemes.len() > 1),
        in_its_place: alternatives
            .iter()
            .any(|needed| !needed.schemes.is_empty() && !needed.schemes.keys().any(certificate)),
        given: given
            .iter()
            .filter(|(name, _)| operation.security.schemes().any(|used| used == name))
            .filter_map(|(name, value)| token(scheme(name)?, value))
            .collect(),
    }
}

/// How a request carries the value of a scheme.
fn token(scheme: &Scheme, value: &str) -> Option<Token> {
    let header = |name: &str, value: String| Some(Token::Header(name.to_owned(), value));
    match scheme {
        Scheme::MutualTls => None,
        Scheme::Http(kind) if kind == "basic" => header(
            "Authorization",
            format!("Basic {}", BASE64_STANDARD.encode(value)),
        ),
        Scheme::ApiKey { place, name } => match place.as_str() {
            "header" => header(name, value.to_owned()),
            "cookie" => header("Cookie", format!("{name}={value}")),
            _ => Some(Token::Query(name.clone(), value.to_owned())),
        },
        Scheme::Http(_) | Scheme::OAuth2 | Scheme::OpenIdConnect => {
            header("Authorization", format!("Bearer {value}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r"
openapi: 3.1.0
components:
  securitySchemes:
    certificate: { type: mutualTLS }
    bearer: { type: http, scheme: bearer }
    basic: { type: http, scheme: basic }
    key: { type: apiKey, in: query, name: k }
paths:
  /both: { get: { security: [ { certificate: [], bearer: [] } ] } }
  /either: { get: { security: [ { certificate: [] }, { key: [] } ] } }
  /role: { get: { security: [ { certificate: [admin] } ] } }
";

    #[test]
    fn what_stands_beside_a_certificate_is_told_from_what_stands_in_its_place() {
        let document = Document::parse(DOCUMENT).expect("a document");
        let given = [
            ("bearer".to_owned(), "t".to_owned()),
            ("key".to_owned(), "v".to_owned()),
        ];
        let of = |index: usize| tokens(&document, &document.operations[index], &given);
        let bearer = Token::Header("Authorization".into(), "Bearer t".into());
        assert_eq!(
            of(0),
            Tokens {
                beside_certificate: true,
                in_its_place: false,
                given: vec![bearer]
            }
        );
        let key = Token::Query("k".into(), "v".into());
        assert_eq!(
            of(1),
            Tokens {
                beside_certificate: false,
                in_its_place: true,
                given: vec![key]
            }
        );
        assert!(has_roles(&document, &document.operations[2]));
        assert!(!has_roles(&document, &document.operations[0]));
        let basic = token(&Scheme::Http("basic".into()), "a:b");
        assert_eq!(
            basic,
            Some(Token::Header("Authorization".into(), "Basic YTpi".into()))
        );
    }

    #[test]
    fn urls_are_split_into_authority_and_path() {
        for (url, authority, path) in [
            ("https://localhost:8443/v1", Some("localhost:8443"), "/v1"),
            ("https://localhost", Some("localhost"), ""),
            ("/v1", None, "/v1"),
        ] {
            assert_eq!(split(url), (authority, path));
        }
    }
}
