# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests what a registry accepts, by pushing a small example of each format into a repository, without a tag.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md (push, pushing manifests with subject, deleting)
"""

from __future__ import annotations

import json
import typing as t
import urllib.parse
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.proof import formats
from ansible_collections.multiarch.builders.plugins.module_utils.proof.formats import Content, Example
from ansible_collections.multiarch.builders.plugins.module_utils.registry.client import Answer
from ansible_collections.multiarch.builders.plugins.module_utils.registry.session import Session

INDEX, ARTIFACT, EMPTY, OLDER, ZSTD = "index", "artifact", "empty", "attestation", "zstd"
_LONGEST = 300  # characters of a registry's message


@dataclass(frozen=True)
class Capability:
    """Whether the registry accepts a *form* (INDEX, ARTIFACT, …), and its answer."""

    form: str
    taken: bool
    said: str


@dataclass
class Asking:
    """One repository, *name* at the registry of *session*."""

    session: Session
    name: str
    _pushed: t.List[Content] = field(default_factory=list)  # manifests that exist now
    _blobs: t.Set[str] = field(default_factory=set)

    def ask(self, suffix: str) -> t.Tuple[Capability, ...]:
        """What it accepts; *suffix* differs each time. Raises HostError if it does not even accept an image.

        Like BuildKit, this pushes the attestation before its subject, which is new: GitLab refuses that
        (moby/buildkit#7007).
        """
        image = formats.image(suffix)
        attestation = formats.artifact(image.manifest)
        found = [self._try(ARTIFACT, attestation)]
        answer = self._push(image)
        if not _is_taken(answer):
            raise HostError(f"it rejects even an image: {said(answer)}")
        inside: t.Optional[Content] = attestation.manifest
        if not found[0].taken:
            older = formats.older_attestation(image.manifest)
            found.append(self._try(EMPTY, formats.artifact(image.manifest, subject=False)))
            found.append(self._try(OLDER, older))
            inside = older.manifest if found[-1].taken else None
        index = Example(formats.index(image.manifest, inside))
        return (*found, self._try(INDEX, index), self._try(ZSTD, formats.image(suffix, zstd=True)))

    def clean_up(self) -> t.Tuple[str, ...]:
        """Delete the manifests: returns the answers to failed deletions. Blobs are left to its garbage collection.

        The empty config among them may be in use elsewhere.
        """
        kept = []
        for each in reversed(self._pushed):
            answer = self.session.ask("DELETE", self._manifest(each), f"repository:{self.name}:delete")
            if not _is_taken(answer) and answer.status != 404:
                kept.append(said(answer))
        return tuple(kept)

    def _try(self, form: str, example: Example) -> Capability:
        answer = self._push(example)
        return Capability(form, _is_taken(answer), said(answer))

    def _push(self, example: Example) -> Answer:
        """The answer to the manifest, or to the first blob that is refused."""
        for blob in example.blobs:
            answer = self._upload(blob) if blob.digest not in self._blobs else None
            if answer is not None and not _is_taken(answer):
                return answer
            self._blobs.add(blob.digest)
        manifest = example.manifest
        headers = {"Content-Type": manifest.media_type}
        answer = self._ask("PUT", self._manifest(manifest), manifest.data, headers)
        if _is_taken(answer):
            self._pushed.append(manifest)
        return answer

    def _upload(self, blob: Content) -> Answer:
        uploads = f"/v2/{self.name}/blobs/uploads/"
        answer = self._ask("POST", uploads, b"")
        places = answer.headers.get("location", ())
        if answer.status != 202 or not places:
            return answer
        place = urllib.parse.urlsplit(urllib.parse.urljoin(f"{self.session.url}{uploads}", places[0]))
        query = "&".join(filter(None, (place.query, urllib.parse.urlencode({"digest": blob.digest}))))
        headers = {"Content-Type": "application/octet-stream"}
        return self._ask("PUT", urllib.parse.urlunsplit(place._replace(query=query)), blob.data, headers)

    def _ask(self, method: str, where: str, body: bytes, headers: t.Optional[t.Mapping[str, str]] = None) -> Answer:
        return self.session.ask(method, where, f"repository:{self.name}:pull,push", body=body, headers=headers)

    def _manifest(self, manifest: Content) -> str:
        return f"/v2/{self.name}/manifests/{manifest.digest}"


def _is_taken(answer: Answer) -> bool:
    return answer.status in (200, 201, 202, 204)


def said(answer: Answer) -> str:
    """The registry's answer: status, codes and messages of its errors."""
    words = f"HTTP {answer.status} {answer.reason}".strip()
    try:
        errors = json.loads(answer.body)["errors"]
        told = [": ".join(str(each[key]) for key in ("code", "message") if each.get(key)) for each in errors]
    except (ValueError, KeyError, TypeError, AttributeError):
        told = []
    text = ", ".join(each for each in told if each and each.isprintable())
    return f"{words}: {text}"[:_LONGEST] if text else words
