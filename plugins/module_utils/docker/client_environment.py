# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment variables that configure buildx, its BuildKit client, and docker: values and first versions. Pure.

Sources: docker/buildx with its vendored moby/buildkit, every tag up to v0.36.1; docker/cli, every tag from 18.09
to 29.7.2. Those read with strconv.ParseBool take a boolean.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.model.version import Version, text_of, version_of

BUILDX, DOCKER = "buildx", "docker"
NO_ATTESTATIONS = "BUILDX_NO_DEFAULT_ATTESTATIONS"
NO_ARTIFACT = "BUILDX_NO_DEFAULT_OCI_ARTIFACT"
NO_CLIENT_TOKEN = "BUILDKIT_NO_CLIENT_TOKEN"

_TRUE, _FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")
_BOOLEANS = (*_TRUE, *_FALSE)


@dataclass(frozen=True)
class Setting:
    """A variable that *program* reads since version *since*; () for all supported versions.

    Without *booleans*, *words* and *number* any text is valid.
    """

    program: str = BUILDX
    since: Version = ()
    booleans: bool = False  # those of Go, 1 and true among them
    words: t.Tuple[str, ...] = ()
    number: bool = False
    obsolete: str = ""  # why it has no effect

    def takes(self, value: str) -> bool:
        """Whether *value* is valid for the program."""
        if self.number:
            return bool(re.fullmatch("[0-9]{1,18}", value))
        return not (self.booleans or self.words) or value in self.words or (self.booleans and value in _BOOLEANS)

    @property
    def values(self) -> str:
        """Its valid values, for messages."""
        if self.number:
            return "a whole number"
        return ", ".join((*self.words, *(("1", "0") if self.booleans else ())))


_FLAG = Setting(booleans=True)

SETTINGS: t.Dict[str, Setting] = {
    # build/opt.go: anything but a boolean fails every build
    NO_ATTESTATIONS: _FLAG,
    NO_ARTIFACT: Setting(since=(0, 36, 1), booleans=True),
    "BUILDX_NO_DEFAULT_LOAD": _FLAG,
    # util/confutil/metadata.go
    "BUILDX_METADATA_PROVENANCE": Setting(since=(0, 14), booleans=True, words=("min", "max", "disabled")),
    "BUILDX_METADATA_WARNINGS": Setting(since=(0, 16), booleans=True),
    # build/git.go
    "BUILDX_GIT_CHECK_DIRTY": _FLAG,
    "BUILDX_GIT_INFO": _FLAG,
    "BUILDX_GIT_LABELS": Setting(booleans=True, words=("full",)),
    "BUILDX_SEND_GIT_QUERY_AS_INPUT": Setting(since=(0, 29), booleans=True),
    "BUILDX_DEFAULT_POLICY": Setting(since=(0, 34), booleans=True),
    "BUILDX_EXPERIMENTAL": _FLAG,
    "BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP": Setting(since=(0, 31), booleans=True),
    "BUILDX_BAKE_ENTITLEMENTS_FS": Setting(since=(0, 19), booleans=True),
    "BUILDX_BAKE_FILE": Setting(since=(0, 26)),
    "BUILDX_BAKE_FILE_RELATIVE_PATHS": Setting(since=(0, 36), booleans=True),
    "BUILDX_BAKE_GIT_SSH": Setting(since=(0, 14)),
    "BUILDX_BAKE_PATH_SEPARATOR": Setting(since=(0, 26)),
    "BUILDX_CPU_PROFILE": Setting(since=(0, 18)),
    "BUILDX_MEM_PROFILE": Setting(since=(0, 18)),
    # moby/buildkit: session/auth/authprovider, util/progress
    NO_CLIENT_TOKEN: _FLAG,
    "BUILDKIT_COLORS": Setting(),
    "BUILDKIT_PROGRESS": Setting(words=("auto", "plain", "tty", "quiet", "rawjson")),
    "BUILDKIT_TTY_LOG_LINES": Setting(number=True),
    "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY": Setting(),
    "SOURCE_DATE_EPOCH": Setting(number=True),
    # docker/cli: cli/command, cmd/docker
    "DOCKER_API_VERSION": Setting(DOCKER),
    "DOCKER_BUILDKIT": Setting(DOCKER, booleans=True),
    "DOCKER_CLI_DISABLE_COMPLETION_DESCRIPTION": Setting(DOCKER, since=(28, 0)),
    "DOCKER_CLI_EXPERIMENTAL": Setting(DOCKER, obsolete="docker has no such setting since 20.10"),
    "DOCKER_CLI_HINTS": Setting(DOCKER, since=(24, 0, 6), booleans=True),
    "DOCKER_CLI_HOOKS": Setting(DOCKER, since=(26, 1), booleans=True),
    "DOCKER_CONTENT_TRUST": Setting(DOCKER, booleans=True),
    "DOCKER_CUSTOM_HEADERS": Setting(DOCKER, since=(27, 1)),
    "DOCKER_DEFAULT_PLATFORM": Setting(DOCKER),
    "DOCKER_HIDE_LEGACY_COMMANDS": Setting(DOCKER),
}


def as_text(name: str, value: object) -> t.Optional[str]:
    """*value* as the program that reads *name* expects it; None if there is no unambiguous text for it."""
    if isinstance(value, bool):
        known = SETTINGS.get(name)
        return str(int(value)) if known is not None and known.booleans else None
    return str(value) if isinstance(value, (str, int)) else None


def of_client(environment: t.Mapping[str, object]) -> t.Dict[str, str]:
    """The part of *environment* that the client itself reads, as text."""
    texts = {name: as_text(name, value) for name, value in environment.items() if name in SETTINGS}
    return {name: text for name, text in texts.items() if text is not None}


def is_set(environment: t.Mapping[str, str], name: str) -> bool:
    """Whether *environment* sets the flag *name*."""
    return environment.get(name) in _TRUE


def programs_to_ask(environment: t.Iterable[str]) -> t.FrozenSet[str]:
    """The programs whose versions decide whether one of the variables has an effect."""
    known = (SETTINGS[name] for name in environment if name in SETTINGS)
    return frozenset(each.program for each in known if each.since)


def without_effect(environment: t.Iterable[str], versions: t.Mapping[str, t.Optional[str]]) -> t.Tuple[str, ...]:
    """Messages about variables that the programs of these *versions* ({program: version, None if unknown}) ignore."""
    found = []
    for name in environment:
        known = SETTINGS.get(name)
        shown = versions.get(known.program) if known else None
        version = version_of(shown or "")
        if known and () != version < known.since:
            came = f"{known.program} {shown} does not support it (requires {text_of(known.since)})"
            found.append(f"builder_environment.{name} has no effect here: {came}")
    return tuple(found)
