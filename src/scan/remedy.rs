//! What to do, for the server at hand.

use super::kind::ServerKind;

/// What has to be put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// A certificate must be demanded.
    Demand,
    /// Chains must be verified.
    Verify,
    /// Revocation must be checked.
    Revocation,
    /// The subject must be compared.
    Identity,
    /// Names must be compared whole.
    WholeName,
    /// Weak keys and digests must be refused.
    Strength,
    /// Old protocols and weak ciphers must be refused.
    Protocol,
    /// A ticket must not outlive what it was given for.
    Tickets,
    /// Early data must not be acted on.
    EarlyData,
    /// The list of accepted CAs must be short, and not leak.
    CaList,
    /// Trusted CAs must be those that are meant, and no others.
    Trust,
    /// Keep to the CA: it must not sign such a thing.
    Authority,
    /// The server must survive what anybody may send.
    Update,
    /// Clients must be given little time, and few places.
    Limits,
    /// Sorts of certificates belong to depths and lists that are configured.
    Depth,
}

use ServerKind::{Apache, Envoy, Go, Haproxy, Java, Nginx, Node, Rustls};

impl Remedy {
    /// What to do for a kind of server, or for any where the kind is not known.
    pub fn text(self, kind: ServerKind) -> String {
        let (any, own) = self.texts();
        match own.iter().find(|(known, _)| *known == kind) {
            Some((_, text)) => format!("{kind}: {text}"),
            None => any.to_owned(),
        }
    }

