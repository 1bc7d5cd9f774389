//! What is scanned: a host, a port and the path that is asked for.

use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
};

use rustls_pki_types::ServerName;

use super::ScanError;

/// The port of HTTPS.
const HTTPS: u16 = 443;

/// A live endpoint, with the addresses that its name has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    path: String,
    addresses: Vec<SocketAddr>,
}

impl Endpoint {
    /// Reads `HOST:PORT` or an `https` URL, and looks the name up.
    ///
    /// # Errors
    /// When it is neither, or the name has no address.
    pub fn find(text: &str) -> Result<Self, ScanError> {
        let mut endpoint = Self::parse(text)?;
        let bare = endpoint.bare_host().to_owned();
        let found = (bare.as_str(), endpoint.port).to_socket_addrs();
        endpoint.addresses =
            found
                .map(Iterator::collect)
                .map_err(|error| ScanError::NoAddress {
                    host: bare.clone(),
                    problem: error.to_string(),
                })?;
        if endpoint.addresses.is_empty() {
            return Err(ScanError::NoAddress {
                host: bare,
                problem: "the name has no address".to_owned(),
            });
        }
        Ok(endpoint)
    }

    fn parse(text: &str) -> Result<Self, ScanError> {
        let wrong = |problem: &'static str| ScanError::Endpoint {
            text: text.to_owned(),
            problem,
        };
        let (rest, is_url) = match text.split_once("://") {
            None => (text, false),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (rest, true),
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => {
                return Err(wrong("plain HTTP shows no certificates: https is needed"));
            }
            Some(_) => return Err(wrong("the scheme must be https")),
        };
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let path = match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("/{path}"),
        };
        if authority.contains('@') {
            return Err(wrong("user information has no meaning here"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an address in brackets are its own.
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let port = match port {
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| wrong("the port must be a number from 1 to 65535"))?,
            None if is_url => HTTPS,
            None => return Err(wrong("a port is needed, as in localhost:8443")),
        };
        let endpoint = Self {
            host: host.to_owned(),
            port,
            path: path.split('#').next().unwrap_or("/").to_owned(),
            addresses: Vec::new(),
        };
        let printable = endpoint.path.bytes().all(|byte| byte.is_ascii_graphic());
        match ServerName::try_from(endpoint.bare_host()) {
            Ok(_) if printable => Ok(endpoint),
            Ok(_) => Err(wrong("the path has letters that must be percent-encoded")),
            Err(_) => Err(wrong("the host is no name and no address")),
        }
    }

    /// The host without the brackets of an IPv6 address.
    fn bare_host(&self) -> &str {
        let inside = self.host.strip_prefix('[');
        inside
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(&self.host)
    }

    /// The host, as it was given.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether every address of the name is this machine's own.
    pub fn is_loopback(&self) -> bool {
        self.addresses
            .iter()
            .all(|address| address.ip().to_canonical().is_loopback())
    }

    /// Where to connect to.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The path that the URL named, `/` where it named none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The name that a client asks for in its handshake.
    pub(super) fn server_name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.bare_host().to_owned()).ok()
    }

    /// The host, where it is a name and not an address.
    pub(super) fn dns_name(&self) -> Option<&str> {
        match self.server_name()? {
            ServerName::DnsName(_) => Some(self.bare_host()),
            _ => None,
        }
    }

    /// The Host header of a request.
    pub(super) fn host_header(&self) -> String {
        self.host_header_of(&self.host)
    }

    /// The same under another name.
    pub(super) fn host_header_of(&self, name: &str) -> String {
        match self.port {
            HTTPS => name.to_owned(),
            port => format!("{name}:{port}"),
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host:port`, for commands.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.authority())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_pairs_of_host_and_port_are_read() {
        let table = [
            ("localhost:8443", "localhost:8443", "/"),
            ("https://localhost:8443", "localhost:8443", "/"),
            ("HTTPS://127.0.0.1:1/a/b?c=d#e", "127.0.0.1:1", "/a/b?c=d"),
            ("https://localhost", "localhost:443", "/"),
            ("[::1]:8443", "[::1]:8443", "/"),
            ("https://[::1]/x", "[::1]:443", "/x"),
            ("https://localhost?x", "localhost:443", "/?x"),
        ];
        for (text, authority, path) in table {
            let endpoint = Endpoint::parse(text).expect(text);
            assert_eq!(endpoint.authority(), authority, "{text}");
            assert_eq!(endpoint.path(), path, "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_the_cause() {
        let table = [
            ("localhost", "a port is needed"),
            ("", "a port is needed"),
            ("http://localhost:80", "https is needed"),
            ("ftp://localhost", "scheme"),
            ("localhost:0", "port must be"),
            ("localhost:x", "port must be"),
            ("https://a b/", "no name"),
            ("https://u:p@localhost/", "user information"),
            ("https://localhost/a b", "percent-encoded"),
        ];
        for (text, cause) in table {
            let error = Endpoint::parse(text).expect_err(text).to_string();
            assert!(error.contains(cause), "{text}: {error}");
        }
    }

    #[test]
    fn loopback_is_every_address_or_it_is_not() {
        for (text, loopback) in [
            ("127.0.0.1:1", true),
            ("[::1]:1", true),
            ("192.0.2.1:1", false),
        ] {
            assert_eq!(
                Endpoint::find(text).expect(text).is_loopback(),
                loopback,
                "{text}"
            );
        }
    }
}
