# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make dockerd apply a daemon.json: by a reload if that works, else by a restart, with rollback on failure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon import configuration
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.free_space import shortage
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.daemon.reload import shortfall
from ansible_collections.multiarch.builders.plugins.module_utils.docker import service
from ansible_collections.multiarch.builders.plugins.module_utils.docker.containerd import of_dockerd
from ansible_collections.multiarch.builders.plugins.module_utils.docker.engine_api import Docker
from ansible_collections.multiarch.builders.plugins.module_utils.docker.workload import Work, at_restart, drain
from ansible_collections.multiarch.builders.plugins.module_utils.host.files import mode_of, read, write
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Disruption
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document, render
from ansible_collections.multiarch.builders.plugins.module_utils.model.paths import DAEMON_JSON
from ansible_collections.multiarch.builders.plugins.module_utils.model.resource import Effect
from ansible_collections.multiarch.builders.plugins.module_utils.model.steps import WriteFile
from ansible_collections.multiarch.builders.plugins.module_utils.state import data_moves, restart_due, rollback


@dataclass(frozen=True)
class BringUp:
    """One host's dockerd, and the disruption that running work may suffer."""

    docker: Docker
    disruption: Disruption

    def wait(self, document: Document, hides: bool, *folders: str) -> None:
        """Return once a restart with *document* is allowed. Raises HostError with the work that still runs.

        Or with missing disk space (dockerd's, its containerd's or in *folders*): before waiting, and again after it, as
        builds use space. *hides*: the next dockerd sees none of the current containers.
        """
        self._require_room(*folders)
        drain(lambda: self.work(document, hides=hides), self.disruption, "a restart of docker")
        self._require_room(*folders)

    def _require_room(self, *folders: str) -> None:
        lacks = None
        if self.docker.answers():
            info = self.docker.get("/info")
            containerd = of_dockerd(info, {})
            lacks = shortage(info["DockerRootDir"], *([containerd.root] if containerd else []), *folders)
        if lacks:
            raise HostError(
                f"{lacks}: docker was not restarted, as it would lose track of the running containers. "
                "Free space (see `docker system df`), and run again"
            )

    def reload(self, document: Document) -> None:
        """The exit status proves nothing for a reload: `docker info` has to show it; else a restart, if allowed."""
        service.reload()
        words = service.until(lambda: self._shortfall(document))
        if words is None:
            restart_due.forget(Effect.CONFIGURATION_RELOADS)
            return
        restart_due.note(Effect.CONFIGURATION_CHANGES)
        if self.docker.answers() and self.disruption.mode == "never":
            raise HostError(
                f"docker did not apply daemon.json by a reload: {words}. It must restart, but "
                "builder_disruption: never forbids"
            )
        self.wait(document, hides=False)
        self.restart(document, hides=False)

    def restart(self, document: Document, *, hides: bool) -> None:
        """Start dockerd with *document*. Raises HostError after restoring the former file."""
        if hides:
            self.let_go(document)
        why = service.restart(self.docker)
        words = service.until(lambda: self._shortfall(document)) if why is None else None
        if why is None and words is None:
            return
        cause, remedy, said = (why.cause, why.remedy, why.said) if why else (words or "", "", "")
        if not rollback.is_open() and not data_moves.is_open():
            raise HostError("docker does not start, daemon.json was not changed", cause, remedy, said)
        from ansible_collections.multiarch.builders.plugins.module_utils.causes.docker_start import MEND_FILE

        self.put_back()
        again = service.restart(self.docker)
        if again is None:
            what = f"docker did not start, so the former {DAEMON_JSON} was restored, and docker runs again"
            raise HostError(what, cause, remedy or MEND_FILE, said)
        what = f"docker does not start, not even with the former {DAEMON_JSON}, which was restored"
        raise HostError(what, again.cause, again.remedy, again.said)

    def work(self, document: Document, *, hides: bool) -> Work:
        """What a restart with *document* would end: one that *hides* keeps no container, even with live-restore."""
        return at_restart(self.docker, keeps=document.get("live-restore") is True and not hides)

    def put_back(self) -> None:
        """Restore the files that docker and containerd ran with before; where their data is follows from these."""
        if rollback.is_open():
            configuration.put_back()
        data_moves.put_back()

    def let_go(self, document: Document) -> None:
        """With live-restore, containers would keep running unseen by a dockerd with another store.

        So a reload disables it before dockerd is stopped.
        """
        info = self.docker.get("/info") if self.docker.answers() else {}
        text = read(DAEMON_JSON)
        if not info.get("LiveRestoreEnabled") or text is None:
            return
        mode = mode_of(DAEMON_JSON)
        try:
            write(WriteFile(DAEMON_JSON, render({**document, "live-restore": False}, text), mode, keeps=True))
            service.reload()
            service.until(lambda: "on" if self.docker.get("/info").get("LiveRestoreEnabled") else None)
        finally:
            write(WriteFile(DAEMON_JSON, text, mode, keeps=True))

    def _shortfall(self, document: Document) -> t.Optional[str]:
        return shortfall(document, self.docker.get("/info")) if self.docker.answers() else "dockerd does not answer"
