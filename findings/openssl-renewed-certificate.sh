#!/usr/bin/env bash
# OpenSSL 3.0 (Debian 12, its command and Python's ssl): of two self-signed certificates with one name and one key,
# only the first of the trusted file is trusted. The second is there word for word, and is "self-signed certificate",
# error 18. A hashed folder behaves the same (.0 is trusted, .1 is not). If the first has expired, the second is
# taken.
# Why it matters: a registry's self-signed certificate is renewed with the same key, and both are put into ca.crt for
# the change-over: then the order decides whether clients fail before or after it. Go's programs, dockerd too, take
# both.
# Upstream says otherwise: openssl-verification-options(1), "Trust Anchors", makes self-signed certificates of the
# trusted file anchors, whatever their order. Reported as openssl/openssl#6058 and #2495, both closed.
set -euo pipefail
. "$(dirname "$0")/common.bash"
openssl version
cd "$work"
openssl ecparam -genkey -name prime256v1 -noout -out key
for days in 30 60; do
  openssl req -x509 -new -key key -subj /CN=harbor.example.com -addext 'subjectAltName = DNS:harbor.example.com' \
    -days $days -out $days.pem
done
cat 30.pem 60.pem >old-first
cat 60.pem 30.pem >new-first
verify() { openssl verify -no-CApath -no-CAstore -CAfile "$1" "$2" >/dev/null 2>&1 && echo yes || echo no; }
seen="$(verify old-first 30.pem) $(verify old-first 60.pem) / $(verify new-first 30.pem) $(verify new-first 60.pem)"
as_known "old and new certificate trusted, with the old one first / with the new one first" "yes yes / yes yes" \
  "yes no / no yes" "$seen"
