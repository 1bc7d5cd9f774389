// A mutual TLS server of the JDK's own classes. Every path answers 200 and who is there.
//
// Arguments are `name=value`: listen, cert, key, ca, crl, auth (need or want), revocation
// (check or ignore), protocols, strength (any or 112), time. SIGHUP is not for a JVM: a reload is a restart.

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.CertPathBuilder;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManagerFactory;

public final class Server {
    private static final Map<String, String> options = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            options.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        String protocols = options.getOrDefault("protocols", "TLSv1.3");
        if (protocols.contains("TLSv1,")) {
            // The JDK forbids them unless told otherwise.
            Security.setProperty("jdk.tls.disabledAlgorithms", "");
        }
        boolean strong = options.getOrDefault("strength", "any").equals("112");
        if (strong) {
            Security.setProperty("jdk.certpath.disabledAlgorithms",
                    "MD2, MD5, SHA1, RSA keySize < 2048, DSA keySize < 2048, EC keySize < 224");
        }
        SSLContext context = context();
        // What is resumed is not judged again.
        context.getServerSessionContext().setSessionTimeout(strong ? 1 : 86400);
        String[] address = options.get("listen").split(":");
        HttpsServer server =
                HttpsServer.create(new InetSocketAddress(address[0], Integer.parseInt(address[1])), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters wanted = context.getDefaultSSLParameters();
                wanted.setProtocols(protocols.split(","));
                if (protocols.contains("TLSv1,")) {
                    wanted.setCipherSuites(context.getSupportedSSLParameters().getCipherSuites());
                }
                if (strong) {
                    wanted.setCipherSuites(Arrays.stream(wanted.getCipherSuites())
                            .filter(suite -> suite.matches("TLS_(AES|CHACHA20).*|TLS_ECDHE.*(GCM|POLY1305).*"))
                            .toArray(String[]::new));
                }
                if (options.getOrDefault("auth", "need").equals("need")) {
                    wanted.setNeedClientAuth(true);
                } else {
                    wanted.setWantClientAuth(true);
                }
                parameters.setSSLParameters(wanted);
            }
        });
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", exchange -> {
            String subject = "";
            try {
                X509Certificate peer = (X509Certificate)
                        ((HttpsExchange) exchange).getSSLSession().getPeerCertificates()[0];
                subject = URLEncoder.encode(
                        peer.getSubjectX500Principal().getName(), StandardCharsets.UTF_8);
            } catch (SSLPeerUnverifiedException nobody) {
                // Only wanted, and not given.
            }
            boolean verified = !subject.isEmpty();
            byte[] body = ("{\"verified\":" + verified + ",\"subject\":\"" + subject + "\"}\n")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("X-Client-Verify", verified ? "SUCCESS" : "NONE");
            exchange.getResponseHeaders().set("X-Client-Subject", subject);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        System.out.println("listening on 127.0.0.1:" + server.getAddress().getPort());
    }

    private static SSLContext context() throws Exception {
        Collection<? extends Certificate> chain = certificates(options.get("cert"));
        KeyStore identity = empty();
        identity.setKeyEntry("server", key(options.get("key")), new char[0],
                chain.toArray(new Certificate[0]));
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(identity, new char[0]);

        KeyStore anchors = empty();
        int number = 0;
        for (Certificate anchor : certificates(options.get("ca"))) {
            anchors.setCertificateEntry("anchor-" + number++, anchor);
        }
        PKIXBuilderParameters parameters =
                new PKIXBuilderParameters(anchors, new X509CertSelector());
        if (options.containsKey("time")) {
            parameters.setDate(new Date(Long.parseLong(options.get("time")) * 1000));
        }
        boolean check = options.containsKey("crl")
                && options.getOrDefault("revocation", "check").equals("check");
        parameters.setRevocationEnabled(check);
        if (check) {
            parameters.addCertStore(CertStore.getInstance(
                    "Collection", new CollectionCertStoreParameters(lists(options.get("crl")))));
            PKIXRevocationChecker checker = (PKIXRevocationChecker)
                    CertPathBuilder.getInstance("PKIX").getRevocationChecker();
            checker.setOptions(EnumSet.of(
                    PKIXRevocationChecker.Option.PREFER_CRLS,
                    PKIXRevocationChecker.Option.NO_FALLBACK));
            parameters.addCertPathChecker(checker);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(new CertPathTrustManagerParameters(parameters));

        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore empty() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Collection<? extends Certificate> certificates(String file) throws Exception {
        try (InputStream text = Files.newInputStream(Path.of(file))) {
            return CertificateFactory.getInstance("X.509").generateCertificates(text);
        }
    }

    private static Collection<?> lists(String file) throws Exception {
        try (InputStream text = new ByteArrayInputStream(Files.readAllBytes(Path.of(file)))) {
            return CertificateFactory.getInstance("X.509").generateCRLs(text);
        }
    }

    /** A PKCS #8 key. Of which kind it is, the first factory that takes it tells. */
    private static PrivateKey key(String file) throws Exception {
        String body = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----|\\s", "");
        PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body));
        Exception last = null;
        for (String algorithm : new String[] {"EC", "RSA", "Ed25519"}) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (Exception other) {
                last = other;
            }
        }
        throw last;
    }
}
