"""An emulator that passes the probe and crashes on a real program: the real one with a fault put in.

As reported of real ones: `ldconfig` is killed by SIGSEGV (github.com/tonistiigi/binfmt/issues/245, 298).
"""

from __future__ import annotations

import base64
import struct

from tests.hosts.lab import on

# For amd64, before the emulator's own entry point: crash if the program's path, argv[1], ends with "ldconfig".
#   mov rsi, [rsp+16]; test rsi, rsi; jz go
#   1: mov al, [rsi]; inc rsi; test al, al; jnz 1b
#   mov rax, "ldconfig"; cmp [rsi-9], rax; jne go; xor eax, eax; mov [rax], eax
#   go: jmp ENTRY
FAULT = bytes.fromhex("488b7424104885f6741d8a0648ffc684c075f748b86c64636f6e666967483946f7750431c08900e9")
_JUMP = 4
_PAGE = 4096
_LOAD, _NOTE = 1, 4
_READ_EXECUTE = 5


def with_fault(program: bytes) -> bytes:
    """An ELF executable of amd64 with FAULT at its entry: a segment of its own, in the header of a note."""
    entry, table = struct.unpack_from("<QQ", program, 24)
    size, count = struct.unpack_from("<HH", program, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", program, table + number * size) for number in range(count)]
    end = max(address + memory for kind, _flags, _offset, address, _, _, memory, _ in headers if kind == _LOAD)
    note = max(number for number, header in enumerate(headers) if header[0] == _NOTE)
    whole = program.ljust(-(-len(program) // _PAGE) * _PAGE, b"\0")
    address = -(-end // _PAGE) * _PAGE + _PAGE
    jump = struct.pack("<i", entry - (address + len(FAULT) + _JUMP))
    length = len(FAULT) + _JUMP
    changed = bytearray(whole + FAULT + jump)
    struct.pack_into("<Q", changed, 24, address)
    header = (_LOAD, _READ_EXECUTE, len(whole), address, address, length, length, _PAGE)
    struct.pack_into("<IIQQQQQQ", changed, table + note * size, *header)
    return bytes(changed)


def commit_broken(host: str, image: str, emulator: str, name: str) -> None:
    """Make *name* on a host, which has *image* or can pull it: the same with the fault in one emulator."""
    path = f"/usr/bin/{emulator}"
    program = on(
        host,
        f"docker pull -q {image} >/dev/null; docker create --name broken {image} never-started >/dev/null\n"
        f"docker cp -q broken:{path} /var/tmp/emulator; base64 /var/tmp/emulator",
    )
    changed = base64.b64encode(with_fault(base64.b64decode(program))).decode()
    on(host, "base64 -d > /var/tmp/emulator; chmod 755 /var/tmp/emulator", stdin=changed)
    on(
        host,
        f"docker cp -q /var/tmp/emulator broken:{path}; docker commit broken {name} >/dev/null; docker rm broken\n"
        "rm /var/tmp/emulator",
    )
