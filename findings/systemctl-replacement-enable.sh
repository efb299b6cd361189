#!/usr/bin/env bash
# docker-systemctl-replacement 1.7.1097 (PyPI): `enable` makes the links of `WantedBy=` alone. `Also=` and `Alias=` are
# not looked at, and `cat` prints the unit without its drop-ins, though they count.
# Why it matters: it takes systemd's place in the containers in which roles for Docker are tested. `systemctl enable
# docker` does not enable docker.socket there, an alias is not found, and who looks for the drop-in of a role with
# `systemctl cat`, as the manual advises, does not find it.
# Upstream says otherwise: systemd.unit(5): Also= are units that are enabled as well, Alias= names that `enable` makes;
# systemctl(1): `cat` prints the fragment and all drop-ins.
set -euo pipefail
. "$(dirname "$0")/common.bash"
python_packages docker-systemctl-replacement==1.7.1097
root=$work/root
mkdir -p "$root/etc/systemd/system/docker.service.d" "$root/usr/lib/systemd/system"
printf '%s\n' '[Service]' ExecStart=/usr/bin/dockerd '[Install]' WantedBy=multi-user.target Also=docker.socket \
  Alias=moby.service >"$root/usr/lib/systemd/system/docker.service"
printf '%s\n' '[Socket]' ListenStream=/run/docker.sock '[Install]' WantedBy=sockets.target \
  >"$root/usr/lib/systemd/system/docker.socket"
printf '[Service]\nEnvironment=HTTPS_PROXY=http://proxy.example:3128\n' \
  >"$root/etc/systemd/system/docker.service.d/proxy.conf"
ask() {
  systemctl3.py --root="$root" "$@" 2>/dev/null || true
}
ask enable docker
seen="$(ask is-enabled docker), $(ask is-enabled docker.socket), $(ask is-enabled moby); $(
  ask show docker -p Environment); $(ask cat docker | grep -c PROXY || true)"
as_known "enabled: docker, docker.socket, moby; the proxy as show has it; lines of it that cat prints" \
  "enabled, enabled, alias or enabled; Environment=HTTPS_PROXY=http://proxy.example:3128; 1" \
  "enabled, disabled, ; Environment=HTTPS_PROXY=http://proxy.example:3128; 0" "$seen"
