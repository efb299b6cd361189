"""A connection to a host that is not there: it takes what it is sent, waits, and gives a recorded answer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: memory
short_description: Recorded answers in place of hosts
description: For benchmarks of the controller alone. Every command gets the same answer.
options:
  answer:
    description: File with what a module wrote to its standard output on a real host.
    type: path
    required: true
    vars: [{name: memory_answer}]
  answers_after:  # a keyword of tasks would take the place of one of its name
    description: Seconds until the answer comes.
    type: float
    default: 0
    vars: [{name: memory_answers_after}]
extends_documentation_fragment: [connection_pipelining]
"""


class Connection(ConnectionBase):  # type: ignore[misc]  # Ansible has no types
    """What Ansible asks of a connection, as far as a pipelined module needs it."""

    transport = "memory"
    has_pipelining = True

    def _connect(self) -> Connection:
        self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """The recorded answer of a module; everything else is told to be impossible."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        if in_data is None:
            raise AnsibleConnectionFailure(f"Only pipelined modules have an answer, not {cmd!r}.")
        time.sleep(self.get_option("answers_after"))
        return 0, Path(self.get_option("answer")).read_bytes(), b""

    def put_file(self, in_path: str, out_path: str) -> Any:  # noqa: ARG002
        """Never: modules come through the pipe."""
        raise AnsibleConnectionFailure(f"{in_path} has nowhere to go.")

    def fetch_file(self, in_path: str, out_path: str) -> Any:  # noqa: ARG002
        """Never: there is no file."""
        raise AnsibleConnectionFailure(f"There is no {in_path}.")

    def close(self) -> None:
        """Nothing is open."""
        self._connected = False
