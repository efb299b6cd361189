"""A builder that one host serves and another one uses: who is let in, and what changes while a build goes on."""

from __future__ import annotations

import json
import re
import shlex
import time
from pathlib import Path
from typing import Any

from ansible_collections.multiarch.builders.tests.unit.plugins.plugin_utils.x509_factory import Pair, make
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.hosts import tcp_builder
from tests.hosts.conftest import NEWER_ENGINE, OLDER_ENGINE
from tests.hosts.daemon import WITH_BUILDER, base
from tests.hosts.lab import Run, lab, on, playbook
from tests.hosts.own_registry import authority
from tests.hosts.test_remote import STRANGERS, Remote, builder, manifest, push
from tests.hosts.test_retire import snapshot

SERVER, CLIENT = OLDER_ENGINE, NEWER_ENGINE
PORT = 1234
NAME = tcp_builder.name(SERVER)
SERVICE, SOCKET = "multiarch-builders-serve.service", "multiarch-builders-serve.socket"
PATHS = "/etc/multiarch-builders-serve /run/multiarch-builders-serve /run/multiarch-builders-buildkit.sock"
CA = authority("CA of the fleet")
IN_BUILD = "sleep 1005"
HELD = "/var/tmp/held"
# A client that is connected and says nothing; what it hears at the end.
HOLD = f"""
import socket, ssl
context = ssl.create_default_context(cafile="{HELD}/ca.pem")
context.verify_flags &= ~ssl.VERIFY_X509_STRICT
context.load_cert_chain("{HELD}/jane.pem")
client = context.wrap_socket(socket.create_connection(("{NAME}", {PORT})), server_hostname="{NAME}")
client.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))  # SETTINGS
while client.recv(4096):
    open("{HELD}/connected", "w").close()
"""


def client_of(ca: Pair, name: str, *, end: int = 3650) -> Pair:
    return make(name, ca=False, issuer=ca, end=end, purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,))


def server() -> Pair:
    return make(NAME, ca=False, issuer=CA, names=(NAME,), purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))


CI, JANE = client_of(CA, "ci"), client_of(CA, "jane")


def run(name: str, *arguments: str, serve: dict[str, Any] | None, **more: Any) -> Run:
    """A playbook for the server; its keys are in no output."""
    given = {"concerns": [*WITH_BUILDER, "serve"], "platforms": ["amd64"], "users": ["root"], "verify_repository": ""}
    variables = {f"builder_{key}": value for key, value in {**given, "serve": serve or {}, **more}.items()}
    found = playbook(name, "-vv", "--diff", *arguments, limit=SERVER, variables=variables)
    assert not serve or serve["key"].splitlines()[1] not in found.output
    return found


def provisioned(shown: Pair, clients: dict[str, Pair], *arguments: str) -> Run:
    found = run("provision-builders", *arguments, serve=asked(shown, clients))
    assert found.status == 0, found.output
    return found


def asked(shown: Pair, clients: dict[str, Pair]) -> dict[str, Any]:
    rows = [{"name": name, "certificate": pair.pem} for name, pair in clients.items()]
    own = {"ca": CA.pem, "certificate": shown.pem, "key": shown.key_pem}
    return {"address": "0.0.0.0", "port": PORT, "clients": rows, **own}


def files(pair: Pair) -> dict[str, str]:
    return {"cacert": CA.pem, "cert": pair.pem, "key": pair.key_pem}


def journal() -> str:
    return on(SERVER, f"journalctl --quiet --output=cat --unit {SERVICE}")


def main_pid() -> str:
    return on(SERVER, f"systemctl show --property=MainPID --value {SERVICE}").strip()


def shown_at_the_port() -> str:
    """The fingerprint of the server's certificate, as a client without one sees it."""
    script = (
        f"import hashlib, ssl; pem = ssl.get_server_certificate(('{NAME}', {PORT}));"
        "print(hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest())"
    )
    return on(CLIENT, f"python3 -c {shlex.quote(script)}").strip()


