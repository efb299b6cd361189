# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host is not reached, of what ssh, docker and Ansible said."""

from __future__ import annotations

import pytest
from ansible_collections.multiarch.builders.plugins.module_utils.causes.ssh import of_ssh, reason
from ansible_collections.multiarch.builders.tests.unit.plugins.module_utils.causes.recorded import cases

WARNING = (
    "** WARNING: connection is not using a post-quantum key exchange algorithm.\n"
    '** This session may be vulnerable to "store now, decrypt later" attacks.\n'
)


@pytest.mark.parametrize(("said", "cause"), cases("ssh.txt"))
def test_of_ssh(said: str, cause: str) -> None:
    assert of_ssh(said) == cause
    assert reason(cause) is not None


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        pytest.param(
            f"Task failed: Failed to connect to the host via ssh: {WARNING}Welcome!\n"
            "ssh: connect to host a port 22: No route to host",
            "ssh: connect to host a port 22: No route to host",
            id="Ansible, below a warning and a banner",
        ),
        pytest.param(
            'failed to open the raw stream connection: exec: "ssh": executable file not found in $PATH',
            'failed to open the raw stream connection: exec: "ssh": executable file not found in $PATH',
            id="no ssh here",
        ),
        pytest.param("Welcome!\nsomething new", "something new", id="what is not known: the last line"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_other_words(said: str, cause: str) -> None:
    assert of_ssh(said) == cause
