# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of a builder, replaced in place: in the running container, and in its users' stores.

BuildKit reads them at every connection (moby/buildkit, util/resolver/resolver.go), so that no restart is needed.
"""

from __future__ import annotations

import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.buildx import store
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.host.command import run
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import back_up, read, write
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import owner_of
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Instance
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile

_FOLDER = "/etc/buildkit"
_NEW = ".new"


def replace_in_container(docker: Docker, container: str, certificates: t.Mapping[str, str]) -> None:
    """Put *certificates*, {"REGISTRY/FILE": PEM}, into the container.

    Each is replaced atomically, so that no connection reads half a file.
    """
    files = {store.CERTIFICATES + name: pem.encode() for name, pem in certificates.items()}
    docker.put_files(container, _FOLDER, {name + _NEW: content for name, content in files.items()})
    for name, content in files.items():
        move = ["exec", container, "mv", "-f", f"{_FOLDER}/{name}{_NEW}", f"{_FOLDER}/{name}"]
        moved = run([*docker.argv, *move], user=docker.user)
        if moved.status != 0:  # it does not run, so nothing reads them, or it has no mv: then not atomically
            docker.put_files(container, _FOLDER, {name: content})


def replace_in_store(user: str, wanted: Instance) -> None:
    """Put the certificates into the user's entry, or the next creation would restore the former ones."""
    path, owner = store.entry_path(user, wanted.name), owner_of(user)
    text = read(path, owner)
    if text is None:
        raise HostError(f"{path} disappeared during the run: run again")
    back_up(path, owner)
    files = {store.CERTIFICATES + name: pem.encode() for name, pem in wanted.certificates.items()}
    write(WriteFile(path, store.with_certificates(text, files), mode=0o600, owner=owner))
