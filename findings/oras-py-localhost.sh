#!/usr/bin/env bash
# oras 0.2.43 (PyPI): `localhost/app` is an image of Docker Hub's user localhost, not of a registry on this host. A
# name is a registry for it only with a dot or a colon.
# Why it matters: a registry on port 80 or 443 of the own host is what tests and CI jobs use; their pushes go out to
# the internet instead. docker-parse-image 3.0.1 (npm) makes the same mistake.
# Upstream says otherwise: distribution/reference normalize.go: localhost is reserved, and always a domain.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages oras==0.2.43
seen=$(python3 -c 'from oras.container import Container; print(Container("localhost/app:1"))')
as_known "localhost/app:1" "localhost/app:1" "docker.io/localhost/app:1" "$seen"
