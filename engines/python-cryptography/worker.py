"""A gatecrash worker over pyca/cryptography's verifier.

One x509-limbo testcase a line on standard input, one result a line on standard
output. Needs Python 3.8 and `pip install cryptography` (45 or newer for clients).

    gatecrash run --worker pyca="python3 engines/python-cryptography/worker.py"
"""

import datetime
import ipaddress
import json
import sys

import cryptography
from cryptography import x509
from cryptography.x509 import verification

# What the library's errors say, and the reason in gatecrash's words. The first that fits counts.
REASONS = [
    ("not valid at validation time", "expired"),
    ("basicConstraints.cA must not", "ca-as-end-entity"),
    ("basicConstraints.cA", "not-a-ca"),
    ("required EKU not found", "extended-key-usage"),
    ("keyUsage.", "key-usage"),
    ("Forbidden public key algorithm", "weak-key"),
    ("Forbidden signature algorithm", "weak-signature-algorithm"),
    ("mismatch between signatureAlgorithm", "algorithm-mismatch"),
    ("malformed RFC822 name constraints", "unsupported-name-constraint"),
    ("unsatisfiable", "unsupported-name-constraint"),
    ("nameConstraints must have", "malformed-extension"),
    ("name constraint", "name-constraint"),
    ("path length constraint", "path-length-exceeded"),
    ("exceeds max depth", "path-too-deep"),
    ("depth calculation overflowed", "path-too-deep"),
    ("missing required extension", "missing-extension"),
    ("prohibited extension", "malformed-extension"),
    ("incorrect criticality", "wrong-criticality"),
    ("MUST NOT be critical", "wrong-criticality"),
    ("must be critical", "wrong-criticality"),
    ("unaccounted-for critical extensions", "unknown-critical-extension"),
    ("duplicate extension", "duplicate-extension"),
    ("signature does not match", "bad-signature"),
    ("serial number", "bad-serial"),
    ("version", "bad-version"),
    ("matching subjectAltName", "name-mismatch"),
    ("non-empty Issuer", "malformed-name"),
    ("all candidates exhausted", "unknown-issuer"),
    ("ASN.1 parsing error", "malformed-der"),
]


def reason(text):
    return next((name for words, name in REASONS if words.lower() in text.lower()), None)


def skip(case, why):
    return {"id": case["id"], "actual_result": "SKIPPED", "context": why}


def certificates(texts):
    return [x509.load_pem_x509_certificate(text.encode()) for text in texts]


def judge(case):
    for field, supported in (("signature_algorithms", []), ("key_usage", [])):
        if case.get(field, []) != supported:
            return skip(case, f"{field} is not supported")
    if case.get("crls"):
        return skip(case, "CRLs are not supported")
    client = case["validation_kind"] == "CLIENT"
    if case.get("extended_key_usage") not in ([], ["clientAuth"] if client else ["serverAuth"]):
        return skip(case, "only the usual extended key usage is supported")

    builder = verification.PolicyBuilder().store(verification.Store(certificates(case["trusted_certs"])))
    if case.get("validation_time"):
        moment = datetime.datetime.fromisoformat(case["validation_time"].replace("Z", "+00:00"))
        builder = builder.time(moment.astimezone(datetime.timezone.utc).replace(tzinfo=None))
    if case.get("max_chain_depth") is not None:
        builder = builder.max_chain_depth(case["max_chain_depth"])
    chain = certificates(case["untrusted_intermediates"])
    peer = x509.load_pem_x509_certificate(case["peer_certificate"].encode())

    if client:
        verified = builder.build_client_verifier().verify(peer, chain)
        wanted = {name["value"] for name in case.get("expected_peer_names", [])}
        shown = {str(getattr(name, "value", "")) for name in verified.subjects or []}
        if not wanted <= shown:
            raise verification.VerificationError("leaf certificate has no matching subjectAltName: name mismatch")
    else:
        name = case.get("expected_peer_name")
        if name is None:
            return skip(case, "a server without a name")
        if name["kind"] == "DNS":
            subject = x509.DNSName(name["value"])
        elif name["kind"] == "IP":
            subject = x509.IPAddress(ipaddress.ip_address(name["value"]))
        else:
            return skip(case, "a server with a mailbox for a name")
        builder.build_server_verifier(subject).verify(peer, chain)
    return {"id": case["id"], "actual_result": "SUCCESS", "context": None}


def answer(case):
    try:
        return judge(case)
    except (verification.VerificationError, ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        # Behind this the library prints the certificate, which may be long and says nothing new.
        text = (str(error) or type(error).__name__).split(" (encountered processing")[0][:500]
        result = {"id": case["id"], "actual_result": "FAILURE", "context": text}
        if reason(text):
            result["reason"] = reason(text)
        return result


def main():
    if sys.argv[1:] == ["--version"]:
        print(cryptography.__version__)
        return
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


main()