def start_build_of(pair: Pair) -> None:
    """A build on the client, whose RUN step sleeps on the server until it is told to end."""
    dockerfile = f"FROM {base()}\nRUN {IN_BUILD}; echo slept\n"
    options = f"cacert={HELD}/ca.pem,cert={HELD}/ci.crt,key={HELD}/ci.key"
    for name, text in {"ca.pem": CA.pem, "ci.crt": pair.pem, "ci.key": pair.key_pem, "Dockerfile": dockerfile}.items():
        on(CLIENT, f"mkdir -p {HELD}; umask 077; cat > {HELD}/{name}", stdin=text)
    on(
        CLIENT,
        f"""
        docker buildx create --name held --driver remote --driver-opt {options} tcp://{NAME}:{PORT}
        systemd-run --quiet --collect --setenv=HOME=/root sh -c 'docker buildx build --builder held --no-cache \
            --progress plain {HELD} > {HELD}/log 2>&1; echo $? > {HELD}/status'
        """,
    )
    on(SERVER, f"timeout 60 sh -c 'until pgrep --full --exact \"{IN_BUILD}\" >/dev/null; do sleep 0.1; done'")


def hold_a_connection_of(pair: Pair) -> None:
    on(CLIENT, f"umask 077; cat > {HELD}/jane.pem", stdin=pair.key_pem + pair.pem)
    on(CLIENT, f"cat > {HELD}/hold.py; systemd-run --quiet --unit=held python3 {HELD}/hold.py", stdin=HOLD)
    on(CLIENT, f"timeout 20 sh -c 'until test -e {HELD}/connected; do sleep 0.1; done' || journalctl --unit held >&2")


def require_refusals(server_pair: Pair) -> None:
    """As the client sees them, and why in the server's journal."""
    refused = {
        "it has no client certificate": {"cacert": CA.pem},
        "its certificate is not accepted: unable to get local issuer": files(client_of(STRANGERS, "ci")),
        "its certificate is not accepted: certificate has expired": files(client_of(CA, "ci", end=30)),
        "its certificate is not accepted: uns": files(server_pair),  # unsupported or unsuitable purpose
        "is not in the table of clients (sha256:": files(client_of(CA, "ci")),
    }
    for why, given in refused.items():
        with builder(remote(), given) as status:
            assert status == "inactive", why
        assert re.search(rf"refused {re.escape(address(CLIENT))}:\d+: .*{re.escape(why)}", journal()), journal()


def remote() -> Remote:
    return Remote(CLIENT, SERVER, f"tcp://{NAME}:{PORT}", {}, CA)


def address(host: str) -> str:
    return on(SERVER, f"getent ahostsv4 {tcp_builder.name(host)} | awk 'NR == 1 {{ print $1 }}'").strip()


def require_known(folder: Path) -> None:
    """The report knows of it; what is broken is repaired."""
    found = run("report-builders", serve=asked(SHOWN, {"ci": CI, "jane": JANE}), report_dest=str(folder))
    assert found.status == 0, found.output
    (told,) = json.loads((folder / "builders.json").read_text())["hosts"]
    served = told["serve"]
    assert (served["running"], served["port"], served["clients"]) == (True, PORT, ["ci", "jane"])
    kinds = {(each["kind"], each["subject"]) for each in told["certificates"] if each["registry"].startswith("served")}
    assert {("server", f"CN={NAME}"), ("client", "CN=jane")} <= kinds
    on(SERVER, f"chmod 644 /etc/multiarch-builders-serve/server.pem; systemctl disable --now {SOCKET} 2>&1")
    repaired = provisioned(SHOWN, {"ci": CI, "jane": JANE})
    assert repaired.says("correct owner and mode of /etc/multiarch-builders-serve/server.pem")
    modes = on(SERVER, "cd /etc/multiarch-builders-serve; stat --format '%n %a %U:%G' . *").splitlines()
    closed = [f"{name} 640 root:multiarch-serve" for name in ("ca.pem", "clients.json", "server.pem")]
    assert modes == [". 750 root:multiarch-serve", *closed]
    for unit in (SERVICE, "multiarch-builders-buildkit@.service"):
        exposed = on(SERVER, f"systemd-analyze security --no-pager {unit.replace('@.', '@x.')} | tail -n 1")
        assert re.search(r"exposure level for \S+: [0-2]\.", exposed), exposed


