# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugins: which module gets what, and which files are read, with Ansible's own loader and templating."""

from __future__ import annotations

import base64
import importlib
import os
import subprocess
import sys
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.playbook.task import Task
from ansible.template import Templar, trust_as_template
from ansible_collections.multiarch.builders.plugins.module_utils.model.options import (
    MODULES,
    OPTIONS,
    options_of,
)
from ansible_collections.multiarch.builders.plugins.plugin_utils.actions.controller_files import LARGEST
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.harbor_stand_in import Answer, HarborStandIn
from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make

ROOT = Path(__file__).parents[4]
PASSWORD = VaultSecret(b"vault password")
ROUTES = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["plugin_routing"]["modules"]
ROLES = {path.name for path in (ROOT / "roles").iterdir()}
ON_HOST = ("plan", "apply", "survey", "retire", "registry_proof", "registry_capabilities", *MODULES.values())


@pytest.fixture(scope="module")
def ca() -> Pair:
    """A CA that is valid at the present time, as these tests have no other clock."""
    return make("CA", start=-20 * 365, end=100 * 365)


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a playbook, with a folder inventory/ in it."""
    (tmp_path / "files").mkdir()
    (tmp_path / "inventory").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", str(ROOT / ".ansible/collections"))
    return tmp_path


def run(
    name: str,
    args: dict[str, t.Any],
    play: Path,
    *,
    role: str | None = None,
    module_result: object = None,
    variables: dict[str, t.Any] | None = None,
) -> tuple[dict[str, t.Any], list[dict[str, t.Any]]]:
    """(result of the action *name*, the calls of `_execute_module`)."""
    loader = DataLoader()
    loader.set_basedir(str(play))
    loader.set_vault_secrets([("default", PASSWORD)])
    task = Task.load({"action": f"multiarch.builders.{name}", "args": args})
    folder = ROOT / "roles" / role if role in ROLES else play / "roles" / str(role)
    task._role = SimpleNamespace(get_name=lambda: role, get_role_path=lambda: str(folder)) if role else None
    task.get_search_path = lambda: [str(play)]
    task_vars = {"inventory_dir": str(play / "inventory")} | (variables or {})
    action = "apply" if name in ROUTES else name
    plugin = importlib.import_module(f"ansible_collections.multiarch.builders.plugins.action.{action}").ActionModule(
        task=task,
        connection=SimpleNamespace(_shell=SimpleNamespace(tmpdir=None), _load_name="local", has_pipelining=True),
        play_context=SimpleNamespace(check_mode=False),
        loader=loader,
        templar=Templar(loader, variables=task_vars),
        shared_loader_obj=None,
    )
    calls: list[dict[str, t.Any]] = []

    def execute_module(**call: t.Any) -> t.Any:
        calls.append(call)
        return module_result or {"changed": True}

    plugin._execute_module = execute_module
    result = plugin.run(task_vars=task_vars)
    return result, calls


@pytest.mark.parametrize("name", ON_HOST)
def test_a_module_gets_its_own_options_complete(name: str, play: Path) -> None:
    result, calls = run(name, {}, play)
    assert [call["module_name"] for call in calls] == [f"multiarch.builders.{name}"]
    expected = {each for each in options_of(name) if not OPTIONS[each].get("controller_only")}
    assert set(calls[0]["module_args"]) == expected | {"plan": {"_trace_key"}, "survey": {"_trace"}}.get(name, set())
    assert result["changed"] is True


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({}, id="defaults"),
        pytest.param({"builder_platforms": ["aarch64"], "builder_gc": {"keep": "10GB"}}, id="set"),
        pytest.param({"builder_trace_max_age": 60, "builder_full_plan": True}, id="of traces alone"),
    ],
)
def test_a_survey_asks_for_the_trace_that_a_plan_leaves(variables: dict[str, t.Any], play: Path) -> None:
    _result, plans = run("plan", {}, play, role="builder", variables=variables)
    _result, surveys = run("survey", {}, play, role="builder_report", variables=variables)
    assert surveys[0]["module_args"]["_trace"] == {
        "key": plans[0]["module_args"]["_trace_key"],
        "max_age": variables.get("builder_trace_max_age", 86400),
        "why": "builder_full_plan is true" if "builder_full_plan" in variables else "",
    }


@pytest.mark.parametrize("args", [{}, {"platforms": ["amd46"]}], ids=["a survey", "wrong input"])
def test_a_survey_says_who_had_left_before(args: dict[str, t.Any], play: Path) -> None:
    variables = {"ansible_play_hosts_all": ["a", "b", "c"], "ansible_play_hosts": ["a", "c"]}
    result, _calls = run("survey", args, play, variables=variables)
    assert result["gone"] == ["b"]
    assert run("survey", args, play)[0]["gone"] == []


def test_the_input_is_checked_without_a_host(play: Path) -> None:
    result, calls = run("spec", {}, play)
    assert (calls, result["changed"]) == ([], False)


LISTS = [name for name, row in OPTIONS.items() if row["type"] == "list"]
TAKES = [
    *((name, option) for name in (*ON_HOST, "build_proof") for option in options_of(name) if option in LISTS),
    ("retire", "instances"),
    ("retire", "users"),
]


@pytest.mark.parametrize(("name", "option"), TAKES, ids=map("-".join, TAKES))
def test_text_in_place_of_a_list_is_refused(name: str, option: str, play: Path) -> None:
    """Of `-e NAME=a,b`: Ansible itself would split it, and "" would be a list of one empty name."""
    for text in ("", "a", "a,b"):
        result, calls = run(name, {}, play, role="builder", variables={f"builder_{option}": text})
        if name == "retire":  # whose role passes them itself
            result, calls = run(name, {option: text}, play, role="builder_retire")
        assert calls == []
        assert f"builder_{option} = {text!r}: is a string, not a list. Write a list: [a, b]." in result["msg"]


def test_what_a_module_alone_has_is_for_it_to_check(play: Path) -> None:
    _result, calls = run("retire", {"only": "leftovers", "instances": [{"name": "x"}], "lock_timeout": "5"}, play)
    given = calls[0]["module_args"]
    assert (given["only"], given["instances"], given["lock_timeout"]) == ("leftovers", [{"name": "x"}], 5)
    _result, calls = run("build_proof", {"base": "alpine", "platforms": ["amd64"]}, play)
    assert calls[0]["module_args"] == {"base": "alpine", "platforms": ["amd64"]}


def test_routes_lead_from_modules_to_an_action() -> None:
    assert {route["action_plugin"] for route in ROUTES.values()} == {"multiarch.builders.apply"}
    assert all((ROOT / f"plugins/modules/{name}.py").exists() for name in ROUTES)
    assert not [name for name in ROUTES if (ROOT / f"plugins/action/{name}.py").exists()]


@pytest.mark.parametrize(
    ("role", "prefix"),
    [
        pytest.param(None, "", id="task of a play"),
        pytest.param("multiarch.builders.builder", "builder_", id="our role"),
        pytest.param("builder_trust", "builder_", id="our role by its short name"),
        pytest.param("someone.else.builder", "", id="another's role"),
        pytest.param("builder_of_theirs", "", id="another's role by its short name"),
    ],
)
def test_problems_name_the_variables_as_the_user_knows_them(role: str | None, prefix: str, play: Path) -> None:
    result, calls = run("docker_daemon", {"disruption": "later", "platforms": []}, play, role=role)
    assert calls == []
    assert result["failed"] is True
    assert [problem["variable"] for problem in result["problems"]] == [f"{prefix}platforms", f"{prefix}disruption"]
    assert result["msg"].splitlines()[0] == "2 problems in the input; nothing was changed:"
    assert set(result["problems"][0]) == {"variable", "value", "message", "remedy"}


OURS = "multiarch.builders.builder_trust"


def test_tasks_of_our_roles_have_the_variables(play: Path, ca: Pair) -> None:
    (play / "files/ca.pem").write_text(ca.pem)
    variables = {
        "name": "a.b",
        "builder_registries": [{"host": trust_as_template("{{ name }}"), "ca": "ca.pem"}],
        "builder_users": trust_as_template("{{ builder_registries | map(attribute='host') }}"),
        "builder_lock_timeout": trust_as_template("{{ 1 + 1 }}"),
        "builder_ca_warn_days": None,
        "builder_platforms": 17,
    }
    _result, calls = run("registry_trust", {"users": ["ci"]}, play, role=OURS, variables=variables)
    given = calls[0]["module_args"]
    assert [(entry["host"], entry["ca"]) for entry in given["registries"]] == [("a.b", ca.pem)]
    assert (given["users"], given["lock_timeout"]) == (["ci"], 2), "what a task gives itself comes first"
    _result, calls = run("registry_trust", {}, play, role=OURS, variables=variables)
    assert calls[0]["module_args"]["users"] == ["a.b"]
    assert {type(each) for each in calls[0]["module_args"]["users"]} == {str}, "plain data, nothing of Ansible's"


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({}, id="not set"),
        pytest.param({"builder_users": trust_as_template("{{ omit }}")}, id="omitted"),
        pytest.param({"builder_users": None}, id="null"),
    ],
)
def test_a_variable_that_is_not_set_is_the_default(variables: dict[str, t.Any], play: Path) -> None:
    _result, calls = run("registry_trust", {}, play, role=OURS, variables=variables)
    assert calls[0]["module_args"]["users"] == OPTIONS["users"]["default"]
    _result, calls = run("build_proof", {"base": "scratch"}, play, role=OURS, variables=variables)
    assert calls[0]["module_args"] == {"base": "scratch"}, "it has the same default"


@pytest.mark.parametrize("role", [None, "someone.else.builder", "builder_of_theirs"])
def test_tasks_of_others_have_what_they_give_alone(role: str | None, play: Path) -> None:
    _result, calls = run("registry_trust", {}, play, role=role, variables={"builder_users": ["ci"]})
    assert calls[0]["module_args"]["users"] == ["root"]


def test_every_variable_that_cannot_be_templated_is_named(play: Path) -> None:
    variables = {
        "builder_users": trust_as_template("{{ nobody }}"),
        "builder_registries": [{"host": "a.b", "password": trust_as_template("{{ 'hunter2' | no_such_filter }}")}],
        "builder_lock_timeout": 5,
    }
    result, calls = run("registry_trust", {}, play, role=OURS, variables=variables)
    assert calls == []
    assert {problem["variable"] for problem in result["problems"]} == {"builder_registries", "builder_users"}
    assert "builder_users: cannot be templated: 'nobody' is undefined. Fix" in result["msg"]
    assert "hunter2" not in str(result)


@pytest.mark.parametrize(
    ("where", "path"),
    [
        pytest.param("ca.pem", "ca.pem", id="next to the playbook"),
        pytest.param("files/ca.pem", "ca.pem", id="in files/"),
        pytest.param("files/ca.pem", "files/ca.pem", id="in files/, said so"),
        pytest.param("inventory/ca.pem", "ca.pem", id="next to the inventory"),
        pytest.param("elsewhere.pem", "{play}/elsewhere.pem", id="absolute"),
        pytest.param("home.pem", "~/home.pem", id="in the home directory"),
    ],
)
@pytest.mark.parametrize("form", ["pem", "der", "vault"])
def test_where_and_how_files_are_read(where: str, path: str, form: str, play: Path, ca: Pair) -> None:
    forms = {"pem": ca.pem.encode(), "der": ca.der, "vault": VaultLib().encrypt(ca.pem, secret=PASSWORD)}
    (play / where).write_bytes(forms[form])
    registries = [{"host": "a.b", "ca": path.format(play=play)}]
    _result, calls = run("registry_trust", {"registries": registries}, play)
    assert calls[0]["module_args"]["registries"][0]["ca"] == ca.pem


@pytest.mark.parametrize(
    ("path", "told"),
    [
        pytest.param("missing.pem", "cannot be read: No such file or directory", id="missing"),
        pytest.param("/dev/zero", "it is not a regular file", id="a device"),
        pytest.param("files", "it is not a regular file", id="a folder"),
        pytest.param("large.pem", f"it is larger than {LARGEST} bytes", id="large"),
        pytest.param("foreign.pem", "check the vault password", id="another's vault"),
    ],
)
def test_files_that_are_not_read(path: str, told: str, play: Path) -> None:
    (play / "large.pem").write_bytes(b"x" * (LARGEST + 1))
    (play / "foreign.pem").write_bytes(VaultLib().encrypt("x", secret=VaultSecret(b"another")))
    result, calls = run("registry_trust", {"registries": [{"host": "a.b", "ca": path}]}, play)
    assert calls == []
    assert len(result["problems"]) == 1
    assert told in result["problems"][0]["message"]


def test_warnings_join_those_of_the_module(play: Path) -> None:
    result, _calls = run(
        "binfmt_handlers", {"binfmt_image": "x/binfmt"}, play, module_result={"changed": False, "warnings": ["mine"]}
    )
    assert result["warnings"][0] == "mine"
    assert result["warnings"][1].startswith("binfmt_image: 'x/binfmt' can change")
    assert result["changed"] is False


def test_certificates_of_registries_come_back_in_words_and_with_remedies(play: Path, ca: Pair) -> None:
    server = make("a.b", ca=False, issuer=ca, names=("a.b",), start=-20 * 365, end=100 * 365)
    row = {"registry": "a.b", "at": "a.b", "way": "plain", "who": "", "outcome": "name mismatch", "words": "no."}
    row["about"] = ""
    late = {**row, "outcome": "token not valid"}
    clocks = {"a.b": {"here": 0, "there": 600}}
    chains = {"a.b": [base64.b64encode(server.der).decode()], "c.d": [], "e.f": ["AAAA"]}
    result, _calls = run(
        "registry_proof",
        {"registries": [{"host": "a.b"}], "ca_warn_days": 200 * 365},
        play,
        module_result={
            "failed": True,
            "msg": "2 of 2",
            "registries": [row, late],
            "chains": chains,
            "clocks": clocks,
            "notes": [],
        },
    )
    assert "10 minutes apart" in result["msg"].splitlines()[2]
    assert "10 minutes apart" in result["registries"][1]["remedy"]
    assert "clocks" not in result
    assert result["msg"].splitlines()[1] == (
        "- a.b: name mismatch (plain TLS): no. The certificate is for a.b: use one of these names in "
        "builder_registries and images, or have it reissued for a.b."
    )
    assert [(each["registry"], each["names"]) for each in result["certificates"]] == [("a.b", ["a.b"])]
    assert result["warnings"][0].startswith("a.b: certificate CN=a.b expires on ")
    assert "chains" not in result


def test_a_proof_of_trust_that_could_not_begin_is_told_as_it_is(play: Path) -> None:
    broken = {"failed": True, "msg": "no Python"}
    result, _calls = run("registry_proof", {}, play, module_result=broken)
    assert (result["msg"], "certificates" in result) == ("no Python", False)
    down = {"failed": True, "msg": "dockerd does not answer", "registries": [], "chains": {}, "clocks": {}, "notes": []}
    result, _calls = run("registry_proof", {}, play, module_result=down)
    assert (result["msg"], result["certificates"]) == ("dockerd does not answer", [])


def vaulted(text: str) -> str:
    """*text* as a vaulted value of YAML."""
    lines = VaultLib().encrypt(text, secret=PASSWORD).decode().splitlines()
    return "".join(["!vault |", *(f"\n  {line}" for line in lines)])


def test_a_play_with_templates_and_vault(play: Path, ca: Pair) -> None:
    """Ansible tags what it templates and decrypts: the whole way, with ansible-playbook."""
    (play / "inventory/hosts").write_text("localhost ansible_connection=local\n")
    (play / "files/ca.pem").write_text(ca.pem)
    (play / "vars.yml").write_text(
        f"secret: {vaulted('hunter2')}\nvaulted_ca: {vaulted(ca.pem)}\nhost: Harbor.example.com\n"
    )
    task = {
        "multiarch.builders.spec": {
            "platforms": "{{ ['aarch64', 'amd64'] }}",
            "registries": [
                {"host": "{{ host }}", "ca": "ca.pem", "username": "u", "password": "{{ secret }}"},
                {"host": "b.example", "ca": "{{ vaulted_ca }}"},
            ],
            "binfmt_image": "x/binfmt",
            "instances": [{"name": "{{ host.partition('.')[0] }}", "driver_opts": {"cpu-quota": "{{ 50000 }}"}}],
            "users": "{{ wrong | default(omit) }}",
        }
    }
    (play / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "all", "gather_facts": False, "vars_files": ["vars.yml"], "tasks": [task]}])
    )
    (play / "password").write_text("vault password")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "inventory/hosts"]
    command += ["--vault-password-file", "password", "play.yml"]
    env = os.environ | {"ANSIBLE_HOME": str(play / ".ansible"), "ANSIBLE_LOCALHOST_WARNING": "false"}
    good = subprocess.run(command, cwd=play, env=env, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "binfmt_image: 'x/binfmt' can change" in good.stdout + good.stderr
    bad = subprocess.run([*command, "-e", "wrong=root"], cwd=play, env=env, capture_output=True, text=True, check=False)
    assert bad.returncode != 0
    assert "users = 'root': is a string, not a list." in bad.stdout + bad.stderr
    assert "hunter2" not in bad.stdout + bad.stderr + good.stdout + good.stderr


@pytest.fixture
def harbor(play: Path, ca: Pair, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[HarborStandIn]:
    """A stand-in of Harbor's API that offers *ca*, reached without a proxy."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    (play / "tmp").mkdir()
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(play / "tmp"))
    with HarborStandIn(play, ca) as stand_in:
        yield stand_in


