# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the guard on a host: its program, and the units that start it. Pure."""

from __future__ import annotations

import typing as t

PROGRAM = "/usr/local/sbin/multiarch-builders-guard"
PYTHON = "/usr/bin/python3"
TIMER, SERVICE = "multiarch-builders-guard.timer", "multiarch-builders-guard.service"
RUN = "/run/multiarch-builders-guard"
"""What the guard keeps until a reboot."""
_UNITS = "/etc/systemd/system"

# Two runs are less than a minute apart, so that a handler is back in less than that.
_TIMER = """\
[Unit]
Description=Looks after the builders of this host (multiarch.builders)

[Timer]
OnActiveSec=5s
OnUnitInactiveSec=45s
AccuracySec=5s

[Install]
WantedBy=timers.target
"""

# systemd.exec(5). CAP_SETUID and CAP_SETGID are for users' files, which are read and removed with their rights,
# CAP_DAC_OVERRIDE for the folder of node-exporter. Not ProtectProc=, which would hide dockerd's process.
_SERVICE = """\
[Unit]
Description=Looks after the builders of this host (multiarch.builders)

[Service]
Type=oneshot
ExecStart={python} -ISB {program}
TimeoutStartSec=10min
Nice=10
LogLevelMax=notice
UMask=0022
RuntimeDirectory={run}
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
ProtectSystem=strict
ReadWritePaths=/run /var/lib/multiarch-builders -/proc/sys/fs/binfmt_misc{folders}
ProtectHome=read-only
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_SETUID CAP_SETGID
"""


def units(metrics: str, stores: t.Iterable[str] = ()) -> t.Dict[str, str]:
    """The units' texts by path.

    *metrics* is the file that the guard writes, "" for none, *stores* are the folders of users from which it removes
    what builders left.
    """
    written = (*((metrics.rpartition("/")[0],) if metrics else ()), *stores)
    folders = "".join(f" -{each}" for each in written)
    run = RUN.rpartition("/")[2]
    service = _SERVICE.format(python=PYTHON, program=PROGRAM, run=run, folders=folders)
    return {f"{_UNITS}/{TIMER}": _TIMER, f"{_UNITS}/{SERVICE}": service}


PATHS = (*units(""), PROGRAM)
