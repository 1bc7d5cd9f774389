/* A mutual TLS server on GnuTLS. Every path answers 200 and who is there.
 *
 * gnutls-serv listens on every address of the machine; this listens on the loopback alone.
 * Without arguments it tells its version. Arguments: port, certificate, key, anchors, CRLs or "-", priority, mode, time or 0, tickets (on or off).
 * Mode is what clients must show: require (and verify), unverified (require, look at nothing),
 * optional (verify what is shown). */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t judged_at;

static gnutls_typed_vdata_st purpose = {
    .type = GNUTLS_DT_KEY_PURPOSE_OID,
    .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
};

static time_t moment(time_t *unused)
{
    (void)unused;
    return judged_at ? judged_at : time(NULL);
}

static void must(int outcome, const char *what)
{
    if (outcome < 0) {
        fprintf(stderr, "fatal: %s: %s\n", what, gnutls_strerror(outcome));
        exit(1);
    }
}

/* Refuses what is shown and no good. Nothing shown is fine. */
static int verify_if_shown(gnutls_session_t session)
{
    unsigned status = 0, count = 0;
    gnutls_certificate_get_peers(session, &count);
    if (count == 0)
        return 0;
    return gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 && status == 0 ? 0 : -1;
}

/* Header fields hold no line ends. */
static void subject_of(gnutls_session_t session, char *text, size_t size)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t peer;
    text[0] = 0;
    if (count == 0 || gnutls_x509_crt_init(&peer) < 0)
        return;
    if (gnutls_x509_crt_import(peer, &chain[0], GNUTLS_X509_FMT_DER) < 0 ||
        gnutls_x509_crt_get_dn(peer, text, &size) < 0)
        text[0] = 0;
    gnutls_x509_crt_deinit(peer);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == '"' || *c == '\\')
            *c = '?';
}

static void serve(gnutls_session_t session, const char *mode)
{
    char request[8192], subject[1024], answer[4096];
    size_t length = 0;
    unsigned status = 0, count = 0;
    int got;
    do {
        got = gnutls_record_recv(session, request + length, sizeof(request) - 1 - length);
        if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
            continue;
        if (got <= 0)
            return;
        length += (size_t)got;
        request[length] = 0;
    } while (!strstr(request, "\r\n\r\n") && length < sizeof(request) - 1);

    gnutls_certificate_get_peers(session, &count);
    const char *verify = "NONE";
    if (count)
        verify = strcmp(mode, "unverified") &&
                         gnutls_certificate_verify_peers(session, &purpose, 1, &status) == 0 && status == 0
                     ? "SUCCESS"
                     : "FAILED";
    subject_of(session, subject, sizeof(subject));
    got = snprintf(answer, sizeof(answer),
                   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                   "X-Client-Verify: %s\r\nX-Client-Subject: %s\r\n\r\n"
                   "{\"verified\":\"%s\",\"subject\":\"%s\"}\n",
                   verify, subject, verify, subject);
    if (got > 0)
        gnutls_record_send(session, answer, (size_t)got < sizeof(answer) ? (size_t)got : sizeof(answer) - 1);
    gnutls_bye(session, GNUTLS_SHUT_WR);
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        puts(gnutls_check_version(NULL));
        return 0;
    }
    if (argc != 10) {
        fprintf(stderr, "fatal: nine arguments are wanted\n");
        return 2;
    }
    const char *mode = argv[7];
    judged_at = (time_t)atoll(argv[8]);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    gnutls_global_set_time_function(moment);

    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    gnutls_datum_t ticket_key;
    must(gnutls_certificate_allocate_credentials(&credentials), "credentials");
    must(gnutls_certificate_set_x509_key_file(credentials, argv[2], argv[3], GNUTLS_X509_FMT_PEM), "certificate and key");
    must(gnutls_certificate_set_x509_trust_file(credentials, argv[4], GNUTLS_X509_FMT_PEM), "anchors");
    if (strcmp(argv[5], "-"))
        must(gnutls_certificate_set_x509_crl_file(credentials, argv[5], GNUTLS_X509_FMT_PEM), "CRLs");
    must(gnutls_priority_init(&priority, argv[6], NULL), "priority");
    must(gnutls_session_ticket_key_generate(&ticket_key), "ticket key");

    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 64) < 0) {
        perror("fatal: listening");
        return 1;
    }
    printf("listening on 127.0.0.1:%s\n", argv[1]);
    fflush(stdout);

    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            continue;
        /* A process a client: what one of them breaks stays its own. */
        if (fork() != 0) {
            close(connection);
            continue;
        }
        close(listener);
        struct timeval patience = {.tv_sec = 10};
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        gnutls_session_t session;
        must(gnutls_init(&session, GNUTLS_SERVER), "session");
        must(gnutls_priority_set(session, priority), "priority");
        must(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials), "credentials");
        gnutls_certificate_server_set_request(
            session, strcmp(mode, "optional") ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST);
        if (!strcmp(mode, "optional"))
            gnutls_session_set_verify_function(session, verify_if_shown);
        else if (strcmp(mode, "unverified"))
            gnutls_session_set_verify_cert2(session, &purpose, 1, 0);
        if (!strcmp(argv[9], "on"))
            gnutls_session_ticket_enable_server(session, &ticket_key);
        gnutls_handshake_set_timeout(session, 10000);
        gnutls_transport_set_int(session, connection);
        int outcome;
        do
            outcome = gnutls_handshake(session);
        while (outcome < 0 && !gnutls_error_is_fatal(outcome));
        if (outcome < 0)
            gnutls_alert_send_appropriate(session, outcome);
        else
            serve(session, mode);
        gnutls_deinit(session);
        close(connection);
        _exit(0);
    }
}
