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
    versions,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.engine_version import choice
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.package_names import (
    DISTRIBUTION,
    Names,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.engine.repository import NO_SOURCES, Sources
from ansible_collections.multiarch.builders.plugins.module_utils.host import look
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import Outcome, must, run
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
_DOWN = "--allow-downgrades"
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


def offer(asked: t.Sequence[str], names: Names = DISTRIBUTION, version: str = "", new: Sources = NO_SOURCES) -> Offer:
    """What installing *asked* would do, the engine and its client in *version* if that is given.

    If the host's package lists lack a package or version, or if the *new* sources are not on the host yet, fresh lists
    are fetched.
    """
    if any(map(str.isdigit, look.names(_UPDATES))):  # as apt looks for it (debSystem::CheckUpdates)
        return Offer(tuple(asked), refusal="dpkg was interrupted: run `dpkg --configure -a`", names=names)
    if not new.files:
        found = _look(asked, names, version, _NO_CACHE)
        if not found.unknown:
            return found
    with _fresh_lists(new) as (options, lacking):
        lost = new.refusal(run(["apt-cache", *options, "policy"]), lacking) if new.files else ""
        found = Offer(tuple(asked), unusable=lost, names=names) if lost else _look(asked, names, version, options)
        return replace(found, fresh=True, unfetched=lacking)


def _look(asked: t.Sequence[str], names: Names, version: str, options: t.Tuple[str, ...]) -> Offer:
    if not asked:
        return Offer(names=names)
    policy = run(["apt-cache", *options, "policy", *asked])
    if policy.status != 0:
        return Offer(tuple(asked), refusal=policy.cause, names=names)
    found, unknown = known_parts(asked, candidates(policy.stdout), names)
    nothing = Offer(tuple(asked), unknown=unknown, names=names, version=version)
    if unknown:
        return nothing
    pinned = [each for each in (names.engine, names.client) if version and each in found]
    known = versions(run(["apt-cache", *options, "madison", *pinned]).stdout) if pinned else {}
    chosen = {each: choice(version, known.get(each, ())) for each in pinned}
    if not all(chosen.values()):
        return replace(
            nothing, unknown=tuple(each for each in pinned if not chosen[each]), known=known.get(pinned[0], ())
        )
    arguments = [f"{each}={chosen[each]}" if chosen.get(each) else each for each in found]
    down = (_DOWN,) if pinned else ()
    outcome = run(["apt-get", *options, "--simulate", *_INSTALL, *down, *arguments], env=_ENVIRONMENT)
    if outcome.status != 0:
        return Offer(found, refusal=outcome.cause, names=names, version=version)
    new, upgraded = simulated(outcome.stdout)
    return Offer(found, new, upgraded, names=names, version=version)


@contextlib.contextmanager
def _fresh_lists(new: Sources) -> t.Iterator[t.Tuple[t.Tuple[str, ...], str]]:
    """(options that make apt use fresh lists, what it could not fetch), in a folder that is removed afterwards.

    The lists are those of the host's sources, and of the *new* ones.
    """
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
            *new.beside(folder / "parts"),
        )
        outcome = run(["apt-get", *options, *_FETCH, "--option=Acquire::Languages=none", "update"], env=_ENVIRONMENT)
        yield options, unfetched(outcome.stderr) or (outcome.cause if outcome.status != 0 else "")


def is_older(version: str, than: str) -> bool:
    """Whether a package version is older, as dpkg compares them."""
    return run(["dpkg", "--compare-versions", version, "lt", than]).status == 0


def in_repositories(names: t.Iterable[str]) -> t.Dict[str, t.Tuple[str, ...]]:
    """{package: the versions that can be downloaded}."""
    return versions(run(["apt-cache", *_NO_CACHE, "madison", *names]).stdout)


def download(name: str, version: str, folder: str) -> None:
    """Download a package into *folder*. Raises HostError."""
    must(["apt-get", *_FETCH, "download", f"{name}={version}"], f"{name} {version} cannot be downloaded", cwd=folder)


def update() -> None:
    """Refresh the host's package lists. Fetch errors show when a package is not found."""
    _patiently(["apt-get", *_FETCH, "update"])


def install(offer: Offer, *, down: bool = False) -> None:
    """Install what *offer* has. Raises StaleListsError if fresh lists may help, HostError with the cause otherwise.

    Only with *down*, packages may be replaced by older ones.
    """
    versions_of = {**offer.new, **{name: new for name, (_old, new) in offer.upgraded.items()}}
    pinned = (offer.names.engine, offer.names.client) if offer.version else ()
    names = [f"{each}={versions_of[each]}" if each in pinned and each in versions_of else each for each in offer.asked]
    outcome = _patiently(["apt-get", *_FETCH, *_INSTALL, *([_DOWN] if down else []), *names])
    if outcome.status != 0:
        kind = StaleListsError if is_stale(outcome.stderr) else HostError
        raise kind(f"apt-get cannot install {', '.join(names)}", outcome.cause, said=outcome.said)


def put_back(files: t.Sequence[str]) -> None:
    """Install these package *files* in place of newer ones, also after an installation that failed half-way.

    Raises HostError.
    """
    options = ("--force-confdef", "--force-confold", "--force-downgrade")
    outcome = _patiently(["dpkg", *options, "--install", *files])
    if outcome.status != 0:
        raise HostError("dpkg cannot install the former packages", outcome.cause, said=outcome.said)


def installed(names: t.Iterable[str]) -> t.Dict[str, str]:
    """{package: version} of those of *names* that are installed."""
    names = tuple(names)
    if not names:  # dpkg-query would list all packages
        return {}
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
