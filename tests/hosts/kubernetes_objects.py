"""A Deployment as buildx sends it to a cluster: protobuf, read as far as tests ask.

Field numbers: k8s.io/api, apps/v1 and core/v1, and k8s.io/apimachinery, meta/v1 and runtime, each generated.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAGIC = b"k8s\0"
VARINT, BYTES = 0, 2  # wire types; the objects here have no other


@dataclass(frozen=True)
class Many:
    """A field that may come several times."""

    kind: Any


@dataclass(frozen=True)
class Map:
    """A mapping from text."""

    kind: Any


# A kind is str, int, bool, bytes, Many, Map or a message: {number: (name, kind)}. A quantity is a message of its text.
QUANTITY = {1: ("text", str)}
META = {1: ("name", str), 11: ("labels", Map(str)), 12: ("annotations", Map(str))}
TOLERATION = {
    1: ("key", str),
    2: ("operator", str),
    3: ("value", str),
    4: ("effect", str),
    5: ("tolerationSeconds", int),
}
CONTAINER = {
    2: ("image", str),
    4: ("args", Many(str)),
    7: ("env", Many({1: ("name", str), 2: ("value", str)})),
    8: ("resources", {1: ("limits", Map(QUANTITY)), 2: ("requests", Map(QUANTITY))}),
    9: ("volumeMounts", Many({1: ("name", str), 3: ("mountPath", str)})),
    15: ("securityContext", {2: ("privileged", bool)}),
}
EMPTY_FOLDER = {1: ("medium", str), 2: ("sizeLimit", QUANTITY)}
POD = {
    1: ("volumes", Many({1: ("name", str), 2: ("source", {2: ("emptyDir", EMPTY_FOLDER)})})),
    2: ("containers", Many(CONTAINER)),
    7: ("nodeSelector", Map(str)),
    8: ("serviceAccountName", str),
    19: ("schedulerName", str),
    20: ("initContainers", Many(CONTAINER)),
    22: ("tolerations", Many(TOLERATION)),
}
TEMPLATE = {1: ("metadata", META), 2: ("spec", POD)}
DEPLOYMENT = {1: ("metadata", META), 2: ("spec", {1: ("replicas", int), 3: ("template", TEMPLATE)})}
UNKNOWN = {2: ("raw", bytes)}


def deployment(body: bytes) -> Any:
    """The Deployment in the body of a request; empty text is left out, as in JSON."""
    assert body.startswith(MAGIC)
    return _read(_read(body.removeprefix(MAGIC), UNKNOWN)["raw"], DEPLOYMENT)


def _read(data: bytes, kind: Any) -> Any:
    if not isinstance(kind, dict):
        return data.decode() if kind is str else data
    found: dict[str, Any] = {}
    for number, value in _fields(data):
        if number in kind:
            name, inner = kind[number]
            _put(found, name, inner, value)
    return found.get("text", "") if kind is QUANTITY else found


def _put(found: dict[str, Any], name: str, kind: Any, value: int | bytes) -> None:
    if isinstance(value, int):
        found[name] = kind(value)
    elif isinstance(kind, Many):
        found.setdefault(name, []).append(_read(value, kind.kind))
    elif isinstance(kind, Map):
        entry = _read(value, {1: ("key", str), 2: ("value", kind.kind)})
        found.setdefault(name, {})[entry["key"]] = entry.get("value", "")
    elif value or kind is not str:
        found[name] = _read(value, kind)


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        number, wire = divmod(varint(), 8)
        assert wire in (VARINT, BYTES)
        length = varint()
        if wire == BYTES:
            yield number, data[place : place + length]
            place += length
        else:
            yield number, length
