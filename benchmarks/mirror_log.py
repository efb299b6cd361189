"""The log of a docker-registry: requests and bytes by what was asked for and who asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PROOF = "proof of trust"
CLIENTS = {"docker/": "dockerd", "multiarch.builders": "our module"}  # how a user agent begins; the rest is a builder's


@dataclass(frozen=True)
class Request:
    """A line of the log; *what* is an image or PROOF, *size* what was sent back, in bytes."""

    address: str
    client: str
    method: str
    what: str
    path: str
    status: int
    size: int

    @property
    def is_blob(self) -> bool:
        """Whether it brought a blob."""
        return "/blobs/" in self.path and self.method == "GET" and self.status == 200


def requests(lines: list[str]) -> Iterator[Request]:
    """The requests that a docker-registry wrote of, one JSON object a line."""
    for line in lines:
        entry: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        if "http.response.status" not in entry:
            continue
        agent, method = entry.get("http.request.useragent", ""), entry["http.request.method"]
        path = entry["http.request.uri"].partition("?")[0]
        image = path.removeprefix("/v2/").partition("/manifests/")[0].partition("/blobs/")[0]
        yield Request(
            entry["http.request.remoteaddr"].rpartition(":")[0],
            next((name for start, name in CLIENTS.items() if agent.startswith(start)), "builder"),
            method,
            image if image and "/proof-" not in image else PROOF,
            path,
            entry["http.response.status"],
            0 if method == "HEAD" else entry["http.response.written"],
        )


def summary(asked: list[Request]) -> dict[str, Any]:
    """Requests and bytes by what was asked for and who asked, and each blob that a host got more than once."""
    rows = []
    for what, client in sorted({(each.what, each.client) for each in asked}):
        own = [each for each in asked if (each.what, each.client) == (what, client)]
        rows.append({"what": what, "client": client, "requests": len(own), "bytes": sum(each.size for each in own)})
    times = Counter((each.address, each.path.rpartition("/")[2]) for each in asked if each.is_blob)
    twice = [{"host": key[0], "blob": key[1], "times": times[key]} for key in sorted(times) if times[key] > 1]
    return {"rows": rows, "blobs": len(times), "twice": twice}
