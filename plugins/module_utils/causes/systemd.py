# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd reports about units that do not start: `systemctl show`, the journal, `systemctl` itself. Pure."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import lines_of

PROPERTIES = (
    *("Id", "LoadState", "ActiveState", "Result", "InvocationID", "FragmentPath", "DropInPaths"),
    *("Requires", "EnvironmentFiles", "ExecStartPre"),
)
# systemd/systemd, src/systemd/sd-messages.h: logged at every start and end, without a reason.
_GENERIC = (
    "7d4958e842da4a758f6c1cdc7b36dcc5",  # starting
    "de5b426a63be47a7b6ac3eaac82e2f6f",  # stopping
    "9d1aaa27d60140bd96365438aad20286",  # stopped
    "7ad2d189f7e94e70a38c781354912448",  # exited successfully
    "d9b373ed55a64feb8242e02dbe79a49c",  # failed with result …
    "be02cf6855d2428ba40df7e9d022f03d",  # its job failed
    "5eb03494b6584870a536b337290809b3",  # is to be restarted
    "ae8f7b866b0347b9af31fe1c80b127c0",  # resources consumed
)
_PROCESS_ENDED = "98e322203f7a4ed290d09fe03c09fe15"
_SKIPPED = re.compile(r"((?<=skipped, )unmet condition check .*|Condition check resulted in .* being skipped)")
_ENVIRONMENT_FILE = re.compile(r"(\S+) \(ignore_errors=(yes|no)\)")
_BEFORE = re.compile(r"argv\[\]=(.*) ; ignore_errors=no ; .*code=(?:exited|killed|dumped) ; status=([^0/ ]\S*)")
_NAMED = re.compile(r"Unit (\S+?) (is masked|not found|has a bad unit file setting)")
_ADVICE = re.compile(r"^(?:See |Job (?:for .*|)failed|Run 'systemctl daemon-reload'|Warning: The unit file)")
_NOTICE, _INFORMATION = 5, 6  # of syslog(3)


@dataclass(frozen=True)
class Unit:
    """A unit as in `systemctl show`: *files* are its own and its drop-ins, later ones override earlier ones.

    *environment* are its environment files, True if it starts without them; *before* is (command, status) of a failed
    ExecStartPre=. *invocation* is systemd's id of its last start.
    """

    name: str
    load: str = ""
    active: str = ""
    result: str = ""
    invocation: str = ""
    files: t.Tuple[str, ...] = ()
    requires: t.Tuple[str, ...] = ()
    environment: t.Tuple[t.Tuple[str, bool], ...] = ()
    before: t.Optional[t.Tuple[str, str]] = None

    @property
    def environment_files(self) -> t.Tuple[str, ...]:
        """Their paths."""
        return tuple(path for path, _optional in self.environment)

    @property
    def unusable(self) -> str:
        """Why systemd does not try to start it; empty if it does."""
        words: t.Dict[str, str] = {
            "masked": f"{self.name} is masked",
            "not-found": f"{self.name} does not exist",
            "bad-setting": f"{self.name} has a setting that systemd refuses",
            "error": f"the file of {self.name} cannot be read",
        }
        return words.get(self.load, "")


@dataclass(frozen=True)
class Entry:
    """A line of the journal: *own* ones are from the unit's program, others from systemd about the unit.

    *priority* is that of syslog(3): 3 is an error, 6 information.
    """

    unit: str
    text: str
    own: bool
    invocation: str = ""
    priority: int = _INFORMATION
    kind: str = ""


def units(shown: str) -> t.Dict[str, Unit]:
    """{name: unit} from the output of `systemctl show --property=…` for several units, see PROPERTIES."""
    found = {}
    for block in re.split(r"\n\s*\n", shown):
        fields: t.Dict[str, t.List[str]] = {}
        for line in block.splitlines():
            name, _equals, value = line.partition("=")
            fields.setdefault(name, []).append(value)
        if "Id" in fields:
            unit = _unit(fields)
            found[unit.name] = unit
    return found


