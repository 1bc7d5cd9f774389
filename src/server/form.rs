//! What a request must look like before anybody asks what it wants.
//!
//! A path that two readers may read as two paths is a way around whatever guards one of
//! them. So there is one spelling of each path, and others are refused rather than mended.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Uri, Version, header, uri::Authority},
};

/// Why a request is malformed, in words for the client.
pub(crate) type Complaint = &'static str;

/// Looks at the target, at the Host, and at how the body is written.
pub(crate) fn check(request: &Request) -> Result<(), Complaint> {
    check_target(request.uri())?;
    check_host(request.version(), request.uri(), request.headers())?;
    check_coding(request.headers())?;
    check_path(request.uri().path())
}

/// Leaves one host to read: where the target names one, the Host is that.
// RFC 9112 section 3.2.2
pub(crate) fn settle_host(request: &mut Request) {
    let named = request.uri().authority().map(Authority::as_str);
    if let Some(Ok(host)) = named.map(HeaderValue::from_str) {
        request.headers_mut().insert(header::HOST, host);
    }
}

// RFC 9112 section 3.2.2; RFC 9110 section 4.2.4: no user in it
fn check_target(uri: &Uri) -> Result<(), Complaint> {
    if !matches!(uri.scheme_str(), None | Some("https" | "http")) {
        return Err("the target is of a scheme that is not served");
    }
    match uri.authority() {
        Some(authority) if names_user(authority) => Err("the target names a user"),
        _ => Ok(()),
    }
}

fn names_user(authority: &Authority) -> bool {
    authority.as_str().contains('@')
}

// RFC 9112 section 3.2; RFC 9110 section 7.2; RFC 9113 section 8.3.1
fn check_host(version: Version, target: &Uri, headers: &HeaderMap) -> Result<(), Complaint> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_11 => Err("the request has no Host"),
        (None, _) => Ok(()),
        (Some(_), Some(_)) => Err("the request has more than one Host"),
        (Some(host), None) => match Authority::try_from(host.as_bytes()) {
            Ok(host) if names_user(&host) => Err("the Host is malformed"),
            Ok(host) if version == Version::HTTP_2 => match target.authority() {
                Some(authority) if *authority != host => {
                    Err("the target and the Host name two hosts")
                }
                _ => Ok(()),
            },
            Ok(_) => Ok(()),
            Err(_) => Err("the Host is malformed"),
        },
    }
}

// RFC 9112 section 6.1: chunked is applied once, and nothing else is known here
fn check_coding(headers: &HeaderMap) -> Result<(), Complaint> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err("the transfer coding is another than chunked"),
    }
}

/// Whether a request names this machine as its host, or none. A page in a browser may lead a
/// name of its own to the loopback, and would ask for that name.
pub(crate) fn is_for_loopback(request: &Request) -> bool {
    let of_header = request.headers().get(header::HOST);
    let host = match (request.uri().authority(), of_header) {
        (Some(authority), _) => Some(authority.clone()),
        (None, Some(host)) => match Authority::try_from(host.as_bytes()) {
            Ok(authority) => Some(authority),
            Err(_) => return false,
        },
        (None, None) => None,
    };
    host.is_none_or(|authority| {
        let host = authority.host();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost")
            || address
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    })
}

/// Whether a path is written in the one form that means nothing else: no empty segment but
/// the last, no dots, and percent-encoding only for what needs it and is no separator.
// RFC 3986 sections 2.4, 3.3, 5.2.4 and 6.2.2
pub(crate) fn check_path(path: &str) -> Result<(), Complaint> {
    if path == "*" {
        return Ok(());
    }
    let segments = path
        .strip_prefix('/')
        .ok_or("the path does not begin with a slash")?;
    let mut segments = segments.split('/').peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err("the path has an empty segment");
        }
        // Some servers cut what follows a semicolon, and see dots then.
        let name = segment.split(';').next().unwrap_or_default();
        if matches!(name, "." | "..") {
            return Err("the path has a dot segment");
        }
        check_octets(segment)?;
    }
    Ok(())
}

