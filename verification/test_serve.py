# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A served builder is there for its clients, if it is configured: by systemd's view, and what answers at the port."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.serve.installed import SERVICE, STARTED
from ansible_collections.multiarch.builders.verification.looking import (
    PROVISION,
    Asked,
    CheckFailedError,
    journal,
    output,
    shown_units,
)
from testinfra.host import Host

# Without a certificate, so that all it may learn is that it is refused: 116 is certificate_required (RFC 8446).
_STRANGER = """
import socket, ssl
context = ssl._create_unverified_context()
address = ("{address}", {port})
try:
    with context.wrap_socket(socket.create_connection(address, 10)) as client:
        print(client.version(), "let in" if client.recv(1) else "ended")
except ssl.SSLError as exc:
    print("refused" if "CERTIFICATE_REQUIRED" in str(exc).upper().replace(" ", "_") else exc)
except OSError as exc:
    print(exc)
"""
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def test_served_builder_answers(host: Host, asked: Asked) -> None:
    """All units run and start at boot, and who has no certificate is refused at the port."""
    if not asked.serve:
        pytest.skip("no builder is served")
    shown, units = shown_units(host, STARTED, ["ActiveState", "UnitFileState"])
    states = dict(zip(STARTED, units, strict=True))
    wrong = [f"{name} does not run" for name, each in states.items() if each.get("ActiveState") != "active"]
    wrong += [
        f"{name} does not start at boot" for name, each in states.items() if each.get("UnitFileState") != "enabled"
    ]
    evidence = [output(shown)]
    if not wrong:
        address, port = asked.serve[0], int(asked.serve[1])
        program = _STRANGER.format(address=_LOOPBACK.get(address, address), port=port)
        answer = host.run("python3 -c %s", program)
        if answer.stdout.strip() != "refused":
            wrong.append(f"a client without a certificate is not refused at port {port}: {answer.stdout.strip()}")
            evidence.append(output(answer))
    if wrong:
        raise CheckFailedError("; ".join(wrong), *evidence, journal(host, SERVICE), remedy=PROVISION)
