"""What others have on the host, and have to find as it was: in each file that is merged into, and in Docker."""

from __future__ import annotations

import json

from campaign.site import Site

# live-restore keeps their container over restarts of dockerd; their images are in the store that Docker began with.
DAEMON = {"live-restore": True, "labels": ["team=storage"], "shutdown-timeout": 20}
LOGIN = {"auths": {"registry.elsewhere.test": {"auth": "b3RoZXJzOnRoZWlycw=="}}, "detachKeys": "ctrl-e,e"}
HANDLER = ":theirs:E::theirs-extension::/bin/true:"
PLANT = f"""
mkdir -p /etc/docker /root/.docker
cat > /etc/docker/daemon.json <<'END'
{json.dumps(DAEMON)}
END
(umask 077; cat > /root/.docker/config.json) <<'END'
{json.dumps(LOGIN)}
END
echo '{HANDLER}' > /etc/binfmt.d/theirs.conf
systemctl restart systemd-binfmt docker
tar --create --dereference /usr/bin/sleep /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/libc.so.6 2>/dev/null |
  docker import - theirs >/dev/null
docker run --detach --name theirs --restart always theirs /usr/bin/sleep infinity >/dev/null
"""


def plant(site: Site) -> None:
    """Put it there."""
    site.must(PLANT)


def lost(site: Site) -> list[str]:
    """What of it is not there any more, or not as it was."""
    found = []
    for path, theirs in (("/etc/docker/daemon.json", DAEMON), ("/root/.docker/config.json", LOGIN)):
        try:
            document = json.loads(site.on(f"cat {path}").stdout)
        except ValueError:
            found.append(f"{path} is no JSON")
            continue
        found += [
            f"{path}: {key} is {document.get(key)}" for key in theirs if not _holds(document.get(key), theirs[key])
        ]
    if HANDLER not in site.on("cat /etc/binfmt.d/theirs.conf").stdout:
        found.append("/etc/binfmt.d/theirs.conf")
    if "enabled" not in site.on("cat /proc/sys/fs/binfmt_misc/theirs").stdout:
        found.append("the handler of others")
    return found


def _holds(document: object, theirs: object) -> bool:
    """Whether all of *theirs* is in *document*, which may have more."""
    if isinstance(theirs, dict) and isinstance(document, dict):
        return all(_holds(document.get(key), value) for key, value in theirs.items())
    return document == theirs
