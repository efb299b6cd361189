# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host cannot be reached by ssh, from the output of ssh, a docker client over it, or Ansible. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import lines_of


@dataclass(frozen=True)
class Reason:
    """What it means, and the remedy; `{user}`, `{scan}` and `{known}` stand for the user and the host's names.

    *managed* is the remedy where keys and known hosts are ours, of a node that is the `{host}` of the inventory.
    """

    pattern: str
    meaning: str
    remedy: str
    managed: str = ""


# The first match counts.
_REASONS = (
    Reason(
        r"context not found",
        "there is no docker context of that name",
        "add it to builder_contexts, or create it with `docker context create` as {user}",
    ),
    Reason(
        r"exec: \"ssh\": executable file not found",
        "this host has no ssh",
        "install openssh-client here",
    ),
    Reason(
        r"Host key for .* has changed",
        "its host key does not match the known one",
        "find out why; only if it was regenerated, remove the old one: `ssh-keygen -R '{known}'` as {user}",
        "find out what answers there: Ansible, which reached {host} in this run, saw another host key",
    ),
    Reason(
        r"Host key verification failed|No .* host key is known",
        "its host key is not known",
        "compare its fingerprint and add it: `ssh-keyscan -t ed25519 {scan} >> ~{user}/.ssh/known_hosts`",
        "run the playbook for this host and {host} together: its host keys are read over Ansible's connection",
    ),
    Reason(
        r"Permission denied \(|Too many authentication failures",
        "it does not accept a key of {user}",
        "create a key with `ssh-keygen` as {user} and add its public key to ~/.ssh/authorized_keys there",
        "run the playbook for this host and {host} together, which authorises the key there; notes of {host} say what"
        " else its sshd requires",
    ),
    Reason(
        r"(?i)permission denied while trying to connect to the docker|dial unix .*permission denied",
        "its user may not use Docker",
        "add the user to the group docker there",
    ),
    Reason(
        r"dial unix .*(no such file or directory|connection refused)",
        "its Docker does not run",
        "find out why there: `systemctl status docker`",
    ),
    Reason(
        r"command not found|docker: not found",
        "docker is not in the PATH of its user",
        "install the docker client there",
    ),
    Reason(
        r"kex_exchange_identification|Connection (closed|reset) by|MaxStartups|channel \d+: open failed",
        "its sshd drops connections",
        "raise MaxStartups and MaxSessions in its sshd_config: buildx opens several at once",
    ),
    Reason(
        r"Could not resolve hostname|no such host",
        "its name cannot be resolved",
        "fix DNS, or set ansible_host",
        "fix DNS, or set ansible_host of {host}; `ssh -G` shows whether ssh reads /etc/ssh/ssh_config.d",
    ),
    Reason(
        r"(?i)connection refused|timed out|i/o timeout|no route to host|network is unreachable",
        "it cannot be reached",
        "check that the host is up, and that no firewall blocks the connection",
    ),
)
# docker/cli (cli/connhelper/commandconn) puts its command, and advice, before ssh's message.
_WRAPPED = re.compile(r"^.* has exited with .*: stderr=", re.DOTALL)
_ANSIBLE = re.compile(r"^(?:Task failed: |Failed to connect to the host via ssh: )+")
_NOISE = re.compile(r"^(?:@|\*\* |debug\d: |Warning: Permanently added |It is also possible that)")


def reason(said: str) -> t.Optional[Reason]:
    """The meaning of the output *said*, None if unknown."""
    return next((each for each in _REASONS if re.search(each.pattern, said)), None)


def is_wrapped(said: str) -> bool:
    """Whether the docker client passes on ssh's message."""
    return _WRAPPED.search(said) is not None


def of_ssh(said: str) -> str:
    """The line with the reason; a banner comes before it."""
    lines = [each for each in lines_of(_ANSIBLE.sub("", _WRAPPED.sub("", said))) if not _NOISE.match(each)]
    known = reason("\n".join(lines))
    fitting = [each for each in lines if known and re.search(known.pattern, each)]
    return (fitting or lines or [""])[-1].strip()
