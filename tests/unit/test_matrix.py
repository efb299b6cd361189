"""Which controllers and Pythons `make controllers` and `make matrix` try."""

from __future__ import annotations

import pytest

from tests.matrix.__main__ import CONTROLLERS, HOSTS, NEWEST, OLDEST, Row, ends, every_row


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        pytest.param(("3.11", "3.12", "3.13"), ("3.11", "3.13"), id="of several, the first and the last"),
        pytest.param(("3.12",), ("3.12", "3.12"), id="one"),
        pytest.param(("3.9", "3.11"), ("3.11", "3.14"), id="none for the newest: it is skipped by its name"),
    ],
)
def test_the_oldest_and_the_newest(found: tuple[str, ...], chosen: tuple[str, str]) -> None:
    rows = [Row(OLDEST, chosen[0]), Row(NEWEST, chosen[1])]
    assert list(ends(dict.fromkeys(found, "path"))) == rows


def test_a_row_has_its_own_ansible_core_and_what_else_a_controller_needs() -> None:
    required = Row("2.20.10", "3.12").requirements()
    assert [each for each in required if each.startswith("ansible-core")] == ["ansible-core==2.20.10"]
    assert {each.partition("==")[0] for each in required} >= {"tomlkit", "cryptography", "pytest"}


def test_hosts_have_no_package_of_a_controller() -> None:
    assert not [each for each in Row(NEWEST, "3.9", on_host=True).requirements() if "ansible" in each]
    assert not set(HOSTS) & {each for pythons in CONTROLLERS.values() for each in pythons}


def test_each_row_has_an_environment_and_a_name() -> None:
    rows = list(every_row())
    assert len({row.venv for row in rows}) == len({str(row) for row in rows}) == len(rows)
