"""The pipelines of examples/ci and of docs/ci: what each product reads in them, by its documentation."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
EXAMPLES, PAGES = ROOT / "examples/ci", ROOT / "docs/ci"
# GitLab: keywords that cannot be the name of a job (docs.gitlab.com, CI/CD YAML syntax reference and "Jobs").
GITLAB_GLOBAL = {"default", "include", "stages", "variables", "workflow", "spec"}
GITLAB_RESERVED = {
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "types",
    "pages:deploy",
    "true",
    "nil",
}
GITLAB_JOB = {"stage", "tags", "script", "image", "variables", "rules", "needs", "services"}
GITLAB_STAGES = {".pre", "build", "test", "deploy", ".post"}
GITHUB_JOB = {"runs-on", "env", "steps", "needs", "if", "container", "timeout-minutes"}
GITHUB_STEP = {"name", "id", "if", "uses", "with", "run", "env", "shell", "working-directory"}


def blocks(page: str, language: str) -> list[str]:
    """The blocks of code of a page."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", (PAGES / page).read_text(), re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def gitlab() -> list[Any]:
    example = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())
    return [example, *map(yaml.safe_load, blocks("gitlab.md", "yaml"))]


@pytest.mark.parametrize("number", range(2))
def test_gitlab_takes_the_jobs_for_jobs(number: int) -> None:
    pipeline = gitlab()[number]
    assert not GITLAB_RESERVED & set(pipeline), "keywords, not names of jobs"
    jobs = {name: each for name, each in pipeline.items() if name not in GITLAB_GLOBAL}
    assert jobs
    for job in jobs.values():
        assert set(job) <= GITLAB_JOB
        assert job["script"]
        assert job.get("stage", "test") in GITLAB_STAGES


def test_gitlab_runner_reads_the_volumes() -> None:
    example = tomllib.loads((EXAMPLES / "gitlab-runner-docker.toml").read_text())
    (runner,) = example["runners"]
    assert (runner["executor"], set(runner["docker"])) == ("docker", {"image", "volumes"})
    (block,) = blocks("gitlab.md", "toml")
    assert tomllib.loads(block) == {"volumes": runner["docker"]["volumes"]}


def test_github_reads_the_workflow() -> None:
    example = yaml.safe_load((EXAMPLES / "github-workflow.yml").read_text())
    assert set(example) == {"name", "on", "jobs"}  # a bare `on` is true in YAML 1.1
    (job,) = example["jobs"].values()
    page = [yaml.safe_load(each) for each in blocks("github.md", "yaml")]
    for each in [job, *(block for block in page if isinstance(block, dict))]:
        assert set(each) <= GITHUB_JOB
    steps = [step for each in [job, *page] for step in (each if isinstance(each, list) else each["steps"])]
    for step in steps:
        assert set(step) <= GITHUB_STEP
        assert ("uses" in step) != ("run" in step)


def test_jenkins_can_parse_the_pipeline() -> None:
    """Braces and quotes are balanced; the directives are in the sections that may have them."""
    text = re.sub(r"//.*", "", (EXAMPLES / "Jenkinsfile").read_text())
    bare = re.sub(r"'[^'\n]*'", "", text)
    assert bare.count("{") == bare.count("}")
    assert "'" not in bare
    assert re.findall(r"^ {0,4}(\w+)(?= [{(])", text, re.MULTILINE) == ["pipeline", "agent", "environment", "stages"]
    for block in blocks("jenkins.md", "groovy"):
        bare = re.sub(r"'[^'\n]*'", "", re.sub(r"//.*", "", block))
        assert bare.count("{") == bare.count("}")
        assert "'" not in bare


def test_buildbot_can_read_its_configuration() -> None:
    ast.parse((EXAMPLES / "master.cfg").read_text())
    for block in blocks("buildbot.md", "python"):
        ast.parse(block)


@pytest.mark.parametrize("page", ["buildbot.md", "github.md", "../pull-mode.md"])
def test_systemd_can_read_the_drop_ins(page: str) -> None:
    (drop_in,) = blocks(page, "ini")
    unit = configparser.RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names of systemd are in mixed case
    unit.read_string(drop_in)
    (section,) = unit.sections()
    assert section == "Service"
    assert set(unit[section]) <= {"EnvironmentFile", "Environment"}
