"""Checks the project's Markdown: relative links lead somewhere, YAML blocks parse, every block says its language."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

FENCE = re.compile(r"^ *(`{3,})(\w*)[^\n]*\n(.*?)^ *\1 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(<?([^)>\s]+)>?(?: \"[^\"]*\")?\)")
HEADING = re.compile(r"^#+ +(.+?) *#*$", re.MULTILINE)
SCHEME = re.compile(r"^[a-z]+:")


class _Loader(yaml.SafeLoader):
    """YAML with Ansible's own tags, which need not mean anything here."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def link_problems(page: Path, text: str) -> Iterator[str]:
    """Relative links of *page* that lead nowhere."""
    for target in LINK.findall(FENCE.sub("", text)):
        if SCHEME.match(target):
            continue
        path, _hash, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        if not linked.exists():
            yield f"the link {target} leads to no file"
        elif anchor and linked.suffix == ".md" and anchor not in anchors(linked.read_text()):
            yield f"the link {target} leads to no heading of {linked.name}"


def block_problems(text: str) -> Iterator[str]:
    """Code blocks without a language, and YAML blocks that are none."""
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        language, body = found.group(2), found.group(3)
        if not language:
            yield f"line {line}: the code block names no language; text is one"
        elif language in ("yaml", "yml"):
            try:
                list(yaml.load_all(body, Loader=_Loader))
            except yaml.YAMLError as error:
                yield f"line {line}: the YAML block does not parse: {' '.join(str(error).split())}"


def main(top: Path) -> int:
    """Check every Markdown file that git tracks below *top*."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=top,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = {page: page.read_text() for name in listed.stdout.split() if (page := top / name).exists()}
    problems = [
        f"{page.relative_to(top)}: {problem}"
        for page, text in texts.items()
        for problem in [*link_problems(page, text), *block_problems(text)]
    ]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(texts)} Markdown pages, {len(problems)} problems")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parents[2]))
