"""What a registry tells of an image: its tags, and an index, whose digest is computed from its bytes."""

from __future__ import annotations

import datetime
import hashlib
import http.client
import json
import re
import sys
import typing as t
import urllib.request
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / ".ansible/collections"))
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Registry
from ansible_collections.multiarch.builders.plugins.module_utils.model.loopback import takes_http
from ansible_collections.multiarch.builders.plugins.module_utils.model.proxy import Proxy
from ansible_collections.multiarch.builders.plugins.module_utils.registry.client import LONGEST, Answer
from ansible_collections.multiarch.builders.plugins.module_utils.registry.session import Session

INDEX = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFEST = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_PAGE = 1000  # tags; a registry may give fewer at once
_MOST_PAGES = 200
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')


class RegistryError(Exception):
    """What a registry did not tell, or told wrong."""


@dataclass(frozen=True)
class Index:
    """An image for several platforms; *built* is None if its first platform does not say."""

    digest: str
    built: datetime.datetime | None


@dataclass(frozen=True)
class Place:
    """A registry: *prefix* comes before the name of a repository there, as with a project that is a mirror."""

    host: str
    prefix: str = ""
    http: bool = False


def mirror_of(text: str) -> Place:
    """The registry of ``[http://]HOST[:PORT][/PREFIX]``; one on loopback has no TLS."""
    scheme, _separator, rest = text.rpartition("://")
    host, _slash, prefix = rest.strip("/").partition("/")
    return Place(host, f"{prefix}/" if prefix else "", http=scheme == "http" or (not scheme and takes_http(host)))


class Repository:
    """One repository of a registry. Each method raises RegistryError."""

    def __init__(self, place: Place, name: str) -> None:
        self.name = f"{place.prefix}{name}"
        proxies = urllib.request.getproxies()
        proxy = Proxy(proxies.get("http"), proxies.get("https"), tuple(proxies.get("no", "").split(",")))
        self._session = Session(Registry(place.host, http=place.http), (), proxy)

    def tags(self) -> tuple[str, ...]:
        """All of its tags."""
        found: dict[str, None] = {}
        where = f"/v2/{self.name}/tags/list?n={_PAGE}"
        for _page in range(_MOST_PAGES):
            answer = self._get(where, ())
            found |= dict.fromkeys(_json(answer.body, where).get("tags") or ())
            following = _NEXT.search(", ".join(answer.headers.get("link", ())))
            if not following:
                return tuple(found)
            where = following[1]
        raise RegistryError(f"{self.name}: its list of tags has no end")

    def index(self, reference: str) -> Index:
        """The index of a tag or digest. What does not have the digest that it is said to have is refused."""
        body = self._manifest(reference, INDEX)
        manifests = _json(body, reference).get("manifests")
        if not manifests:
            raise RegistryError(f"{self.name}, {reference}: is no index, but an image for a single platform")
        return Index(_digest(body), self._built(manifests[0]["digest"]))

    def _built(self, platform: str) -> datetime.datetime | None:
        manifest = _json(self._manifest(platform, MANIFEST), platform)
        digest = manifest["config"]["digest"]
        config = _json(self._verified(digest, self._get(f"/v2/{self.name}/blobs/{digest}", ())), digest)
        try:
            return datetime.datetime.fromisoformat(config.get("created", ""))
        except ValueError:
            return None

    def _manifest(self, reference: str, kinds: tuple[str, ...]) -> bytes:
        return self._verified(reference, self._get(f"/v2/{self.name}/manifests/{reference}", kinds))

    def _verified(self, reference: str, answer: Answer) -> bytes:
        """The body of *answer*: of the digest that was asked for, and that the registry says it has."""
        computed = _digest(answer.body)
        said = answer.headers.get("docker-content-digest", ())
        wanted = {*said, *([reference] if ":" in reference else [])}
        if wrong := sorted(wanted - {computed}):
            raise RegistryError(f"{self.name}, {reference}: its bytes have the digest {computed}, not {wrong[0]}")
        return answer.body

    def _get(self, where: str, kinds: tuple[str, ...]) -> Answer:
        headers = {"Accept": ", ".join(kinds)} if kinds else {}
        try:
            answer = self._session.ask("GET", where, f"repository:{self.name}:pull", headers=headers)
            for redirect in answer.headers.get("location", ()) if answer.status in (302, 303, 307, 308) else ():
                answer = self._session.ask("GET", redirect, "", headers=headers)  # blobs, elsewhere
        except (OSError, http.client.HTTPException) as error:
            raise RegistryError(f"{self._session.url}{where}: {error}") from error
        if answer.status != 200:
            raise RegistryError(f"{self._session.url}{where}: HTTP {answer.status} {answer.reason}")
        if len(answer.body) == LONGEST:
            raise RegistryError(f"{self._session.url}{where}: more than {LONGEST} bytes")
        return answer


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _json(body: bytes, where: str) -> dict[str, t.Any]:
    try:
        found = json.loads(body)
    except ValueError as error:
        raise RegistryError(f"{where}: no JSON ({error})") from error
    if not isinstance(found, dict):
        raise RegistryError(f"{where}: no JSON object")
    return found
