# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a proof is about: by this, two proofs are compared. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, fields, replace

from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Params, registries_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.platform import canonical

NO_BASE = "scratch"
_TAG = "proof"
_MOST = 8  # proofs with different variables, of which none proves what another one does


@dataclass(frozen=True)
class Scope:
    """A proof of all combinations: each platform with each builder as each user, and so on.

    *repositories* are those that were pushed to, *bases* the base images except scratch, *pulled* the images that
    docker itself pulled. A proof of trust has *registries* in place of platforms.
    """

    platforms: t.Tuple[str, ...] = ()
    registries: t.Tuple[str, ...] = ()
    builders: t.Tuple[str, ...] = ()
    users: t.Tuple[str, ...] = ()
    repositories: t.Tuple[str, ...] = ()
    bases: t.Tuple[str, ...] = ()
    pulled: t.Tuple[str, ...] = ()

    @property
    def subjects(self) -> t.Tuple[str, ...]:
        """What is proven, one by one: platforms or registries; without a builder and a user no platform."""
        return self.registries or (self.platforms if self.builders and self.users else ())


_WORDS = {
    "builders": "builder {}",
    "users": "user {}",
    "repositories": "a push to {}",
    "bases": "a build from {}",
    "pulled": "docker's pull of {}",
}


def image_of(repository: str) -> str:
    """The image reference of a proof."""
    return f"{repository}:{_TAG}"


def of_builds(params: Params, repository: str, base: str, *, pulls: bool) -> Scope:
    """The proof of builds that *params* ask for; *pulls*: whether docker itself pulls the images."""
    repositories = (repository,) if repository else ()
    bases = (base,) if base != NO_BASE else ()
    return Scope(
        platforms=_each_once(map(canonical, params["platforms"])),
        builders=_names(params),
        users=_each_once(params["users"]),
        repositories=repositories,
        bases=bases,
        pulled=(*map(image_of, repositories), *bases) if pulls else (),
    )


def of_trust(params: Params) -> Scope:
    """The proof of trust that *params* ask for: all registries, and their mirrors (proof/registry.py, targets_of)."""
    table = registries_of(params)
    mirrors = [mirror.partition("/")[0] for each in table for mirror in each.mirrors]
    registries = _each_once([*(each.host for each in table), *mirrors])
    return Scope(registries=registries, builders=_names(params), users=_each_once(params["users"]))


def _names(params: Params) -> t.Tuple[str, ...]:
    return _each_once(each["name"] for each in params["instances"])


def _each_once(names: t.Iterable[str]) -> t.Tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def lacking(asked: Scope, proven: t.Sequence[Scope]) -> t.Tuple[str, ...]:
    """What of *asked* none of the proofs *proven* covers, in words; that of the nearest one."""
    if not asked.subjects:
        return ()
    found = [_lacks(asked, each) for each in proven if {*asked.subjects} & {*each.subjects}]
    return min(found, key=len, default=asked.subjects)


def _lacks(asked: Scope, proven: Scope) -> t.Tuple[str, ...]:
    return tuple(
        _WORDS.get(each.name, "{}").format(name)
        for each in fields(Scope)
        for name in getattr(asked, each.name)
        if name not in getattr(proven, each.name)
    )


def with_proof(proven: t.Sequence[Scope], new: Scope, failed: t.Container[str]) -> t.Tuple[Scope, ...]:
    """*proven*, with the proof *new*, and without what has *failed*: platforms, registries or images."""
    left = [each for each in (_without(each, failed) for each in proven) if each.subjects]
    if not new.subjects or any(not _lacks(new, each) for each in left):
        return tuple(left)
    return (new, *(each for each in left if _lacks(each, new)))[:_MOST]


def _without(proven: Scope, failed: t.Container[str]) -> Scope:
    names = ("platforms", "registries", "pulled")
    left = {name: tuple(each for each in getattr(proven, name) if each not in failed) for name in names}
    return replace(proven, **left)
