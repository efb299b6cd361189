"""Runs every command of README.md, in order, in one shell, as a reader would type them."""

from __future__ import annotations

import shlex
import subprocess
import sys

from tests.readme.commands import ROOT, load


def script() -> str:
    """One bash script: each command shown, then run; the first that fails ends it."""
    readme, table = load()
    lines = ["set -eo pipefail"]
    for command in readme:
        row = table.get(command)
        if row and not row.run:
            lines.append(f"echo {shlex.quote(f'SKIPPED {command}: {row.why}')}")
            continue
        run = row.run if row and row.run else command
        note = f"  (for: {command}: {row.why})" if row else ""
        lines += [f"printf '\\n%s\\n' {shlex.quote(f'$ {run}{note}')}", run]
    ran = sum(command not in table or bool(table[command].run) for command in readme)
    return "\n".join([*lines, f"echo; echo '{ran} commands run'"])


if __name__ == "__main__":
    sys.exit(subprocess.run(["bash", "-c", script()], cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode)
