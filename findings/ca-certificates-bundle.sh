#!/usr/bin/env bash
# ca-certificates 20250419 (Debian 12): of a .crt with two certificates both reach ca-certificates.crt, but none the
# hashed folder: "skipping bundle.pem, it does not contain exactly one certificate", and status 0.
# Why it matters: curl, Go and Python's requests with the file then trust the registry, and programs that look in
# /etc/ssl/certs by hash (OpenSSL's -CApath, some of Perl and PHP) do not: "works on this host" depends on the
# program.
# Upstream says otherwise: update-ca-certificates(8) asks for one certificate in a file, but tells of no half success.
set -euo pipefail
. "$(dirname "$0")/common.bash"
debian_packages ca-certificates=20250419~deb12u2
unset LD_LIBRARY_PATH
cd "$work"
mkdir -p root/usr/{share,local/share}/ca-certificates root/etc/{ssl/certs,ca-certificates/update.d}
: >root/etc/ca-certificates.conf
for name in root issuing; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj "/CN=$name" -days 30 \
    2>/dev/null | tee -a root/usr/local/share/ca-certificates/bundle.crt >$name.pem
done
status=0
update-ca-certificates --sysroot "$work/root" >log 2>&1 || status=$?
verify() { openssl verify -no-CAstore "$@" root.pem >/dev/null 2>&1 && echo yes || echo no; }
certs=root/etc/ssl/certs
seen="$status $(verify -no-CApath -CAfile $certs/ca-certificates.crt) $(verify -no-CAfile -CApath $certs)"
as_known "status, trusted by the file, trusted by the folder" "0 yes yes, or an error" "0 yes no" "$seen"
grep -o 'skipping.*' log
