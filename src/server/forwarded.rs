//! Headers by which proxies pass on who a client is. From a client they are a lie.
//!
//! An application behind the guard may read one of them, out of habit or because it once
//! stood behind a proxy. So none gets through, however it is spelled: what turns headers
//! into variables (CGI, WSGI, Rack) reads `_` and `-` alike.

use axum::http::{HeaderMap, HeaderName};

/// The headers of one proxy or standard, in lower case with hyphens.
struct Proxy {
    names: &'static [&'static str],
    prefixes: &'static [&'static str],
}

/// Each proxy's own documentation is where its names are from.
const PROXIES: &[Proxy] = &[
    // RFC 7239; RFC 9440
    Proxy {
        names: &["forwarded", "client-cert", "client-cert-chain"],
        prefixes: &[],
    },
    // The usual ones. Envoy: X-Forwarded-Client-Cert. Traefik: X-Forwarded-Tls-Client-Cert
    // and -Info. oauth2-proxy: X-Forwarded-User, -Email, -Groups, -Access-Token.
    Proxy {
        names: &["x-real-ip"],
        prefixes: &["x-forwarded-", "x-original-forwarded-"],
    },
    // ingress-nginx: ssl-client-verify, -subject-dn, -issuer-dn, -cert. Apache: SSL_CLIENT_S_DN.
    Proxy {
        names: &[],
        prefixes: &["ssl-client-", "ssl-server-"],
    },
    // What people name them themselves in nginx and HAProxy.
    Proxy {
        names: &[
            "x-client-dn",
            "x-client-s-dn",
            "x-client-subject",
            "x-client-verify",
            "x-client-serial",
            "x-client-fingerprint",
        ],
        prefixes: &["x-ssl-", "x-tls-client-", "x-mtls-", "x-client-ssl-"],
    },
    // Google Cloud: X-Client-Cert-Present, -Chain-Verified, -SPIFFE, -Leaf and more.
    Proxy {
        names: &["x-goog-iap-jwt-assertion"],
        prefixes: &["x-client-cert", "x-goog-authenticated-user-"],
    },
    // AWS: X-Amzn-Mtls-Clientcert, -Subject, -Leaf and more.
    Proxy {
        names: &[],
        prefixes: &["x-amzn-mtls-", "x-amzn-oidc-"],
    },
    // Azure.
    Proxy {
        names: &["x-arr-clientcert", "x-arr-ssl"],
        prefixes: &["x-ms-client-principal", "x-ms-token-"],
    },
    // Cloudflare.
    Proxy {
        names: &["cf-connecting-ip", "true-client-ip"],
        prefixes: &["cf-client-cert-", "cf-access-"],
    },
    // Whoever authenticates in front: nginx's auth_request, Kubernetes' front proxy, Authelia.
    Proxy {
        names: &[
            "remote-user",
            "remote-groups",
            "remote-email",
            "remote-name",
        ],
        prefixes: &[
            "x-auth-request-",
            "x-remote-",
            "x-webauth-",
            "x-authenticated-",
        ],
    },
];

/// Takes away every header that claims who the client is.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let lies: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_claim(name.as_str()))
        .cloned()
        .collect();
    for name in lies {
        headers.remove(name);
    }
}

/// `name` is in lower case, as the `http` crate keeps it.
fn is_claim(name: &str) -> bool {
    let name = name.replace('_', "-");
    PROXIES.iter().any(|proxy| {
        proxy.names.contains(&name.as_str())
            || proxy.prefixes.iter().any(|prefix| name.starts_with(prefix))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_known_proxy_says_of_a_client_is_taken_away_in_either_spelling() {
        let claims = [
            "Forwarded",
            "Client-Cert",
            "Client-Cert-Chain",
            "X-Forwarded-Client-Cert",
            "X-Forwarded-Tls-Client-Cert",
            "X-Forwarded-Tls-Client-Cert-Info",
            "X-Forwarded-For",
            "X-Forwarded-User",
            "ssl-client-verify",
            "ssl-client-subject-dn",
            "SSL-Client-S-DN",
            "X-SSL-Client-Verify",
            "X-SSL-CERT",
            "X-Amzn-Mtls-Clientcert",
            "X-Amzn-Mtls-Clientcert-Subject",
            "X-ARR-ClientCert",
            "X-MS-CLIENT-PRINCIPAL-NAME",
            "X-Client-Cert-SPIFFE",
            "X-Client-Cert",
            "X-Client-Verify",
            "X-Auth-Request-User",
            "Remote-User",
            "X-Remote-User",
            "X-Remote-Group",
            "Cf-Client-Cert-Sha256",
        ];
        for claim in claims {
            for spelled in [claim.to_lowercase(), claim.to_lowercase().replace('-', "_")] {
                let mut headers = HeaderMap::new();
                let name: HeaderName = spelled.parse().expect("a name");
                headers.insert(name, "forged".parse().expect("a value"));
                strip(&mut headers);
                assert!(headers.is_empty(), "{spelled}");
            }
        }
        for harmless in [
            "host",
            "accept",
            "x-request-id",
            "x-client-version",
            "ssl",
            "remote",
        ] {
            assert!(!is_claim(harmless), "{harmless}");
        }
    }
}
