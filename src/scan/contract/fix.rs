//! What to do about a route that is not as its document says, for the server at hand.

use super::super::{kind::ServerKind, remedy::Remedy};

use ServerKind::{Apache, Envoy, Go, Haproxy, Java, Nginx, Node, Rustls};

/// What to do.
pub(in crate::scan) enum Fix {
    /// The same for every server.
    Any(&'static str),
    /// What is right for the whole endpoint, too.
    Remedy(Remedy),
    /// In general, and by kinds of servers.
    Own(&'static str, &'static [(ServerKind, &'static str)]),
}

impl Fix {
    /// What to do for a kind of server, or for any where the kind is not known.
    pub(in crate::scan) fn text(&self, kind: ServerKind) -> String {
        match self {
            Self::Any(text) => (*text).to_owned(),
            Self::Remedy(remedy) => remedy.text(kind),
            Self::Own(any, own) => match own.iter().find(|(known, _)| *known == kind) {
                Some((_, text)) => format!("{kind}: {text}"),
                None => (*any).to_owned(),
            },
        }
    }
}

/// A certificate must be demanded on this route.
pub(super) const ROUTE: Fix = Fix::Own(
    "demand a certificate on this route: in the handshake, or before the handler, with 401 unless the connection has a verified one",
    &[
        (
            Node,
            "`requestCert: true, rejectUnauthorized: true` on createServer, or a middleware before this route that answers 401 unless `req.socket.authorized`",
        ),
        (
            Nginx,
            "`ssl_verify_client on;` for the server block, or in this very location `if ($ssl_client_verify != SUCCESS) { return 403; }`: a location without it is open",
        ),
        (
            Apache,
            "`SSLVerifyClient require` for the virtual host, or `Require ssl-verify-client` in this location",
        ),
        (
            Haproxy,
            "`verify required` on the bind line, or `http-request deny unless { ssl_c_used } { ssl_c_verify 0 }`",
        ),
        (
            Envoy,
            "`require_client_certificate: true`, or the RBAC filter with an `authenticated` principal on this route",
        ),
        (
            Go,
            "`tls.RequireAndVerifyClientCert`, or a middleware that answers 401 where `len(r.TLS.VerifiedChains) == 0`",
        ),
        (
            Java,
            "`setNeedClientAuth(true)`, or a filter that answers 401 where `jakarta.servlet.request.X509Certificate` is absent",
        ),
        (
            Rustls,
            "no `allow_unauthenticated`, or a layer that answers 401 where `peer_certificates()` is empty",
        ),
    ],
);

/// A role must be looked at.
pub(super) const ROLE: Fix = Fix::Own(
    "map the subject or an alternative name of the certificate to roles, and refuse with 403 whoever has not the one that is declared",
    &[
        (
            Node,
            "in a middleware before this route map `req.socket.getPeerCertificate().subject` to roles, and answer 403 to those that have not the one declared",
        ),
        (
            Nginx,
            "`map $ssl_client_s_dn $role { … }` and in this location `if ($role != admin) { return 403; }`",
        ),
        (
            Apache,
            "`Require expr %{SSL_CLIENT_S_DN_OU} == 'admin'` in this location",
        ),
        (
            Haproxy,
            "`http-request deny if { path /… } !{ ssl_c_s_dn(OU) admin }`",
        ),
        (
            Envoy,
            "the RBAC filter on this route, with the `principal_name` of those who have the role",
        ),
        (
            Go,
            "a middleware that maps `r.TLS.VerifiedChains[0][0].Subject` to roles, and answers 403",
        ),
        (
            Java,
            "map the principal to roles (`X509AuthenticationFilter` of Spring Security with a UserDetailsService), and demand the role on this route",
        ),
        (
            Rustls,
            "map the first of `peer_certificates()` to roles in a layer before this route, and answer 403",
        ),
    ],
);

/// A token is needed as well.
pub(super) const BOTH: Fix = Fix::Own(
    "check the token on this route as well",
    &[
        (
            Node,
            "put the middleware that checks the token before this route too: `router.get(path, certificate, token, handler)`",
        ),
        (
            Nginx,
            "`satisfy all;` and `auth_request` (or `auth_jwt`) in this location: `ssl_verify_client` looks at no token",
        ),
        (
            Apache,
            "`<RequireAll>` with `Require ssl-verify-client` and the provider that checks the token",
        ),
        (
            Envoy,
            "the `jwt_authn` filter with a rule for this route, beside `require_client_certificate`",
        ),
        (
            Go,
            "wrap the handler of this route in the middleware that checks the token too",
        ),
        (
            Java,
            "chain both filters for this route; in Spring Security `x509()` and `oauth2ResourceServer()` alone are alternatives",
        ),
    ],
);

/// Either a certificate or a token is enough.
pub(super) const EITHER: Fix = Fix::Own(
    "let either in: ask for a certificate in the handshake without demanding one, and refuse who has neither; or put both names into one requirement of the document",
    &[
        (
            Node,
            "`requestCert: true, rejectUnauthorized: false`, and a middleware that answers 401 unless `req.socket.authorized` or the token is good; or put both names into one requirement of the document",
        ),
        (
            Nginx,
            "`ssl_verify_client optional;`, and `satisfy any;` or a map of `$ssl_client_verify` and the token; or put both names into one requirement of the document",
        ),
        (
            Apache,
            "`SSLVerifyClient optional` and `<RequireAny>` with `Require ssl-verify-client` and the token's provider; or put both names into one requirement of the document",
        ),
        (
            Haproxy,
            "`verify optional`, and deny only who has neither; or put both names into one requirement of the document",
        ),
        (
            Go,
            "`tls.VerifyClientCertIfGiven`, and a middleware that takes either; or put both names into one requirement of the document",
        ),
        (
            Java,
            "`setWantClientAuth(true)`, and a filter that takes either; or put both names into one requirement of the document",
        ),
        (
            Rustls,
            "`allow_unauthenticated()`, and a layer that takes either; or put both names into one requirement of the document",
        ),
    ],
);

/// Nobody needs a certificate.
pub(super) const OPTIONAL: Fix = Fix::Own(
    "declare mutualTLS on the route (`{}` among the alternatives allows anybody), or ask for the certificate without demanding it in the handshake",
    &[
        (
            Node,
            "declare mutualTLS on the route, or `rejectUnauthorized: false` with a middleware on every other route",
        ),
        (
            Nginx,
            "declare mutualTLS on the route, or `ssl_verify_client optional;` with a check in every other location",
        ),
        (
            Apache,
            "declare mutualTLS on the route, or `SSLVerifyClient optional` with `Require ssl-verify-client` for every other location",
        ),
        (
            Haproxy,
            "declare mutualTLS on the route, or `verify optional` and deny on every other path",
        ),
        (
            Go,
            "declare mutualTLS on the route, or `tls.VerifyClientCertIfGiven` with a middleware on every other route",
        ),
        (
            Rustls,
            "declare mutualTLS on the route, or `allow_unauthenticated()` with a layer on every other route",
        ),
    ],
);

/// A proxy's word must be believed of the proxy alone.
pub(in crate::scan) const HEADERS: Fix = Fix::Own(
    "strip these headers at the edge, and believe them only on connections from the proxy itself",
    &[
        (
            Node,
            "look at `req.socket.authorized`, not at headers; behind a proxy listen on loopback or a Unix socket alone, and set `app.proxy` (Koa) or `trust proxy` (Express) to its address",
        ),
        (
            Nginx,
            "overwrite each of them: `proxy_set_header X-SSL-Client-Verify $ssl_client_verify;`, and `proxy_set_header NAME \"\";` for those that are not used",
        ),
        (
            Apache,
            "`RequestHeader unset NAME early` for each of them, and set those that are used from `%{SSL_CLIENT_VERIFY}s`",
        ),
        (
            Haproxy,
            "`http-request del-header` each of them before `http-request set-header`",
        ),
        (
            Envoy,
            "`forward_client_cert_details: SANITIZE_SET`, which drops what clients send",
        ),
        (
            Go,
            "look at `r.TLS.VerifiedChains`, not at headers; behind a proxy check `r.RemoteAddr` first",
        ),
        (
            Java,
            "no RemoteIpValve or SSLValve on a connector that clients reach, and look at the request's own certificates",
        ),
        (
            Rustls,
            "look at `peer_certificates()`, not at headers, on a port that clients reach",
        ),
    ],
);

/// Every name of the port demands the same.
pub(super) const NAMES: Fix = Fix::Own(
    "refuse with 421 when the Host is not the name of the handshake, and give every name the same demand",
    &[
        (
            Node,
            "set requestCert and rejectUnauthorized on the server itself, and answer 421 where `req.socket.servername` is not the Host",
        ),
        (
            Nginx,
            "`ssl_verify_client on;` in every server block of the port, the default one too, and `if ($ssl_server_name != $host) { return 421; }`",
        ),
        (
            Apache,
            "`SSLStrictSNIVHostCheck on`, and `SSLVerifyClient require` in every virtual host of the port",
        ),
        (
            Haproxy,
            "one bind line with `verify required` and no exception in `crt-list`, and `http-request deny deny_status 421 unless { ssl_fc_sni,strcmp(txn.host) eq 0 }` after `http-request set-var(txn.host) req.hdr(host),field(1,:)`",
        ),
        (
            Envoy,
            "`require_client_certificate: true` in every filter chain of the listener",
        ),
        (
            Go,
            "the same ClientAuth in every config that GetConfigForClient gives, and 421 where `r.TLS.ServerName` is not the Host",
        ),
        (
            Rustls,
            "the same client verifier in every ServerConfig that an Acceptor picks, and 421 where `server_name()` is not the Host",
        ),
    ],
);

/// A path is what was matched.
pub(super) const SPELLING: Fix = Fix::Own(
    "guard by the route that was matched and not by the text of the path",
    &[
        (
            Node,
            "`new Router({ strict: true, sensitive: true })` in Koa, `app.enable('strict routing')` and `'case sensitive routing'` in Express, and the guard on the router, not on `ctx.path`",
        ),
        (
            Nginx,
            "guard the whole server, and open single locations by `location = /path`; a prefix or `~` location has other spellings",
        ),
        (
            Apache,
            "guard `<Location \"/\">` and open single paths; `MergeSlashes on`, and no `<LocationMatch>` for what is guarded",
        ),
        (
            Haproxy,
            "`http-request normalize-uri path-merge-slashes` before the rules, and deny by default",
        ),
        (
            Envoy,
            "`normalize_path: true` and `merge_slashes: true` in the connection manager, and deny by default",
        ),
        (
            Go,
            "guard the mux and not `r.URL.Path`: `guard(mux)`; ServeMux cleans a path before it matches",
        ),
        (
            Java,
            "guard by `anyRequest().authenticated()`, and open single paths",
        ),
        (
            Rustls,
            "put the layer around the whole router, not around paths",
        ),
    ],
);

/// Every method is guarded.
pub(super) const METHODS: Fix = Fix::Own(
    "put the guard before the router, for every method",
    &[
        (
            Node,
            "`app.use(guard)` before the routes: `router.get` answers HEAD too, and a guard that is asked for GET alone does not see it",
        ),
        (
            Nginx,
            "no `limit_except` and no `if ($request_method …)` around the guard: it must hold for every method",
        ),
        (
            Apache,
            "no `<Limit GET>` around the guard: `<LimitExcept>` or, better, none of both",
        ),
        (Haproxy, "no `{ method GET }` in the rule that denies"),
        (
            Go,
            "wrap the whole mux in the guard: a pattern `GET /x` answers HEAD too",
        ),
        (
            Java,
            "no `<http-method>` in the security constraint, or `<deny-uncovered-http-methods/>`",
        ),
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_is_for_the_server_at_hand_and_says_something_for_any() {
        for fix in [
            ROUTE, ROLE, BOTH, EITHER, OPTIONAL, HEADERS, NAMES, SPELLING, METHODS,
        ] {
            let any = fix.text(ServerKind::Unknown);
            for kind in [Node, Nginx] {
                let own = fix.text(kind);
                assert!(own.starts_with(&format!("{kind}: ")) && own != any, "{own}");
            }
        }
        assert!(ROUTE.text(Nginx).contains("ssl_client_verify"));
        assert_eq!(Fix::Any("x").text(Node), "x");
    }
}
