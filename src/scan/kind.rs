//! What kind of server it is, so that a remedy names its own settings.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use super::answer::{Answer, End};

/// A kind of server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerKind {
    /// Node: Koa, Express, or `https` alone.
    Node,
    /// nginx.
    Nginx,
    /// Apache httpd.
    Apache,
    /// HAProxy.
    Haproxy,
    /// Envoy.
    Envoy,
    /// Go, crypto/tls.
    Go,
    /// Java, JSSE.
    Java,
    /// rustls.
    Rustls,
    /// Nobody can tell.
    #[default]
    Unknown,
}

impl ServerKind {
    /// Every kind with its name, as `--server` takes it.
    pub const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Node, "node", "Node"),
        (Self::Nginx, "nginx", "nginx"),
        (Self::Apache, "apache", "Apache"),
        (Self::Haproxy, "haproxy", "HAProxy"),
        (Self::Envoy, "envoy", "Envoy"),
        (Self::Go, "go", "Go"),
        (Self::Java, "java", "Java"),
        (Self::Rustls, "rustls", "rustls"),
        (Self::Unknown, "unknown", "unknown"),
    ];

    /// The name, as `--server` takes it.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, ..)| *kind == self)
            .map_or("unknown", |(_, name, _)| name)
    }

    /// Guesses from what answers say and how they refuse.
    pub fn guess(answers: &[&Answer]) -> Self {
        let responses = || answers.iter().filter_map(|answer| answer.response.as_ref());
        let server = responses()
            .filter_map(|response| response.header("server"))
            .map(str::to_ascii_lowercase)
            .next()
            .unwrap_or_default();
        let named = [
            ("nginx", Self::Nginx),
            ("openresty", Self::Nginx),
            ("apache", Self::Apache),
            ("envoy", Self::Envoy),
            ("istio", Self::Envoy),
            ("haproxy", Self::Haproxy),
            ("jetty", Self::Java),
            ("tomcat", Self::Java),
            ("coyote", Self::Java),
            ("netty", Self::Java),
            ("undertow", Self::Java),
            ("caddy", Self::Go),
            ("gatecrash", Self::Rustls),
        ];
        if let Some((_, kind)) = named.iter().find(|(word, _)| server.contains(word)) {
            return *kind;
        }
        for response in responses() {
            let text = response.text();
            let has = |name: &str| response.header(name).is_some();
            let kind = if has("x-envoy-upstream-service-time") {
                Self::Envoy
            } else if has("x-powered-by") && response.header("x-powered-by") == Some("Express")
                || has("keep-alive") && response.header("keep-alive") == Some("timeout=5")
                || text.contains("<pre>Cannot GET ")
            {
                Self::Node
            } else if text.contains("<center>nginx") {
                Self::Nginx
            } else if text == "404 page not found\n" {
                Self::Go
            } else if text.contains("<h1>404 Not Found</h1>No context found for request") {
                Self::Java
            } else {
                continue;
            };
            return kind;
        }
        // Node refuses without an alert once it has taken the handshake for finished.
        let closes = answers.iter().any(|answer| {
            answer.end == End::Closed && answer.greeting.version.is_some() && answer.greeting.asked
        });
        match closes {
            true => Self::Node,
            false => Self::Unknown,
        }
    }
}

impl fmt::Display for ServerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = Self::ALL.iter().find(|(kind, ..)| kind == self);
        f.write_str(title.map_or("unknown", |(.., title)| title))
    }
}

impl FromStr for ServerKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names: Vec<&str> = Self::ALL.iter().map(|(_, name, _)| *name).collect();
        let aliases = [
            ("koa", Self::Node),
            ("express", Self::Node),
            ("httpd", Self::Apache),
        ];
        Self::ALL
            .iter()
            .map(|(kind, name, _)| (*name, *kind))
            .chain(aliases)
            .find(|(name, _)| text.eq_ignore_ascii_case(name))
            .map(|(_, kind)| kind)
            .ok_or_else(|| format!("`{text}` is no kind of server: {}", names.join(", ")))
    }
}

impl Serialize for ServerKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::answer::{Greeting, Response};

    fn answer(end: End, header: (&str, &str), body: &str) -> Answer {
        let response = matches!(end, End::Status(_)).then(|| Response {
            status: 200,
            headers: vec![(header.0.to_owned(), header.1.to_owned())],
            body: body.into(),
        });
        Answer {
            end,
            greeting: Greeting {
                version: Some("TLSv1.3"),
                asked: true,
                ..Greeting::default()
            },
            response,
        }
    }

    #[test]
    fn a_server_is_known_by_what_it_says_and_by_how_it_refuses() {
        let status = || End::Status(200);
        let table = [
            (
                answer(status(), ("server", "nginx/1.22.1"), ""),
                ServerKind::Nginx,
            ),
            (
                answer(status(), ("server", "Apache/2.4"), ""),
                ServerKind::Apache,
            ),
            (
                answer(status(), ("x-powered-by", "Express"), ""),
                ServerKind::Node,
            ),
            (
                answer(status(), ("x", "y"), "<center>nginx</center>"),
                ServerKind::Nginx,
            ),
            (answer(End::Closed, ("", ""), ""), ServerKind::Node),
            (answer(End::Alert(116), ("", ""), ""), ServerKind::Unknown),
        ];
        for (answer, kind) in table {
            assert_eq!(ServerKind::guess(&[&answer]), kind, "{answer:?}");
        }
    }

    #[test]
    fn names_read_back() {
        for (kind, name, _) in ServerKind::ALL {
            assert_eq!(name.parse(), Ok(*kind));
        }
        assert_eq!("Koa".parse(), Ok(ServerKind::Node));
        assert!("iis".parse::<ServerKind>().is_err());
    }
}
