//! What kind of server it is, so that a remedy names its own settings.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use super::answer::{Answer, End, Response};

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
        // What names itself is that, and none of those below.
        if !server.is_empty() {
            return Self::Unknown;
        }
        let by_manner = responses().find_map(of_manner);
        // Node closes without an alert once it has taken the handshake for finished.
        let closes = answers.iter().any(|answer| {
            answer.end == End::Closed && answer.greeting.version.is_some() && answer.greeting.asked
        });
        match by_manner {
            Some(kind) => kind,
            None if closes => Self::Node,
            None => Self::Unknown,
        }
    }
}

/// What the manner of a response tells where nothing is said.
fn of_manner(response: &Response) -> Option<ServerKind> {
    let text = response.text();
    let has = |name: &str| response.header(name).is_some();
    let names: Vec<&str> = response
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let follows = |one: &str, other: &str| names.windows(2).any(|pair| pair == [one, other]);
    let small = !names.is_empty() && names.iter().all(|name| *name == name.to_ascii_lowercase());
    if has("x-envoy-upstream-service-time") {
        Some(ServerKind::Envoy)
    } else if response.header("x-powered-by") == Some("Express")
        || text.contains("<pre>Cannot GET ")
        // Node writes its own Date and Connection after what the application wrote.
        || follows("Date", "Connection")
    {
        Some(ServerKind::Node)
    } else if text.contains("<center>nginx") {
        Some(ServerKind::Nginx)
    } else if names.contains(&"Content-length") {
        // So the JDK's own HttpServer spells it.
        Some(ServerKind::Java)
    } else if follows("Date", "Content-Length") || text == "404 page not found\n" {
        Some(ServerKind::Go)
    } else if small && has("date") {
        // hyper, on which servers in Rust stand.
        Some(ServerKind::Rustls)
    } else if small && has("content-length") {
        Some(ServerKind::Haproxy)
    } else {
        None
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
    use crate::scan::answer::Greeting;

    fn answer(end: End, headers: &[(&str, &str)], body: &str) -> Answer {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let response = matches!(end, End::Status(_)).then(|| Response {
            status: 200,
            headers: headers.iter().map(owned).collect(),
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
    fn a_server_is_known_by_what_it_says_and_by_how_it_says_it() {
        type Headers = &'static [(&'static str, &'static str)];
        let table: [(Headers, &str, ServerKind); 10] = [
            (&[("Server", "nginx/1.22.1")], "", ServerKind::Nginx),
            (&[("Server", "Apache/2.4")], "", ServerKind::Apache),
            (&[("X-Powered-By", "Express")], "", ServerKind::Node),
            (
                &[("Date", "x"), ("Connection", "close")],
                "",
                ServerKind::Node,
            ),
            (
                &[("Date", "x"), ("Content-Length", "2")],
                "",
                ServerKind::Go,
            ),
            (
                &[("Date", "x"), ("Content-length", "2")],
                "",
                ServerKind::Java,
            ),
            (
                &[("content-length", "2"), ("date", "x")],
                "",
                ServerKind::Rustls,
            ),
            (&[("content-length", "2")], "", ServerKind::Haproxy),
            (&[], "<center>nginx</center>", ServerKind::Nginx),
            (&[], "", ServerKind::Unknown),
        ];
        for (headers, body, kind) in table {
            let answer = answer(End::Status(200), headers, body);
            assert_eq!(ServerKind::guess(&[&answer]), kind, "{headers:?}");
        }
        let closed = answer(End::Closed, &[], "");
        assert_eq!(ServerKind::guess(&[&closed]), ServerKind::Node);
        let alert = answer(End::Alert(116), &[], "");
        assert_eq!(ServerKind::guess(&[&alert]), ServerKind::Unknown);
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
