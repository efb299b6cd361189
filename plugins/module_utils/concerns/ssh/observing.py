# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sshd lets in on this host, and what is in the files of those who log in."""

from __future__ import annotations

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh import plan, sshd
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.exchange import AUTHORIZED
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.record import SshRecord
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.ssh.state import Login, SshState, SshWanted
from ansible_collections.multiarch.builders.plugins.module_utils.host import look, watch
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import NoProgramError, run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import ANY, read
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user, owner_of, user_entry


def observe(wanted: SshWanted, known: SshRecord) -> SshState:
    """The state of what is recorded (*known*) or wanted."""
    if plan.unsure(wanted, known.clients):
        watch.spoil("whether other hosts still use this one was not known")
    logins = sorted({each.login for each in (*known.clients, *wanted.clients)})
    return SshState(
        clients=known.clients,
        logins={login: _login(login) for login in logins},
        main=read(sshd.MAIN, errors="replace") or "",
        drop_in=read(sshd.DROP_IN, errors="replace"),
        ours=sshd.DROP_IN in known.files,
        unread=known.reload,
    )


def _login(login: str) -> Login:
    if not is_user(login):
        return Login(None)
    home = user_entry(login).pw_dir
    if not look.is_folder(home):
        return Login(None)
    text = read(f"{home}/{AUTHORIZED}", owner_of(login), errors=ANY)
    return Login(home, text, _settings(login))


def _settings(login: str) -> sshd.Settings:
    """sshd's own answer for a user, empty where it gives none."""
    try:
        shown = run(["sshd", "-T", "-C", f"user={login},host=localhost,addr=127.0.0.1"])
    except NoProgramError:
        return {}
    return sshd.parsed(shown.stdout) if shown.status == 0 else {}
