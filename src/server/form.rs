//! What a request must look like before anybody asks what it wants.
//!
//! A path that two readers may read as two paths is a way around whatever guards one of
//! them. So there is one spelling of each path, and others are refused rather than mended.

use axum::http::{HeaderMap, Version, header, uri::Authority};

/// Why a request is malformed, in words for the client.
pub(crate) type Complaint = &'static str;

// RFC 9112 section 3.2
pub(crate) fn check_host(version: Version, headers: &HeaderMap) -> Result<(), Complaint> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version == Version::HTTP_11 => Err("the request has no Host"),
        (None, _) => Ok(()),
        (Some(_), Some(_)) => Err("the request has more than one Host"),
        (Some(host), None) => {
            // An empty one is allowed where the target has no authority.
            let valid = host.is_empty() || Authority::try_from(host.as_bytes()).is_ok();
            valid.then_some(()).ok_or("the Host is malformed")
        }
    }
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
        let table: [(Version, &[&str], bool); 6] = [
            (Version::HTTP_11, &["localhost"], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_11, &["a", "b"], false),
            (Version::HTTP_11, &["a", "a"], false),
            (Version::HTTP_11, &["a b"], false),
            (Version::HTTP_2, &[], true),
        ];
        for (version, hosts, good) in table {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().expect("a value"));
            }
            assert_eq!(check_host(version, &headers).is_ok(), good, "{hosts:?}");
        }
    }
}
