"""`make readme` runs README.md's commands; here is checked that it finds them all."""

from __future__ import annotations

from tests.readme.commands import commands, load

TEXT = """
```shell
make demo   # a minute
# only a comment
ansible-playbook -i inventory/mine \\
  playbooks/provision-builders.yml
```
```console
$ make lab-list
builder-1 running
```
```yaml
make: test
```
"""


def test_finds_the_commands_of_shell_blocks_and_no_others() -> None:
    assert commands(TEXT) == [
        "make demo",
        "ansible-playbook -i inventory/mine playbooks/provision-builders.yml",
        "make lab-list",
    ]


def test_what_is_not_run_as_written_is_in_the_readme_and_has_a_reason() -> None:
    readme, table = load()
    assert "make demo" in readme
    assert "make demo" not in table, "the main command is always run"
    for row in table.values():
        assert row.command in readme, f"tests/readme/instead.yml: README.md has no command {row.command!r} any more"
        assert len(row.why) > 10
