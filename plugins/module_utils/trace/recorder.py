# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what a full plan observes, and keeps it as a trace if the plan found nothing to do.

A verifying trace (Mokhov, Mitchell, Peyton Jones: "Build systems a la carte", 2018): the result of a pure function
is valid as long as everything that it has read is unchanged. observe() reads, plan() is pure.
"""

from __future__ import annotations

import json
import time
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.files import make_folders, remove, write
from ansible_collections.multiarch.builders.plugins.module_utils.host.place import at
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import me
from ansible_collections.multiarch.builders.plugins.module_utils.host.watch import Watcher
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import RemoveFile, WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.trace import replay
from ansible_collections.multiarch.builders.plugins.module_utils.trace.answer import tracked

# For kinds whose answer must be converted to the plain data of trace/replay.py.
_PLAIN: t.Dict[str, t.Callable[[t.Any], t.Any]] = {
    "state": replay.state_of,
    "rights": replay.rights_of,
    "groups": lambda found: tuple(sorted(found)),
    "group": lambda found: found and found.gr_name,
    "users": lambda found: tuple(map(tuple, found)),
    **dict.fromkeys(("user", "process"), lambda found: found and tuple(found)),
}


class Recorder(Watcher):
    """The looks of a plan, each with the digest of its answer; *why* says why they cannot be a trace, if so."""

    def __init__(self) -> None:
        self.why = ""
        self._me = me()
        self._looks: t.Dict[str, t.List[t.Any]] = {}
        self._answers: t.Dict[t.Tuple[str, str], t.List[t.Any]] = {}
        self._used: t.Dict[t.Tuple[str, str], t.Dict[str, t.Any]] = {}

    def saw(self, kind: str, arguments: t.Tuple[t.Any, ...], answer: t.Any) -> None:
        acting = me()
        rights = [] if acting == self._me else ["acting", acting.uid, acting.gid]
        look = [*rights, kind, *arguments, replay.digest(_PLAIN.get(kind, lambda found: found)(answer))]
        known = self._looks.setdefault(json.dumps(look[:-1]), look)
        if known != look:
            self.spoil(f"{kind} {arguments[0] if arguments else ''} changed meanwhile")

    def answered(self, path: str, question: str, value: t.Any) -> t.Any:
        if isinstance(value, bytes) or value is None:
            used: t.Any = "bytes" if value is not None else {}
            self.saw("docker", (path, question, used), value)
            return value
        self._answers.setdefault((path, question), []).append(value)
        return tracked(value, self._used.setdefault((path, question), {}))

    def spoil(self, why: str) -> None:
        self.why = self.why or why

    def looks(self) -> t.List[t.List[t.Any]]:
        """All looks, in the form of a trace."""
        for (path, question), values in self._answers.items():
            used = self._used[path, question]
            for value in values:
                self.saw("docker", (path, question, used), replay.reduced(value, used))
        self._answers.clear()
        return list(self._looks.values())


def keep(recorder: Recorder, key: str, result: t.Mapping[str, t.Any]) -> str:
    """Keep the trace of a full plan with this *result*, replacing a former one.

    Returns why it is not kept, "" if it is.
    """
    try:
        forget()  # with its directory, which may be a foreign link
        looks = recorder.looks()
        why = recorder.why or replay.difference(looks)
        if why:
            return why
        make_folders(at(replay.PATH).parent, 0o700)
        trace = {"format": replay.FORMAT, "key": key, "time": time.time(), "looks": looks, "result": result}
        write(WriteFile(replay.PATH, json.dumps(trace), mode=0o600))
    except (HostError, OSError) as exc:  # only time is lost
        return str(exc)
    return ""


def forget() -> None:
    """Remove the trace, and its directory. Raises HostError."""
    if at(replay.PATH).parent.exists():
        remove(RemoveFile(replay.PATH, folder=True))