def test_harbor_is_asked_once_for_all_tasks_and_hosts_of_a_run(play: Path, ca: Pair, harbor: HarborStandIn) -> None:
    entry = {"host": harbor.host, "ca_from": "harbor", "ca_fingerprint": ca.fingerprint}
    for _task in range(3):
        _result, calls = run("registry_trust", {"registries": [entry]}, play)
        (registry,) = calls[0]["module_args"]["registries"]
        assert registry["ca"] == ca.pem
        assert not {"ca_from", "ca_fingerprint"} & set(registry)
    assert len(harbor.asked) == 1
    result, _calls = run("registry_trust", {"registries": [entry | {"ca_fingerprint": "0" * 64}]}, play)
    assert ca.fingerprint in result["problems"][0]["message"], "what is kept has to have the fingerprint, too"
    assert len(list((play / "tmp").iterdir())) == 1


def test_a_failure_of_harbor_is_a_problem_and_is_not_kept(play: Path, ca: Pair, harbor: HarborStandIn) -> None:
    entry = {"host": harbor.host, "ca_from": "harbor", "ca_fingerprint": ca.fingerprint}
    good, harbor.answer = harbor.answer, Answer(404)
    result, calls = run("registry_trust", {"registries": [entry]}, play)
    assert calls == []
    assert [problem["variable"] for problem in result["problems"]] == ["registries[0].ca_from"]
    assert list((play / "tmp").iterdir()) == []
    harbor.answer = good
    assert "problems" not in run("registry_trust", {"registries": [entry]}, play)[0]


def test_a_play_asks_harbor_once_and_leaves_nothing(play: Path, ca: Pair, harbor: HarborStandIn) -> None:
    """Workers are processes, which share what was answered: with ansible-playbook, two hosts and two tasks."""
    (play / "inventory/hosts").write_text("a ansible_connection=local\nb ansible_connection=local\n")
    entry = {"host": harbor.host, "ca_from": "harbor", "ca_fingerprint": ca.fingerprint}
    tasks = [{"multiarch.builders.spec": {"registries": [entry], "ca_warn_days": 0}}] * 2
    (play / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "inventory/hosts", "--forks", "1"]
    env = os.environ | {"ANSIBLE_HOME": str(play / ".ansible"), "ANSIBLE_LOCAL_TEMP": str(play / "tmp")}
    ran = subprocess.run([*command, "play.yml"], cwd=play, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(harbor.asked) == 1
    assert list((play / "tmp").iterdir()) == []
