"""The record of a host: one of before 0.1.0 is taken over without a change, one of a newer version is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts.lab import on, playbook
from tests.hosts.test_retire import THEIRS, VARIABLES, retire, snapshot

HOME = "/var/lib/multiarch-builders"
# As commit 35bd917 wrote it; that these are real records of it: tests/unit/…/state/golden/before-0.1.0.
OLDER = rf"""python3 - <<'end'
import json, pathlib
flat = {{"pending": "marks", "homes": "users", "unproven": "proofs", "authorities": "came"}}
for path in pathlib.Path("{HOME}").glob("*.json"):
    found = json.loads(path.read_text())
    del found["format"]
    if path.stem in flat:
        found = found.get(flat[path.stem], {{}})
    if path.stem == "buildx":
        made, digests = found.pop("builders"), found.pop("configurations")
        line = {{"builder": "multiarch", "lines": "BUILDX_BUILDER=theirs\n", "there": True, "ended": False}}
        found.update(made=made, builders=digests, environment={{"/etc/environment": line}})
    path.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
end"""


@pytest.mark.thorough
def test_an_older_record_is_taken_over_without_a_change(spare: str) -> None:
    on(spare, THEIRS)
    before = snapshot(spare)
    run = playbook("provision-builders", limit=spare, variables=VARIABLES)
    assert run.status == 0, run.output
    on(spare, OLDER)
    provisioned = snapshot(spare)
    for arguments in (["--check", "--diff"], []):
        run = playbook("provision-builders", *arguments, limit=spare, variables=VARIABLES)
        assert (run.status, run.recap(spare)["changed"]) == (0, 0), run.output
        assert snapshot(spare) == provisioned

    # what a change writes has the format, and the rest with it
    changed = {**VARIABLES, "builder_client_options": {"psFormat": "wide"}, "builder_concerns": ["buildx"]}
    run = playbook("provision-builders", limit=spare, variables=changed)
    assert (run.status, run.recap(spare)["changed"]) == (0, 1), run.output
    assert '"configurations"' in on(spare, f"grep -l '\"format\": 1' {HOME}/buildx.json; cat {HOME}/buildx.json")

    run = retire(spare, builder_allow_image_store_switch=True, builder_retire_volumes=True)
    assert run.status == 0, run.output
    assert sorted(set(before) ^ set(snapshot(spare))) == []


def test_what_a_newer_version_wrote_is_refused_before_anything_changes(spare: str, tmp_path: Path) -> None:
    on(spare, f"mkdir {HOME}; echo '{{\"format\": 2}}' > {HOME}/of_tomorrow.json")
    snapshot(spare)  # its buildx makes a folder for root
    before = snapshot(spare)
    words = f"{HOME}/of_tomorrow.json has format 2, and this checkout of multiarch.builders supports formats up to 1"
    runs = [playbook("provision-builders", *each, limit=spare, variables=VARIABLES) for each in (["--check"], [])]
    runs += [retire(spare, *each) for each in (["--check"], [])]
    for run in runs:
        assert (run.status, run.recap(spare)["failed"], run.says(words)) == (2, 1, True), run.output
    assert snapshot(spare) == before
    playbook("report-builders", limit=spare, variables={**VARIABLES, "builder_report_dest": str(tmp_path)})
    assert words in (tmp_path / "builders.json").read_text()
