#!/usr/bin/env bash
# cryptography 50.0.2 and OpenSSL 3.0 disagree, in both directions, on a server certificate that is trusted by itself.
# The one that `openssl req -x509` makes (CA:TRUE, self-signed): OpenSSL takes it, cryptography does not ("cA must not
# be asserted in an EE certificate"). One issued by a CA and pinned without it: cryptography takes it, OpenSSL does
# not ("unable to get local issuer certificate").
# Why it matters: a check on the controller with cryptography predicts neither curl nor Python's ssl on the host for
# registries with a self-made certificate.
# Upstream says otherwise: pyca/cryptography docs/x509/verification.rst names trust anchors and RFC 5280, not these
# two; openssl-verification-options(1) has -partial_chain for the second.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages cryptography==50.0.2
openssl version
cd "$work"
extensions='subjectAltName = DNS:harbor.example.com
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash'
new=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${new[@]}" -keyout self.key -out self.pem -subj /CN=harbor.example.com -days 30 \
  -addext 'subjectAltName = DNS:harbor.example.com' 2>/dev/null
openssl req -x509 "${new[@]}" -keyout ca.key -out ca.pem -subj /CN=ca -days 30 2>/dev/null
openssl req "${new[@]}" -keyout leaf.key -out leaf.csr -subj /CN=harbor.example.com 2>/dev/null
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -days 30 -extfile <(echo "$extensions") -out leaf.pem 2>/dev/null
cat >verify.py <<'PY'
import sys
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

certificate = x509.load_pem_x509_certificate(Path(sys.argv[1]).read_bytes())
policy = PolicyBuilder().store(Store([certificate]))
verifier = policy.build_server_verifier(x509.DNSName("harbor.example.com"))
try:
    verifier.verify(certificate, [])
    print("yes")
except VerificationError as error:
    print("no" if "basicConstraints.cA must not be asserted" in str(error) else error)
PY
by_openssl() { openssl verify -no-CApath -no-CAstore -CAfile "$1" "$1" >/dev/null 2>&1 && echo yes || echo no; }
seen="$(python3 verify.py self.pem) $(by_openssl self.pem) / $(python3 verify.py leaf.pem) $(by_openssl leaf.pem)"
as_known "trusted by itself, cryptography and OpenSSL: self-signed CA:TRUE / issued by a CA" "twice the same answer" \
  "no yes / yes no" "$seen"
