"""`buildctl debug histories` in the standard library: one gRPC call, its frames and its messages taken apart by hand.

HTTP/2 frames: RFC 9113. Messages: ListenBuildHistory in BuildKit's api/services/control/control.proto.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from typing import Any

METHOD = "/moby.buildkit.v1.Control/ListenBuildHistory"
REQUEST = b"\x18\x01"  # BuildHistoryRequest with EarlyExit (field 3): what there is, then the end
COMPLETE, DELETED = 1, 2

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
ACKNOWLEDGED = END_OF_STREAM = 1
END_OF_HEADERS = 4
LARGEST_WINDOW = 2**31 - 1

Json = dict[str, Any]


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _header(name: str, value: str) -> bytes:
    """A header that uses neither of HPACK's tables nor its compression (RFC 7541, 6.2.2)."""
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def call() -> bytes:
    """All that the client sends of its own accord."""
    fields = {":method": "POST", ":scheme": "http", ":path": METHOD, ":authority": "localhost"}
    fields |= {"content-type": "application/grpc", "te": "trailers"}
    window = struct.pack(">HI", 4, LARGEST_WINDOW)
    message = b"\x00" + struct.pack(">I", len(REQUEST)) + REQUEST
    return (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        + _frame(SETTINGS, 0, 0, window)
        + _frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", LARGEST_WINDOW - 65535))
        + _frame(HEADERS, END_OF_HEADERS, 1, b"".join(_header(*field) for field in fields.items()))
        + _frame(DATA, END_OF_STREAM, 1, message)
    )


def answer(connection: socket.socket, received: bytes) -> bytes:
    """The body of the answer, with the frames that keep a connection alive answered on the way."""
    body = b""
    while True:
        while len(received) < 9 or len(received) < 9 + int.from_bytes(received[:3], "big"):
            chunk = connection.recv(65536)
            if not chunk:
                raise ConnectionError("the daemon closed the connection")
            received += chunk
        size = int.from_bytes(received[:3], "big")
        kind, flags = received[3], received[4]
        payload, received = received[9 : 9 + size], received[9 + size :]
        if kind == DATA:
            body += payload
        elif kind in (SETTINGS, PING) and not flags & ACKNOWLEDGED:
            connection.sendall(_frame(kind, ACKNOWLEDGED, 0, b"" if kind == SETTINGS else payload))
        elif kind in (RESET, GOAWAY):
            raise ConnectionError("the daemon refused the call")
        if kind in (DATA, HEADERS) and flags & END_OF_STREAM:
            return body


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """A protobuf message as (field number, number or bytes)."""
    at = 0
    while at < len(data):
        tag, at = _number(data, at)
        size = {1: 8, 5: 4}.get(tag & 7)
        if tag & 7 == 0:
            value, at = _number(data, at)
            yield tag >> 3, value
            continue
        if size is None:
            size, at = _number(data, at)
        yield tag >> 3, data[at : at + size]
        at += size


def _time(data: bytes) -> Json:
    names = {1: "seconds", 2: "nanos"}
    return {names[number]: value for number, value in fields(data) if number in names}


def event(data: bytes) -> Json:
    """One event as Go's encoder prints it: a number for the type, left out where it is 0 (STARTED)."""
    result: Json = {}
    for number, value in fields(data):
        if number == 1 and value:
            result["type"] = value
        if number == 2 and isinstance(value, bytes):
            record = result["record"] = {}
            for inner, content in fields(value):
                if inner in (1, 2) and isinstance(content, bytes):
                    record["Ref" if inner == 1 else "Frontend"] = content.decode()
                if inner in (6, 7) and isinstance(content, bytes):
                    record["CreatedAt" if inner == 6 else "CompletedAt"] = _time(content)
    return result


def events(body: bytes) -> Iterator[Json]:
    """The events of a gRPC body: each message behind five bytes that say its length."""
    while len(body) >= 5:
        size = int.from_bytes(body[1:5], "big")
        yield event(body[5 : 5 + size])
        body = body[5 + size :]


def show(connection: socket.socket, received: bytes, *, as_json: bool) -> None:
    """Print the builds that run and that ran."""
    connection.sendall(call())
    if not as_json:
        print("TYPE\tREF")
    for one in events(answer(connection, received)):
        if as_json:
            print(json.dumps(one, separators=(",", ":")))
        else:
            kind = {COMPLETE: "COMPLETE", DELETED: "DELETED"}.get(one.get("type", 0), "STARTED")
            print(f"{kind}\t{one.get('record', {}).get('Ref', '')}")
