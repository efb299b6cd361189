"""A forward proxy that a test starts on one of its hosts."""

from __future__ import annotations

from pathlib import Path

from lab.topology import HOSTS
from tests.hosts.lab import on

PROGRAM = Path(__file__).with_name("forward_proxy.py").read_text()
LOG = "/var/tmp/proxy.log"
_PORT = 3128


def start_proxy(host: str, password: str) -> dict[str, object]:
    """A proxy on *host* itself, started to stay, whose password is in none of its arguments; builder_proxy for it."""
    address = next(each.address for each in HOSTS if each.name == host)
    on(host, "cat > /var/tmp/proxy.py", stdin=PROGRAM)
    on(host, "umask 077; cat > /run/proxy-login", stdin=f"ci:{password}")
    on(host, f"systemd-run --quiet --unit=proxy python3 /var/tmp/proxy.py {_PORT} /run/proxy-login {LOG}")
    on(host, f"for second in 1 2 3 4 5; do ss -lnt | grep -q :{_PORT} && break; sleep 0.5; done; rm /run/proxy-login")
    url = f"http://{address}:{_PORT}"
    return {"http": url, "https": url, "no_proxy": ["direct.lab.test"], "username": "ci", "password": password}
