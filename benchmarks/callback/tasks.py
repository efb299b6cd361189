"""A callback of Ansible: what each task took, of time and of a lab host's processors. One line of JSON a task."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Needs TASKS_FILE to write to, and TASKS_CPU, a cpu.stat of the kernel's cgroups."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "tasks"

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self._begin = (0.0, 0.0)

    def _now(self) -> tuple[float, float]:
        usage = Path(os.environ["TASKS_CPU"]).read_text().split()[1]  # its first line is usage_usec NUMBER
        return time.monotonic(), int(usage) / 1e6

    def _end(self) -> None:
        now = self._now()
        if self._name:
            spent = {"task": self._name, "wall": now[0] - self._begin[0], "host": now[1] - self._begin[1]}
            with Path(os.environ["TASKS_FILE"]).open("a") as file:
                file.write(json.dumps(spent) + "\n")
        self._begin = now

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool = False) -> None:  # noqa: ARG002
        """The task before ends where this one begins."""
        self._end()
        self._name = task.get_name().rpartition(" : ")[2]

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002
        """The last task ends."""
        self._end()
