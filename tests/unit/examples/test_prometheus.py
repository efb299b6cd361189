"""The alert rules, the dashboard and the guard's metrics belong together; promtool checks rules and text."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.decide import EMULATORS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.formats import FORMATS
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.binfmt.handler_file import Handler
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.guard.record import (
    Certificate,
    Done,
    Settings,
)
from ansible_collections.multiarch.builders.plugins.module_utils.guard import measure
from ansible_collections.multiarch.builders.plugins.module_utils.guard.builders import History, Node
from ansible_collections.multiarch.builders.plugins.module_utils.guard.metrics import rendered

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "examples/prometheus"
RULES = FOLDER / "multiarch-builders.rules.yml"
NAME = re.compile(r"multiarch_builders_[a-z_]+")


@pytest.fixture
def promtool() -> str:
    found = os.environ.get("MULTIARCH_PROMTOOL") or shutil.which("promtool")
    if not found:
        pytest.skip("promtool is missing: MULTIARCH_PROMTOOL=$(tests/tools/promtool)")
    return found


def text() -> str:
    """Metrics of all pure parts of a host."""
    arm64 = FORMATS["arm64"]
    ours = Handler("qemu-aarch64", True, f"{EMULATORS}/1/qemu-aarch64", "POCF", 0, arm64.magic, arm64.mask)
    settings = Settings(certificates=(Certificate("h", "ca", 'CN="C\\A"', "ab", 2_000_000_000),))
    return rendered(
        [
            *measure.of_handlers({"qemu-aarch64": ours}, {"qemu-aarch64", "qemu-arm"}),
            *measure.of_nodes([Node("multiarch", "multiarch0", "running", History(1, 1, 2, 3, 4, 5, 6))]),
            *measure.of_certificates(settings),
            *measure.of_guard(Done(heals={"qemu-arm": 2}), 1_795_260_659.5),
            *measure.of_sweep(Done(freed={"docker": 1})),
        ]
    )


def test_the_rules(promtool: str) -> None:
    tests = FOLDER / "multiarch-builders.rules.test.yml"
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(tests)]):
        done = subprocess.run([promtool, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_text(promtool: str) -> None:
    """Also by the conventions of names and units."""
    done = subprocess.run([promtool, "check", "metrics"], input=text(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_rules_and_dashboard_name_metrics_that_are_written_and_documented() -> None:
    code = (ROOT / "plugins/module_utils/guard/measure.py").read_text()
    written = {f"multiarch_builders_{name}" for name in re.findall(r'Metric\(\s*f?"([a-z_{}]+)"', code)}
    written |= {name.replace("{key}", each) for name in written if "{key}" in name for each in ("size", "free")}
    written = {name for name in written if "{" not in name}
    used = {
        name
        for path in (RULES, FOLDER / "multiarch-builders.dashboard.json")
        for name in NAME.findall(path.read_text())
    }
    assert used - written == set()
    documented = set(NAME.findall((ROOT / "docs/guard.md").read_text()))
    assert documented == written


def test_the_dashboard_is_whole() -> None:
    found = json.loads((FOLDER / "multiarch-builders.dashboard.json").read_text())
    assert [each["title"] for each in found["panels"] if not each["targets"]] == []
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in found["panels"]]
    assert len(places) == len(set(places))


SCRAPE = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs: [{{job_name: node, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


@pytest.fixture
def exporter() -> Iterator[int]:
    """The port of a server in place of node-exporter, whose metrics are those of the guard alone."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is the base class's
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text().encode())

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_an_alert_fires_in_a_real_prometheus(promtool: str, exporter: int, tmp_path: Path) -> None:
    """For a managed handler that is missing; without the minutes that it waits."""
    program = shutil.which("prometheus", path=str(Path(promtool).parent))
    if not program:
        pytest.skip("there is no prometheus beside promtool")
    (tmp_path / "rules.yml").write_text(re.sub(r"for: \w+", "for: 0s", RULES.read_text()))
    (tmp_path / "prometheus.yml").write_text(SCRAPE.format(rules=tmp_path / "rules.yml", port=exporter))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    command = [program, *options, f"--web.listen-address={address}", "--log.level=warn"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            firing = _firing(address, process)
        finally:
            process.terminate()
    assert {(each["alertname"], each.get("handler")) for each in firing} >= {("BuilderHandlerMissing", "qemu-arm")}
    assert not [each for each in firing if each.get("handler") == "qemu-aarch64"]


def _firing(address: str, process: subprocess.Popen[bytes]) -> list[dict[str, str]]:
    """The labels of the alerts, once there are any."""
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        time.sleep(0.5)
        try:
            with urllib.request.urlopen(f"http://{address}/api/v1/alerts", timeout=5) as answer:
                alerts = json.load(answer)["data"]["alerts"]
        except OSError:
            continue
        if alerts:
            return [each["labels"] for each in alerts if each["state"] == "firing"]
    raise AssertionError(f"no alert; Prometheus ended with {process.poll()}")


def test_every_alert_says_what_to_do() -> None:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]:
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
