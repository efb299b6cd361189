#!/usr/bin/env bash
# cryptography 50.0.2 and Python's ssl: a bundle with a TRUSTED CERTIFICATE block has one certificate or two.
# ssl.load_verify_locations(cafile) reads it, the same text as `cadata` has one less, and so has cryptography's
# load_pem_x509_certificates, without a word.
# Why it matters: `openssl x509 -trustout` and tools for Fedora's trust store write such blocks; a company's bundle
# that was checked on the controller is not what the host then trusts, and Go skips the block as well.
# Upstream says otherwise: CPython Doc/library/ssl.rst describes cafile and cadata alike, as PEM certificates;
# pyca/cryptography docs/x509/reference.rst names no block that is passed over. openssl-x509(1), -trustout, has the
# format.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages cryptography==50.0.2
cd "$work"
for name in one two; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj /CN=$name -days 30 2>/dev/null
done >plain.pem
{
  openssl x509 -in plain.pem
  openssl req -x509 -key key -subj /CN=two -days 30 | openssl x509 -trustout -addtrust serverAuth
} >bundle.pem
seen=$(python3 - <<'PY'
import ssl
from pathlib import Path

from cryptography import x509

text = Path("bundle.pem").read_text()
by_file, by_text = (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) for _ in range(2))
by_file.load_verify_locations(cafile="bundle.pem")
by_text.load_verify_locations(cadata=text)
counts = (context.cert_store_stats()["x509"] for context in (by_file, by_text))
print(*counts, len(x509.load_pem_x509_certificates(text.encode())))
PY
)
as_known "certificates by cafile, by cadata, by cryptography" "2 2 2" "2 1 1" "$seen"
