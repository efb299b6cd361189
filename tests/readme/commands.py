"""The commands of README.md, and which of them the test cannot run as they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELLS = ("shell", "sh", "bash")


@dataclass(frozen=True)
class Instead:
    """A command that is not run as it is written: why, and what runs in its place, if anything."""

    command: str
    why: str
    run: str | None = None


def commands(markdown: str) -> list[str]:
    """Every command of the shell blocks; of console blocks every line after `$ `."""
    found = []
    for language, body in BLOCK.findall(markdown):
        lines = body.replace("\\\n", " ").splitlines()
        if language == "console":
            found += [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        elif language in SHELLS:
            found += [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [" ".join(re.sub(r"\s+#.*", "", line).split()) for line in found]


def instead(text: str) -> dict[str, Instead]:
    """The table of instead.yml, by command."""
    return {row["command"]: Instead(**row) for row in yaml.safe_load(text) or []}


def load() -> tuple[list[str], dict[str, Instead]]:
    """README.md's commands and the table."""
    return (
        commands((ROOT / "README.md").read_text()),
        instead((ROOT / "tests/readme/instead.yml").read_text()),
    )
