# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flags of dockerd in docker.service: an option that is both flag and key prevents its start. Pure.

They also name the file that it reads: if that is not daemon.json, the latter has no effect (moby/moby,
cmd/dockerd/docker.go, `config-file`).

Taken from `systemctl show --property=ExecStart,Environment,EnvironmentFiles`, drop-ins included; variables are expanded
as in systemd.service(5): `$NAME` to words, `${NAME}` to one word.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.docker.process import option
from ansible_collections.multiarch.builders.plugins.module_utils.host.units import Unit

_FILE = re.compile(r"(\S+) \(ignore_errors=(?:yes|no)\)")
_CONFIG_FILE = "--config-file"
_OWN = (_CONFIG_FILE, "--validate")


def environment_files(shown: str) -> t.Tuple[str, ...]:
    """The paths of the unit's EnvironmentFile= lines, in their order."""
    prefix = "EnvironmentFiles="
    lines = [line[len(prefix) :] for line in shown.splitlines() if line.startswith(prefix)]
    return tuple(path for line in lines for path in _FILE.findall(line))


def assignments(text: str) -> t.Dict[str, str]:
    """{name: value} of an environment file."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";")):
            found[name] = " ".join(_words(value)) if value[:1] in ("'", '"') else value
    return found


def flags(shown: str, files: t.Mapping[str, str]) -> t.Tuple[str, ...]:
    """dockerd's flags; *files* are {path: text} of the environment files that exist."""
    return _without_own(_arguments(shown, files))


def program(shown: str) -> str:
    """The name of the program that the unit starts, "" if unknown."""
    found = re.search(r"argv\[\]=(\S+)", shown)
    return found.group(1).rpartition("/")[2] if found else ""


def config_file(arguments: t.Sequence[str]) -> t.Optional[str]:
    """The configuration file of dockerd with these *arguments*, the last one; None for its default."""
    return option(arguments, _CONFIG_FILE)


def elsewhere(
    unit: Unit, files: t.Mapping[str, str], daemon_json: str, real: t.Callable[[str], str]
) -> t.Optional[str]:
    """Why dockerd will not read *daemon_json*, with the remedy; None if it will. *real* resolves links."""
    found = config_file(_arguments(unit.shown, files))
    if found is None or real(found) == real(daemon_json):
        return None
    where = ", ".join(path for path, text in files.items() if _CONFIG_FILE in text) or unit.sources
    return (
        f"{unit.name} starts dockerd with {_CONFIG_FILE} {found} ({where}), so dockerd reads no "
        f"{daemon_json}: move its content to {daemon_json} and remove the flag, or make {found} a link to it"
    )


def _arguments(shown: str, files: t.Mapping[str, str]) -> t.List[str]:
    variables: t.Dict[str, str] = {}
    for line in shown.splitlines():
        if line.startswith("Environment="):
            for word in _words(line[len("Environment=") :]):
                name, _equals, value = word.partition("=")
                variables[name] = value
    for path in environment_files(shown):
        variables.update(assignments(files.get(path, "")))
    found = re.search(r"argv\[\]=(.*?) ; ", shown)
    return _replaced(_words(found.group(1))[1:] if found else [], variables)


def _replaced(words: t.Sequence[str], variables: t.Mapping[str, str]) -> t.List[str]:
    result: t.List[str] = []
    for word in words:
        alone = re.fullmatch(r"\$(\w+)", word)
        if alone:
            result += _words(variables.get(alone.group(1), ""))
        else:
            result.append(re.sub(r"\$\{(\w+)\}", lambda match: variables.get(match.group(1), ""), word))
    return result


def _without_own(words: t.Sequence[str]) -> t.Tuple[str, ...]:
    """Without the flags that the validation sets itself."""
    result: t.List[str] = []
    skip = False
    for word in words:
        if not skip and word.partition("=")[0] not in _OWN:
            result.append(word)
        skip = word == _CONFIG_FILE
    return tuple(result)


def _words(text: str) -> t.List[str]:
    try:
        return shlex.split(text)
    except ValueError:  # an unbalanced quote: used literally
        return text.split()