fn check_octets(segment: &str) -> Result<(), Complaint> {
    let mut octets = segment.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'%' => {
                let digit = |octet: Option<u8>| (octet? as char).to_digit(16);
                let (Some(high), Some(low)) = (digit(octets.next()), digit(octets.next())) else {
                    return Err("the path has a broken percent-encoding");
                };
                let meant = char::from_u32(high * 16 + low).unwrap_or_default();
                if meant.is_ascii_alphanumeric() || "-._~".contains(meant) {
                    return Err("the path encodes what needs no encoding");
                }
                if meant.is_ascii_control() || "/\\%;".contains(meant) {
                    return Err("the path encodes a separator or a control character");
                }
            }
            b'\\' | 0..=b' ' | 0x7f => return Err("the path has a forbidden character"),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        let good = [
            "/",
            "/a",
            "/a/",
            "/a/b.c",
            "/a/..b",
            "/a/7%20%C3%A9",
            "/a;v=1",
            "/caf\u{e9}",
            "*",
        ];
        for path in good {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
        let bad = [
            "a",
            "//a",
            "/a//b",
            "/./a",
            "/a/..",
            "/x/../a",
            "/..;/a",
            "/.;x",
            "/%61",
            "/%2e%2e/a",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/%00",
            "/%",
            "/%6",
            "/%zz",
            "/%2561",
            "/a%3Bx",
        ];
        for path in bad {
            assert!(check_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn http_1_1_names_one_host() {
        let table: [(Version, &[&str], bool); 10] = [
            (Version::HTTP_2, &["Named.example"], true),
            (Version::HTTP_2, &["other.example"], false),
            (Version::HTTP_11, &["localhost"], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_11, &["a", "b"], false),
            (Version::HTTP_11, &["a", "a"], false),
            (Version::HTTP_11, &["a b"], false),
            (Version::HTTP_11, &[""], false),
            (Version::HTTP_11, &["user@localhost"], false),
            (Version::HTTP_2, &[], true),
        ];
        for (version, hosts, good) in table {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().expect("a value"));
            }
            let target = Uri::from_static("https://named.example/");
            let found = check_host(version, &target, &headers);
            assert_eq!(found.is_ok(), good, "{hosts:?}");
        }
    }

    #[test]
    fn a_host_in_the_target_is_the_only_one() {
        let mut request = Request::builder()
            .uri("https://named.example/")
            .header(header::HOST, "other.example")
            .body(().into())
            .expect("a request");
        settle_host(&mut request);
        assert_eq!(request.headers()[header::HOST], "named.example");
    }

    #[test]
    fn a_body_is_chunked_once_or_not_at_all() {
        let table: [(&[&str], bool); 7] = [
            (&[], true),
            (&["chunked"], true),
            (&["Chunked"], true),
            (&["chunked, chunked"], false),
            (&["chunked", "chunked"], false),
            (&["gzip, chunked"], false),
            (&["identity"], false),
        ];
        for (codings, good) in table {
            let mut headers = HeaderMap::new();
            for coding in codings {
                headers.append(header::TRANSFER_ENCODING, coding.parse().expect("a value"));
            }
            assert_eq!(check_coding(&headers).is_ok(), good, "{codings:?}");
        }
    }

    #[test]
    fn a_target_is_of_a_served_scheme_and_names_no_user() {
        let table = [
            ("/", true),
            ("*", true),
            ("https://localhost/", true),
            ("http://localhost/", true),
            ("ftp://localhost/", false),
            ("https://user@localhost/", false),
        ];
        for (target, good) in table {
            let uri: Uri = target.parse().expect(target);
            assert_eq!(check_target(&uri).is_ok(), good, "{target}");
        }
    }

    #[test]
    fn only_this_machine_is_the_loopback() {
        let table = [
            ("localhost", true),
            ("LocalHost:9090", true),
            ("127.0.0.1:9090", true),
            ("127.8.9.10", true),
            ("[::1]:9090", true),
            ("rebound.example", false),
            ("rebound.example:9090", false),
            ("localhost.example", false),
            ("192.0.2.1", false),
            ("", false),
        ];
        for (host, good) in table {
            let request = Request::builder()
                .header(header::HOST, host)
                .body(().into());
            assert_eq!(is_for_loopback(&request.expect(host)), good, "{host}");
        }
        let absolute = Request::builder()
            .uri("http://rebound.example/metrics")
            .header(header::HOST, "localhost")
            .body(().into());
        assert!(!is_for_loopback(&absolute.expect("a request")));
    }
}
