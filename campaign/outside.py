"""A host looked at from outside, by nothing of ours: what is wrong with it, in words."""

from __future__ import annotations

import base64
import json
import subprocess
import time

from campaign import foreign
from campaign.site import Site
from lab import registry
from lab.settings import HARBOR_NAME, ROBOT

STARTS = 60.0  # seconds that systemd may need to have Docker again
LOCK = "/run/multiarch-builders.lock"
LEFTOVERS = (
    "find /etc /usr/local /run /tmp /var/tmp /root /home /var/lib/multiarch-builders "
    r"\( -name '.*.new' -o -name '.*.tmp' -o -name '*.multiarch*' -o -name 'multiarch-builders-????????' "
    r"-o -name '.qemu-*' -o -name 'daemon.json.*' -o -name '.docker-buildx.*' -o -name 'ansible-tmp-*' \) "
    "! -path '/var/lib/multiarch-builders/backups/*' 2>/dev/null"
)
# Each handler of ours that is registered runs its emulator, and its line in binfmt.d is whole.
HANDLERS = r"""
cd /proc/sys/fs/binfmt_misc
for handler in qemu-*; do
  [ -e "$handler" ] || continue
  grep -q ^enabled "$handler" || echo "handler $handler is off"
  interpreter=$(sed -n 's/^interpreter //p' "$handler")
  "$interpreter" --version >/dev/null 2>&1 || echo "handler $handler: $interpreter does not run"
done
for file in /etc/binfmt.d/qemu-*.conf; do
  [ -e "$file" ] || continue
  [ "$(grep -c '^:qemu-[a-z0-9_]*:M:.*:[A-Z]*$' "$file")" = 1 ] || echo "$file is not whole"
done
"""


def wait_for_module(site: Site) -> None:
    """Until what a module does on its own, when nobody hears it any more, has ended."""
    site.on(f"test ! -e {LOCK} || flock --wait 120 {LOCK} true")


def docker_is_silent(site: Site) -> list[str]:
    """Docker answers and reaches its containers, such as that of others, whose policy is to be started again."""
    end = time.monotonic() + STARTS
    while (asked := site.on("docker info >/dev/null && docker top theirs")).returncode:
        if time.monotonic() > end:
            journal = site.on("journalctl --no-pager --lines=5 --unit=docker").stdout
            return [f"docker does not reach the container of others: {asked.stderr}; {journal}"]
        time.sleep(0.5)
    return []


def docker_is_wrong(site: Site) -> list[str]:
    """Docker runs, and would start again with its daemon.json."""
    found = docker_is_silent(site)
    text = site.on("cat /etc/docker/daemon.json").stdout
    try:
        json.loads(text)
    except ValueError:
        found.append(f"daemon.json is no JSON: {text[:80]!r}")
    checked = site.on("dockerd --validate --config-file /etc/docker/daemon.json")
    if checked.returncode:
        found.append(f"dockerd refuses daemon.json: {checked.stderr.strip()[-200:]}")
    return found


def handlers_are_wrong(site: Site) -> list[str]:
    """Emulation that is there works, now and after a reboot."""
    return site.on(HANDLERS).stdout.splitlines()


def builder_is_wrong(site: Site) -> list[str]:
    """The builder of choice builds, or it is plainly not there."""
    if site.on("test -e /root/.docker/buildx/instances/multiarch").returncode:
        return []
    built = site.on(
        "printf 'FROM scratch\nCOPY . /\n' | docker buildx build --builder multiarch --file - /etc/binfmt.d"
    )
    return [f"the builder does not build: {built.stderr.strip()[-300:]}"] if built.returncode else []


def secrets_are_exposed(site: Site) -> list[str]:
    """The registry's password is in config.json of its users, which are theirs alone, and nowhere else on the disk."""
    password = registry.password()
    login = base64.b64encode(f"{ROBOT}:{password}".encode()).decode()
    command = ["grep", "--recursive", "--files-with-matches", "--fixed-strings", "--binary-files=text", "--file=-"]
    done = subprocess.run(
        [*command, str(site.files)],
        input=f"{password}\n{login}\n",  # arguments are for everybody to see
        capture_output=True,
        text=True,
        check=False,
    )
    found = []
    for name in done.stdout.splitlines():
        path = name.removeprefix(str(site.files))
        mode = site.on(f"stat --format=%a '{path}'").stdout.strip()
        if not path.endswith("/.docker/config.json") or mode != "600":
            found.append(f"the password for {HARBOR_NAME} is in {path}, mode {mode}")
    return found


def leftovers(site: Site) -> list[str]:
    """Files that only exist while something is being done."""
    return [f"{path} is left" for path in site.on(LEFTOVERS).stdout.splitlines()]


def wrong(site: Site) -> list[str]:
    """Everything that may not be, whatever has struck."""
    found = docker_is_wrong(site)
    return [
        *found,
        *(f"lost: {each}" for each in foreign.lost(site)),
        *handlers_are_wrong(site),
        *builder_is_wrong(site),
        *secrets_are_exposed(site),
    ]
