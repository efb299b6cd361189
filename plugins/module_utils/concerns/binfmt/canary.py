# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real programs under a new emulator, before any handler names it: the canary.

They start others, which the kernel would give to the handler that is there. So the programs of the canary, and no
others, are marked in a part of their header that nothing reads, and the new emulator is registered for that mark while
they run. This works with every kernel; a registry of one's own, in a user namespace, needs Linux 6.7.
"""

from __future__ import annotations

import contextlib
import pathlib
import signal
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.causes.lines import told
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt import kernel
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.canary_image import (
    Login,
    NoPlatformError,
    Open,
    archived,
    pulled,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.execution import (
    BrokenError,
    platform_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import ElfFormat, registration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.gate import Canary
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.root_tree import marked, unpack
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import NoProgramError, Outcome, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.temp_dirs import scratch
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError

HANDLER = f"{kernel.MOMENTARY}canary"
"""The handler that exists while a canary runs."""

# What every image with a shell has, and more where it has more: a child process, a signal handler; glibc's ldconfig,
# which emulators were broken for; GNU sort, which sorts that many lines in two threads. Each says its name first.
SCRIPT = r"""
set -eu
step() { echo "canary: $1" >&2; }
step 'a child process'
/bin/sh -c 'exit 0'
step 'a signal handler'
caught=
trap 'caught=yes' USR1
/bin/sh -c "kill -USR1 $$"
[ "$caught" = yes ]
glibc=
for each in /lib*/libc.so.6 /lib*/*/libc.so.6; do [ ! -e "$each" ] || glibc=yes; done
if [ "$glibc" ] && [ -x /sbin/ldconfig ]; then
    step ldconfig
    /sbin/ldconfig -X -C "$TMPDIR/ld.so.cache"
    /sbin/ldconfig -p -C "$TMPDIR/ld.so.cache" >/dev/null
fi
step sort
version=$(sort --version 2>/dev/null) || [ "$?" -lt 128 ]
case $version in
*GNU*)
    step 'sort, in two threads'
    seq 150000 | sort --parallel=2 --buffer-size=16M --reverse >"$TMPDIR/sorted"
    read -r first <"$TMPDIR/sorted"
    [ "$first" = 99999 ]
    ;;
esac
"""
_NOT_SET_UP = 125
# In namespaces of its own, of mounts, processes and network: the shell is process 1 there, so all of them end with it.
# As nobody in the end, for these are somebody else's programs; `timeout` is for a run that was killed meanwhile.
_ENTER = f"""
root=$1 seconds=$2
shift 2
for each in null zero full random urandom; do
    : >"$root/dev/$each" && mount --bind "/dev/$each" "$root/dev/$each" || exit {_NOT_SET_UP}
done
mount -t proc proc "$root/proc" || exit {_NOT_SET_UP}
ulimit -c 0
timeout --signal=KILL "$seconds" chroot --userspec=+65534:+65534 --groups= "$root" "$@"
exit $?
"""
_NAMESPACES = ("unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child")


@contextlib.contextmanager
def opened(canary: Canary, docker: Docker, login: Login) -> t.Iterator[Open]:
    """The canary's programs, by platform."""
    if canary.archive:
        archive = canary.archive
        yield lambda platform: archived(archive, platform)
    else:
        with pulled(canary.image or "", docker, login) as found:
            yield found


def prove(canary: Canary, programs: Open, emulator: str, fmt: ElfFormat, flags: str) -> None:
    """Run the canary under *emulator*. Raises BrokenError if it fails, HostError if it cannot be tried."""
    platform = platform_of(fmt)
    with programs(platform) as layers, scratch(programs=True) as folder:
        root = folder / "root"
        root.mkdir()
        root.chmod(0o755)
        if not unpack(layers, root, fmt):
            raise NoPlatformError(f"{platform}: builder_binfmt_canary {canary.origin} has no program of that platform")
        what = f"{platform}: {canary.name}, run under the new {fmt.binary},"
        with kernel.registered(registration(marked(fmt, HANDLER), emulator, flags), HANDLER):
            outcome = _run(root, canary, what)
    if outcome.status == _NOT_SET_UP:
        raise HostError("the canary cannot be set up on this host", outcome.cause, said=outcome.said)
    if outcome.status != 0:
        raise BrokenError(f"{what} {_ended(outcome.status)}", said=told(f"{platform} said", outcome.stderr))


def _run(root: pathlib.Path, canary: Canary, what: str) -> Outcome:
    command = canary.command or ("/bin/sh", "-c", SCRIPT)
    argv = [*_NAMESPACES, "sh", "-c", _ENTER, "canary", str(root), str(canary.timeout + 10), *command]
    try:
        return run(argv, env={"HOME": "/tmp", "TMPDIR": "/tmp"}, timeout=canary.timeout)
    except NoProgramError:
        raise
    except HostError as exc:
        raise BrokenError(f"{what} did not finish within {canary.timeout} s") from exc


def _ended(status: int) -> str:
    """How a program ended, by its exit status in a shell."""
    if status > 128:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(status - 128).name}"
    return f"exited with status {status}"
