# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""apt-get without prompts and side effects: nothing is removed, no other service is restarted.

It waits for another process that has the lock. A plan fetches fresh package lists into a temporary folder, so that it
changes nothing.
"""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.causes.apt import unfetched
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.apt_candidates import (
    Offer,
    candidates,
    is_locked,
    is_stale,
    known_parts,
    simulated,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import scratch
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

_UPDATES = "/var/lib/dpkg/updates"
_LOCK_SECONDS = 300
_INSTALL_SECONDS = 3600
# needrestart's hook (liske/needrestart, ex/apt/needrestart-apt_d) would restart services of others.
_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1", "APT_LISTCHANGES_FRONTEND": "none"}
_INSTALL = (
    "install",
    "--yes",
    "--no-install-recommends",
    "--no-remove",
    # dpkg would prompt for a changed file of a former installation
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
)
_FETCH = ("--option=Acquire::Retries=2", "--option=Acquire::http::Timeout=30", "--option=Acquire::https::Timeout=30")
# Hooks that keep the host's other caches in sync with its lists; read last, as hooks can only be cleared in a file.
_NO_HOOKS = "".join(f"#clear APT::Update::{name};\n" for name in ("Pre-Invoke", "Post-Invoke", "Post-Invoke-Success"))


# Looking leaves no file behind.
_NO_CACHE = ("--option=Dir::Cache::pkgcache=", "--option=Dir::Cache::srcpkgcache=")


class StaleListsError(HostError):
    """The mirror no longer has what the package lists name."""


def is_here() -> bool:
    """Whether the host has apt-get."""
    return look.program("apt-get") is not None


def offer(asked: t.Sequence[str]) -> Offer:
    """What installing *asked* would do. If the host's package lists lack a package, fresh ones are fetched."""
    if any(map(str.isdigit, look.names(_UPDATES))):  # as apt looks for it (debSystem::CheckUpdates)
        return Offer(tuple(asked), refusal="dpkg was interrupted: run `dpkg --configure -a`")
    found = _look(asked, _NO_CACHE)
    if not found.unknown:
        return found
    with _fresh_lists() as (options, lacking):
        return replace(_look(asked, options), fresh=True, unfetched=lacking)


def _look(asked: t.Sequence[str], options: t.Tuple[str, ...]) -> Offer:
    policy = run(["apt-cache", *options, "policy", *asked])
    if policy.status != 0:
        return Offer(tuple(asked), refusal=policy.cause)
    known = candidates(policy.stdout)
    names, unknown = known_parts(asked, known)
    if unknown:
        return Offer(tuple(asked), unknown=unknown)
    outcome = run(["apt-get", *options, "--simulate", *_INSTALL, *names], env=_ENVIRONMENT)
    if outcome.status != 0:
        return Offer(names, refusal=outcome.cause)
    new, upgraded = simulated(outcome.stdout)
    return Offer(names, new, upgraded)


@contextlib.contextmanager
def _fresh_lists() -> t.Iterator[t.Tuple[t.Tuple[str, ...], str]]:
    """(options that make apt use fresh lists, what it could not fetch), in a folder that is removed afterwards."""
    with scratch() as folder:
        folder.chmod(0o755)  # apt fetches as its own user
        for each in ("lists/partial", "cache"):
            (folder / each).mkdir(parents=True)
        configuration = folder / "apt.conf"
        configuration.write_text(_NO_HOOKS, encoding="ascii")
        options = (
            f"--config-file={configuration}",
            f"--option=Dir::State::Lists={folder}/lists",
            f"--option=Dir::Cache={folder}/cache",
        )
        outcome = run(["apt-get", *options, *_FETCH, "--option=Acquire::Languages=none", "update"], env=_ENVIRONMENT)
        yield options, unfetched(outcome.stderr) or (outcome.cause if outcome.status != 0 else "")


def update() -> None:
    """Refresh the host's package lists. Fetch errors show when a package is not found."""
    _patiently(["apt-get", *_FETCH, "update"])


def install(names: t.Sequence[str]) -> None:
    """Install *names*. Raises StaleListsError if fresh lists may help, HostError with the cause otherwise."""
    outcome = _patiently(["apt-get", *_FETCH, *_INSTALL, *names])
    if outcome.status != 0:
        kind = StaleListsError if is_stale(outcome.stderr) else HostError
        raise kind(f"apt-get cannot install {', '.join(names)}", outcome.cause, said=outcome.said)


def installed(names: t.Iterable[str]) -> t.Dict[str, str]:
    """{package: version} of those of *names* that are installed."""
    lines = run(["dpkg-query", "--show", r"--showformat=${Package} ${Version} ${db:Status-Status}\n", *names]).stdout
    rows = (line.split(" ") for line in lines.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 3 and row[2] == "installed"}


def _patiently(argv: t.Sequence[str]) -> Outcome:
    """Run *argv*, and retry while another process has the lock."""
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        outcome = run(argv, env=_ENVIRONMENT, timeout=_INSTALL_SECONDS)
        if outcome.status == 0 or not is_locked(outcome.stderr) or time.monotonic() > end:
            return outcome
        time.sleep(2)