    fn texts(self) -> (&'static str, &'static [(ServerKind, &'static str)]) {
        match self {
            Self::Demand => (
                "demand a certificate in the handshake, and refuse those who show none",
                &[
                    (
                        Node,
                        "createServer({ requestCert: true, rejectUnauthorized: true, ca }), with your CA alone in `ca`",
                    ),
                    (
                        Nginx,
                        "`ssl_verify_client on;` and `ssl_client_certificate ca.pem;` in every server block of the port",
                    ),
                    (
                        Apache,
                        "`SSLVerifyClient require` and `SSLCACertificateFile ca.pem` for the whole virtual host, not for a location",
                    ),
                    (
                        Haproxy,
                        "`bind … ssl crt server.pem ca-file ca.pem verify required`",
                    ),
                    (
                        Envoy,
                        "`require_client_certificate: true` in the DownstreamTlsContext, with `trusted_ca` in its validation context",
                    ),
                    (
                        Go,
                        "`tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}`",
                    ),
                    (
                        Java,
                        "`SSLParameters.setNeedClientAuth(true)`: want is not need",
                    ),
                    (
                        Rustls,
                        "`with_client_cert_verifier(WebPkiClientVerifier::builder(roots).build()?)`, without `allow_unauthenticated`",
                    ),
                ],
            ),
            Self::Verify => (
                "have the TLS library verify the chain up to your CA, and switch off nothing of it",
                &[
                    (
                        Node,
                        "`rejectUnauthorized: true`. With false every certificate comes through, and `req.client.authorized` is all that tells",
                    ),
                    (
                        Nginx,
                        "`ssl_verify_client on;`. `optional_no_ca` takes any certificate at all",
                    ),
                    (
                        Apache,
                        "`SSLVerifyClient require`. `optional_no_ca` takes any certificate at all",
                    ),
                    (
                        Haproxy,
                        "`verify required`, without `ca-ignore-err` and `crt-ignore-err`",
                    ),
                    (
                        Envoy,
                        "no `trust_chain_verification: ACCEPT_UNTRUSTED` and no `allow_expired_certificate` in the validation context",
                    ),
                    (
                        Go,
                        "`tls.RequireAndVerifyClientCert`. `RequireAnyClientCert` verifies nothing, and `VerifyPeerCertificate` alone must do it all",
                    ),
                    (
                        Java,
                        "the default TrustManager over your own truststore. One whose `checkClientTrusted` is empty trusts everybody",
                    ),
                    (
                        Rustls,
                        "`WebPkiClientVerifier`. A verifier of your own that only asserts verifies nothing",
                    ),
                ],
            ),
            Self::Revocation => (
                "give the server the CRL of every CA in the chain, have it checked, and loaded again when it changes",
                &[
                    (
                        Node,
                        "pass `crl` (an array, one PEM each) to createServer, and again to `server.setSecureContext` when it changes: Node reads no file twice",
                    ),
                    (
                        Nginx,
                        "`ssl_crl crl.pem;` with a CRL of every CA of the chain, and `nginx -s reload` when it changes",
                    ),
                    (
                        Apache,
                        "`SSLCARevocationFile crl.pem` and `SSLCARevocationCheck chain`: without the second the first does nothing",
                    ),
                    (
                        Haproxy,
                        "`crl-file crl.pem` on the bind line, without `crt-ignore-err` and `ca-ignore-err`, and `set ssl crl-file` or a reload when it changes",
                    ),
                    (
                        Envoy,
                        "`crl` in the validation context, with a CRL of every CA of the chain, delivered by SDS or `watched_directory`",
                    ),
                    (
                        Go,
                        "crypto/tls checks no revocation: look the serial number up in a verified `x509.RevocationList` inside `VerifyConnection`, which also runs on resumption",
                    ),
                    (
                        Java,
                        "a `PKIXRevocationChecker` in `PKIXBuilderParameters`, given to the TrustManagerFactory as `CertPathTrustManagerParameters`",
                    ),
                    (
                        Rustls,
                        "`WebPkiClientVerifier::builder(roots).with_crls(crls).enforce_revocation_expiration()`, and a new ServerConfig when a CRL changes",
                    ),
                ],
            ),
            Self::Identity => (
                "compare the subject or a subject alternative name with those that may enter, before every route",
                &[
                    (
                        Node,
                        "compare `req.socket.getPeerCertificate()` in a middleware before the routes. A `verify` option on https.createServer is never called",
                    ),
                    (
                        Nginx,
                        "`map $ssl_client_s_dn $allowed { … }` and `if ($allowed = 0) { return 403; }`",
                    ),
                    (
                        Apache,
                        "`Require expr %{SSL_CLIENT_S_DN} in { 'CN=device-7,O=Mine', … }`: the whole subject, since there may be several common names",
                    ),
                    (
                        Haproxy,
                        "`http-request deny unless { ssl_c_s_dn -m str /O=Mine/CN=device-7 … }`: the whole subject, since there may be several common names",
                    ),
                    (
                        Envoy,
                        "`match_typed_subject_alt_names` in the validation context, or the RBAC filter on the authenticated principal",
                    ),
                    (
                        Go,
                        "compare `state.PeerCertificates[0]` in `VerifyConnection`, or `r.TLS.VerifiedChains` in a middleware",
                    ),
                    (
                        Java,
                        "compare `session.getPeerPrincipal()` in a filter before the servlets",
                    ),
                    (
                        Rustls,
                        "compare `connection.peer_certificates()` before the request is handled",
                    ),
                ],
            ),
            Self::WholeName => (
                "compare the whole subject, or one alternative name, octet for octet, or the fingerprint of the certificate: never a part of a name, never the first of several, never without regard to case",
                &[
                    (
                        Node,
                        "compare `req.socket.getPeerCertificate().fingerprint256`, or every part of `subject` with `===`: a part that stands twice is an array, and `includes` and `indexOf` find what stands in the middle",
                    ),
                    (
                        Nginx,
                        "`map $ssl_client_fingerprint $allowed { … }`, or the whole of `$ssl_client_s_dn` without `~` and `~*`: both find what stands in the middle",
                    ),
                    (
                        Apache,
                        "compare the whole `%{SSL_CLIENT_S_DN}` with `==`: `SSL_CLIENT_S_DN_CN` is one of several common names, and `=~` finds what stands in the middle",
                    ),
                    (
                        Haproxy,
                        "compare `ssl_c_der,sha2(256),hex`, or the whole `ssl_c_s_dn` with `-m str`: `ssl_c_s_dn(cn)` is one of several, and `-m sub`, `-m beg` and `-i` find others",
                    ),
                    (
                        Envoy,
                        "`exact` matchers in `match_typed_subject_alt_names`, or `verify_certificate_hash`",
                    ),
                    (
                        Go,
                        "compare `sha256.Sum256(state.PeerCertificates[0].Raw)`, or one entry of `URIs` or `DNSNames` with `==`: `Subject.CommonName` is the last of several",
                    ),
                    (
                        Java,
                        "compare the whole `X500Principal` with `equals`, or the fingerprint: a name as text is written in more than one way",
                    ),
                    (
                        Rustls,
                        "compare the DER of the certificate's subject, or its fingerprint",
                    ),
                ],
            ),
            Self::Strength => (
                "refuse RSA below 2048 bits, curves below 224 bits, and signatures with MD5 or SHA-1",
                &[
                    (
                        Node,
                        "`ciphers: 'DEFAULT@SECLEVEL=2'` (with your own list before the @): level 1 lets 1024 bits in",
                    ),
                    (
                        Nginx,
                        "`ssl_ciphers DEFAULT@SECLEVEL=2;`, or `CipherString = DEFAULT@SECLEVEL=2` in openssl.cnf",
                    ),
                    (Apache, "`SSLCipherSuite DEFAULT@SECLEVEL=2`"),
                    (
                        Haproxy,
                        "`ssl-default-bind-ciphers DEFAULT@SECLEVEL=2` in the global section",
                    ),
                    (
                        Envoy,
                        "check the key of the client's certificate at the CA: Envoy has no setting for it",
                    ),
                    (
                        Go,
                        "check the kind and size of every key of `state.VerifiedChains` in `VerifyConnection`; from Go 1.24 on RSA below 1024 bits is refused by itself",
                    ),
                    (
                        Java,
                        "in the java.security file: `jdk.certpath.disabledAlgorithms` with `RSA keySize < 2048, EC keySize < 224, MD5, SHA1`",
                    ),
                    (
                        Rustls,
                        "webpki refuses these by itself: look at the verifier of your own",
                    ),
                ],
            ),
            Self::Protocol => (
                "offer TLS 1.3, and TLS 1.2 with ECDHE and AEAD where a client still needs it, and nothing older",
                &[
                    (
                        Node,
                        "`minVersion: 'TLSv1.3'`, or 'TLSv1.2' with a `ciphers` list of ECDHE and GCM or ChaCha20",
                    ),
                    (
                        Nginx,
                        "`ssl_protocols TLSv1.3;` and, for TLS 1.2, `ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;`",
                    ),
                    (
                        Apache,
                        "`SSLProtocol TLSv1.3` (`-all +TLSv1.2 +TLSv1.3`) and `SSLCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20`",
                    ),
                    (
                        Haproxy,
                        "`ssl-min-ver TLSv1.3` on the bind line, or TLSv1.2 with `ciphers ECDHE+AESGCM:ECDHE+CHACHA20`",
                    ),
                    (
                        Envoy,
                        "`tls_minimum_protocol_version: TLSv1_3` in the common TLS context",
                    ),
                    (Go, "`MinVersion: tls.VersionTLS13`"),
                    (
                        Java,
                        "`jdk.tls.disabledAlgorithms` with TLSv1 and TLSv1.1, and `setEnabledProtocols(\"TLSv1.3\")`",
                    ),
                    (
                        Rustls,
                        "it speaks TLS 1.2 and 1.3 alone: what answered is something before it",
                    ),
                ],
            ),
            Self::EarlyData => (
                "accept no early data, or answer 425 to what changes anything or tells secrets (RFC 8470)",
                &[
                    (
                        Nginx,
                        "`ssl_early_data off;`, or pass `$ssl_early_data` on as `Early-Data` and have the application answer 425",
                    ),
                    (
                        Haproxy,
                        "no `allow-0rtt` on the bind line, or `http-request wait-for-handshake`",
                    ),
                    (Rustls, "`ServerConfig::max_early_data_size = 0`"),
                ],
            ),
            Self::Tickets => (
                "judge a resumed session as a new one, or mint no tickets and keep no sessions; give up ticket keys and kept sessions with the configuration that they were made under",
                &[
                    (
                        Node,
                        "no fixed `ticketKeys`, `setTicketKeys(randomBytes(48))` whenever CA or CRL changes, and for TLS 1.3 with optional certificates `secureOptions: constants.SSL_OP_NO_TICKET`",
                    ),
                    (
                        Nginx,
                        "`ssl_session_tickets off;` and `ssl_session_cache none;`: a shared cache outlives a reload. Or a short `ssl_session_timeout`, and a restart when a CRL changes",
                    ),
                    (Apache, "`SSLSessionTickets off` and `SSLSessionCache none`"),
                    (
                        Haproxy,
                        "`no-tls-tickets` on the bind line and `tune.ssl.cachesize 0`",
                    ),
                    (
                        Envoy,
                        "`disable_stateless_session_resumption: true` and `disable_stateful_session_resumption: true`",
                    ),
                    (
                        Go,
                        "`SessionTicketsDisabled: true`, or `VerifyConnection`, which also runs on resumption",
                    ),
                    (
                        Java,
                        "`jdk.tls.server.enableSessionTicketExtension=false` and a short `setSessionTimeout`",
                    ),
                    (
                        Rustls,
                        "a new `ServerConfig::ticketer` and session storage with every new verifier, or `send_tls13_tickets = 0`",
                    ),
                ],
            ),
            Self::CaList => (
                "name in CertificateRequest no more CAs than those that may issue your clients, or none",
                &[
                    (
                        Node,
                        "give `ca` the issuing CA alone: Node names every certificate of it",
                    ),
                    (
                        Nginx,
                        "`ssl_client_certificate` with the issuing CA alone; what is in `ssl_trusted_certificate` is trusted and not named",
                    ),
                    (
                        Apache,
                        "`SSLCADNRequestFile` with the names that clients may know",
                    ),
                    (
                        Haproxy,
                        "`ca-file` with the issuing CA, and `ca-verify-file` for what is trusted and not named",
                    ),
                    (
                        Go,
                        "`ClientCAs` with the issuing CA alone: every certificate of the pool is named",
                    ),
                    (
                        Rustls,
                        "`WebPkiClientVerifier::builder(roots).clear_root_hint_subjects()`",
                    ),
                ],
            ),
            Self::Trust => (
                "trust your private CA alone: no public roots, no folder that others can write to",
                &[
                    (
                        Node,
                        "`ca` replaces the public roots; never add `tls.rootCertificates` to it",
                    ),
                    (
                        Nginx,
                        "your CA alone in `ssl_client_certificate` and `ssl_trusted_certificate`",
                    ),
                    (
                        Apache,
                        "`SSLCACertificateFile` with your CA alone, and no `SSLCACertificatePath`",
                    ),
                    (Haproxy, "`ca-file` with your CA alone, never `@system-ca`"),
                    (
                        Envoy,
                        "`trusted_ca` with your CA alone, never the system's bundle",
                    ),
                    (
                        Go,
                        "`x509.NewCertPool()` with your CA, never `x509.SystemCertPool()`",
                    ),
                    (
                        Java,
                        "a truststore of its own for clients, never the `cacerts` of the JDK",
                    ),
                    (Rustls, "a RootCertStore with your CA, without webpki-roots"),
                ],
            ),
            Self::Authority => (
                "nothing to set in the server: the library takes such a certificate when the CA signs it, so keep the CA from signing one, and the library up to date",
                &[],
            ),
            Self::Update => (
                "update the server and its TLS library, run it under a supervisor, and limit the size of handshake messages",
                &[],
            ),
            Self::Limits => (
                "bound the time of a handshake and of a request, the connections of one address, and serve each connection beside the others",
                &[
                    (
                        Node,
                        "`handshakeTimeout`, `server.headersTimeout`, `server.requestTimeout` and `server.maxConnections`; Node bounds no connections of one address: a proxy in front can",
                    ),
                    (
                        Nginx,
                        "`client_header_timeout 10s; client_body_timeout 10s; limit_conn` by `$binary_remote_addr`, and `worker_connections` enough for all",
                    ),
                    (
                        Apache,
                        "mod_reqtimeout: `RequestReadTimeout handshake=5 header=10 body=10`, with mpm_event",
                    ),
                    (
                        Haproxy,
                        "`timeout client-hs`, `timeout http-request`, and a stick-table with `conn_cur` by address",
                    ),
                    (
                        Go,
                        "`http.Server{ReadHeaderTimeout, ReadTimeout}`: both are endless unless they are set",
                    ),
                ],
            ),
            Self::Depth => (
                "allow as many intermediates as your PKI has",
                &[
                    (
                        Nginx,
                        "`ssl_verify_depth 2;` or more: the default of 1 refuses every chain with an intermediate below the CA",
                    ),
                    (Apache, "`SSLVerifyDepth 2` or more"),
                ],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_names_the_server_it_is_for_and_says_something_for_any() {
        let node = Remedy::Identity.text(Node);
        assert!(
            node.starts_with("Node: ") && node.contains("getPeerCertificate"),
            "{node}"
        );
        let any = Remedy::Identity.text(ServerKind::Unknown);
        assert!(any.contains("compare the subject"), "{any}");
        assert!(!Remedy::CaList.text(Envoy).starts_with("Envoy"));
    }
}
