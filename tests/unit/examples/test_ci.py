# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pipelines for GitLab, in examples and documentation, have jobs that GitLab takes for jobs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
# GitLab's documentation, CI/CD YAML syntax reference and job names: no job can be called so.
KEYWORDS = {
    *("after_script", "before_script", "cache", "default", "image", "include", "pages", "services", "spec", "stages"),
    *("true", "false", "nil", "types", "variables", "workflow"),
}
OF_JOBS = {"stage", "tags", "script", "artifacts"}


@pytest.mark.parametrize("path", ["examples/ci/gitlab-ci.yml", "docs/ci/gitlab.md", "docs/verification.md"])
def test_gitlab_finds_the_jobs(path: str) -> None:
    text = (ROOT / path).read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE) if path.endswith(".md") else [text]
    document = yaml.safe_load(next(each for each in blocks if "script:" in each))
    jobs = {name: job for name, job in document.items() if name not in KEYWORDS}
    assert jobs
    assert all("script" in job and {*job} <= OF_JOBS for job in jobs.values()), jobs
    assert [name for name in document if name in KEYWORDS and name != "variables"] == []
