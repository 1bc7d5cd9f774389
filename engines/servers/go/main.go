// A mutual TLS server of Go's own packages. Every path answers 200 and who is there.
//
// Flags choose right and wrong configurations. SIGHUP reads the anchors and the CRLs anew.
package main

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	listen     = flag.String("listen", "127.0.0.1:0", "address")
	certFile   = flag.String("cert", "", "certificate chain of the server")
	keyFile    = flag.String("key", "", "its key")
	caFile     = flag.String("ca", "", "trust anchors of clients")
	crlFile    = flag.String("crl", "", "CRLs")
	clientAuth = flag.String("client-auth", "require-and-verify", "what clients must show")
	crlCheck   = flag.String("crl-check", "connection", "where CRLs are looked at: connection, certificate, never")
	minimum    = flag.String("minimum", "1.3", "the oldest protocol")
	keys       = flag.String("keys", "any", "which keys may stand in a chain: any, or strong ones of 112 bits")
	unix       = flag.Int64("time", 0, "judge certificates at this Unix time")
)

var modes = map[string]tls.ClientAuthType{
	"none":               tls.NoClientCert,
	"require-any":        tls.RequireAnyClientCert,
	"verify-if-given":    tls.VerifyClientCertIfGiven,
	"require-and-verify": tls.RequireAndVerifyClientCert,
}

var versions = map[string]uint16{
	"1.0": tls.VersionTLS10,
	"1.2": tls.VersionTLS12,
	"1.3": tls.VersionTLS13,
}

func now() time.Time {
	if *unix != 0 {
		return time.Unix(*unix, 0)
	}
	return time.Now()
}

// trust is what a reload replaces as a whole.
type trust struct {
	config *tls.Config
}

func load() (*trust, error) {
	chain, err := tls.LoadX509KeyPair(*certFile, *keyFile)
	if err != nil {
		return nil, err
	}
	pool, err := anchors(*caFile)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{chain},
		ClientCAs:    pool,
		ClientAuth:   modes[*clientAuth],
		MinVersion:   versions[*minimum],
		NextProtos:   []string{"http/1.1"},
		Time:         now,
	}
	if *minimum != "1.3" {
		for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			config.CipherSuites = append(config.CipherSuites, suite.ID)
		}
	}
	if *crlFile != "" {
		lists, err := readLists(*crlFile)
		if err != nil {
			return nil, err
		}
		switch *crlCheck {
		case "connection":
			// Called for resumed connections too.
			config.VerifyConnection = func(state tls.ConnectionState) error {
				return lists.check(state.VerifiedChains)
			}
		case "certificate":
			// Not called for resumed connections: a ticket outlives the revocation.
			config.VerifyPeerCertificate = func(_ [][]byte, chains [][]*x509.Certificate) error {
				return lists.check(chains)
			}
		}
	}
	if *keys == "strong" {
		before := config.VerifyConnection
		config.VerifyConnection = func(state tls.ConnectionState) error {
			if err := strong(state.VerifiedChains); err != nil || before == nil {
				return err
			}
			return before(state)
		}
	}
	return &trust{config}, nil
}

// strong wants one chain whose keys have 112 bits of security or more.
func strong(chains [][]*x509.Certificate) error {
	err := errors.New("no verified chain")
	for _, chain := range chains {
		err = nil
		for _, certificate := range chain {
			switch key := certificate.PublicKey.(type) {
			case *rsa.PublicKey:
				if key.N.BitLen() < 2048 {
					err = errors.New("a weak key")
				}
			case *ecdsa.PublicKey:
				if key.Params().BitSize < 224 {
					err = errors.New("a weak key")
				}
			}
		}
		if err == nil {
			return nil
		}
	}
	return err
}

func anchors(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("no trust anchor can be read")
	}
	return pool, nil
}

// lists are the CRLs. A certificate whose issuer has none is refused.
type lists []*x509.RevocationList

func readLists(file string) (lists, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found lists
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, err
		}
		found = append(found, list)
	}
	return found, nil
}

// check wants one chain in which every certificate below the anchor is known to be good.
func (l lists) check(chains [][]*x509.Certificate) error {
	err := errors.New("no verified chain")
	for _, chain := range chains {
		if err = l.checkChain(chain); err == nil {
			return nil
		}
	}
	return err
}

func (l lists) checkChain(chain []*x509.Certificate) error {
	for index := 0; index+1 < len(chain); index++ {
		if err := l.checkOne(chain[index], chain[index+1]); err != nil {
			return err
		}
	}
	return nil
}

func (l lists) checkOne(certificate, issuer *x509.Certificate) error {
	covered := false
	for _, list := range l {
		if string(list.RawIssuer) != string(issuer.RawSubject) || list.CheckSignatureFrom(issuer) != nil {
			continue
		}
		if now().After(list.NextUpdate) || now().Before(list.ThisUpdate) || hasCritical(list) {
			continue
		}
		covered = true
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(certificate.SerialNumber) == 0 {
				return errors.New("revoked")
			}
		}
	}
	if !covered {
		return errors.New("no current CRL")
	}
	return nil
}

func hasCritical(list *x509.RevocationList) bool {
	for _, extension := range list.Extensions {
		if extension.Critical {
			return true
		}
	}
	return false
}

func answer(writer http.ResponseWriter, request *http.Request) {
	status, subject := "NONE", ""
	if peers := request.TLS.PeerCertificates; len(peers) > 0 {
		status, subject = "FAILED", fmt.Sprintf("%+q", peers[0].Subject.String())
	}
	if len(request.TLS.VerifiedChains) > 0 {
		status = "SUCCESS"
	}
	writer.Header().Set("X-Client-Verify", status)
	writer.Header().Set("X-Client-Subject", subject)
	writer.Header().Set("Content-Type", "application/json")
	json.NewEncoder(writer).Encode(map[string]any{"verified": status == "SUCCESS", "subject": subject})
}

func main() {
	flag.Parse()
	first, err := load()
	if err != nil {
		log.Fatal(err)
	}
	var current atomic.Pointer[trust]
	current.Store(first)
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	go func() {
		for range reload {
			if next, err := load(); err != nil {
				log.Print("not reloaded: ", err)
			} else {
				current.Store(next)
				fmt.Println("reloaded")
			}
		}
	}()
	outer := first.config.Clone()
	outer.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return current.Load().config, nil
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", listener.Addr())
	server := &http.Server{Handler: http.HandlerFunc(answer), ReadTimeout: 10 * time.Second}
	log.Fatal(server.Serve(tls.NewListener(listener, outer)))
}