SHOWN = server()


def test_clients_elsewhere_use_a_builder(tmp_path: Path) -> None:
    lab("reset", SERVER, CLIENT)
    on(SERVER, "docker buildx inspect >/dev/null")
    before = snapshot(SERVER)
    clients = {"ci": CI, "jane": JANE}

    on(SERVER, f"systemd-run --quiet --unit=holder python3 -m http.server {PORT}; sleep 1")
    taken = run("provision-builders", "--check", serve=asked(SHOWN, clients))
    assert taken.says(f"0.0.0.0:{PORT} is taken by python3 (process"), taken.output
    on(SERVER, "systemctl stop holder")
    checked = provisioned(SHOWN, clients, "--check")
    assert checked.says(f"start {SERVICE}, now and at each boot, on 0.0.0.0:{PORT}")
    assert snapshot(SERVER) == before
    provisioned(SHOWN, clients)
    assert provisioned(SHOWN, clients).recap(SERVER)["changed"] == 0
    assert provisioned(SHOWN, clients).says(f"<{SERVER}> unchanged since the last full plan")

    with builder(remote(), files(CI)) as status:
        assert status == "running"
        said = push(remote(), "served")
    assert manifest("served")["schemaVersion"] == 2, said
    require_refusals(SHOWN)
    require_known(tmp_path)

    # While one client builds, the server's certificate is renewed, and another client goes.
    start_build_of(CI)
    hold_a_connection_of(JANE)
    process, renewed = main_pid(), server()
    run_ = provisioned(renewed, {"ci": CI})
    assert run_.says("jane may no longer connect, and its connections are closed")
    assert run_.says(f"reload {SERVICE}: connections of clients that are still allowed go on")
    assert main_pid() == process
    assert shown_at_the_port() == renewed.fingerprint
    on(CLIENT, "timeout 20 sh -c 'while systemctl --quiet is-active held; do sleep 0.1; done'")
    assert "its certificate is no longer in the table of clients" in journal()
    with builder(remote(), files(JANE)) as status:
        assert status == "inactive"
    on(SERVER, f"pkill --full --exact '{IN_BUILD}'")
    on(CLIENT, f"timeout 30 sh -c 'until test -s {HELD}/status; do sleep 0.1; done'")
    assert on(CLIENT, f"cat {HELD}/status {HELD}/log").startswith("0\n")
    assert on(CLIENT, f"grep -cE '^#[0-9]+ [0-9.]+ slept$' {HELD}/log") == "1\n"
    time.sleep(1)
    assert "dial-stdio" not in on(SERVER, "docker top buildx_buildkit_multiarch0")

    retired = run("retire-builders", serve=None, retire_volumes=True)
    assert retired.status == 0, retired.output
    on(SERVER, f"docker rmi --force {base()} >/dev/null 2>&1 || true")
    assert sorted(set(snapshot(SERVER)) ^ set(before)) == []
    looks = (f"ls -d {PATHS} 2>/dev/null", "getent passwd multiarch-serve", "getent group multiarch-serve")
    left = on(SERVER, "".join(f"{each} || true; " for each in (*looks, f"ss -Hlnt 'sport = :{PORT}'")))
    assert left == ""
    assert on(SERVER, "systemctl list-units --all --plain --no-legend 'multiarch-builders-*'") == ""