def _unit(fields: t.Mapping[str, t.Sequence[str]]) -> Unit:
    def one(name: str) -> str:
        return " ".join(fields.get(name, ()))

    before = next(filter(None, map(_BEFORE.search, fields.get("ExecStartPre", ()))), None)
    return Unit(
        name=one("Id"),
        load=one("LoadState"),
        active=one("ActiveState"),
        result=one("Result"),
        invocation=one("InvocationID"),
        files=tuple(filter(None, (one("FragmentPath"), *one("DropInPaths").split()))),
        requires=tuple(one("Requires").split()),
        environment=tuple((path, how == "yes") for path, how in _ENVIRONMENT_FILE.findall(one("EnvironmentFiles"))),
        before=(before.group(1), before.group(2)) if before else None,
    )


def entries(journal: str, without: t.Container[str] = ()) -> t.Tuple[Entry, ...]:
    """The lines in the output of `journalctl --output=json`, except those of programs of the starts *without*."""
    found = []
    for line in journal.splitlines():
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        entry = _entry(fields) if isinstance(fields, dict) else None
        if entry is not None and not (entry.own and entry.invocation in without):
            found.append(entry)
    return tuple(found)


def _entry(fields: t.Mapping[str, t.Any]) -> t.Optional[Entry]:
    message = fields.get("MESSAGE")
    if isinstance(message, list):  # of bytes, if it is not text
        message = bytes(message).decode("utf-8", "replace")
    about = str(fields.get("UNIT") or "")
    unit = about or str(fields.get("_SYSTEMD_UNIT") or "")
    if not isinstance(message, str) or not unit:
        return None
    invocation = str(fields.get("INVOCATION_ID") or fields.get("_SYSTEMD_INVOCATION_ID") or "")
    level = str(fields.get("PRIORITY") or "")
    priority = int(level) if level.isdigit() else _INFORMATION
    by_systemd = bool(about) or str(fields.get("SYSLOG_IDENTIFIER") or "").startswith("(")  # before the program runs
    return Entry(unit, message, not by_systemd, invocation, priority, str(fields.get("MESSAGE_ID") or ""))


def own_lines(found: t.Sequence[Entry], unit: str) -> t.List[str]:
    """What the program of *unit* printed in its last start."""
    own = [each for each in found if each.unit == unit and each.own]
    return [each.text for each in own if each.invocation == own[-1].invocation]


def of_unit(journal: t.Sequence[Entry], unit: str) -> str:
    """systemd's reason why *unit* did not start; empty if it gives none."""
    about = [each for each in journal if each.unit == unit and not each.own and each.kind not in _GENERIC]
    skipped = [found.group(1) for found in (_SKIPPED.search(each.text) for each in about) if found]
    if skipped:
        return str(skipped[-1])
    ended = [each for each in about if each.kind == _PROCESS_ENDED]
    told = [each for each in about if each.priority <= _NOTICE and each not in ended and "ignoring" not in each.text]
    worst = min((each.priority for each in told), default=_INFORMATION)
    lines = [each.text for each in told if each.priority == worst] or [each.text for each in ended[-1:]]
    prefix = f"{unit}: "
    return lines[0][len(prefix) :] if lines and lines[0].startswith(prefix) else "".join(lines[:1])


def named(systemctl: str) -> t.Optional[t.Tuple[str, str]]:
    """(unit, what is wrong with it) if systemctl says so."""
    found = _NAMED.search(systemctl)
    return (found.group(1), found.group(2)) if found else None


def of_systemctl(said: str) -> str:
    """Why systemctl failed, without its advice to look elsewhere."""
    lines = [each.strip() for each in lines_of(said)]
    own = [each for each in lines if not _ADVICE.match(each)]
    return (own or lines or [""])[0]


def of_verification(said: str, unit: str) -> str:
    """What `systemd-analyze verify` rejects in *unit*; empty if nothing."""
    prefix = f"{unit}: "
    found = [line[len(prefix) :] for line in lines_of(said) if line.startswith(prefix)]
    return found[0] if found else ""
