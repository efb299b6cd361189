#!/usr/bin/python3
"""Stand-in for the part of Harbor's core that stands before its registry: tokens and what is said without a right one.

    token_service.py SETTINGS KEY SOCKET

It is asked by nginx alone, over a Unix socket:

    GET /service/token    a token for the client, signed with KEY (src/core/service/token of goharbor/harbor)
    GET /check            nothing, or for right basic credentials a token in the header Authorization, as
                          clients may ask /v2/ with these too (src/server/middleware/security/robot.go)
    GET /unauthorized     the body and the challenge of a 401 of /v2/ (src/server/middleware/v2auth/auth.go)

SETTINGS is a file of JSON, read for each request: {"users": {name: hash}, "key_id": …, "realm": …, "faults": {…}}. What
Harbor does was looked up in its sources; none of its code is here. Every project exists and is private.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ISSUER, SERVICE = "harbor-token-issuer", "harbor-registry"
LIFETIME = 1800  # seconds
REPOSITORY = re.compile(r"/v2/(?P<name>.+)/(manifests|blobs|tags|referrers)/")
ACTIONS = {"GET": "pull", "HEAD": "pull", "POST": "push", "PATCH": "push", "PUT": "push", "DELETE": "delete"}
ASKED_FOR = {"pull": "pull", "push": "pull,push", "delete": "delete"}
# nginx's own page: what users of a Harbor see whose core is down.
BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)

Access = list[dict[str, Any]]


@dataclass(frozen=True)
class Faults:
    """What may be wrong with a Harbor; by default nothing is."""

    # The token endpoint that clients are told in place of the right one: https://host[:port]/path.
    realm: str = ""
    # What the token endpoint answers everybody: 500 as Harbor's core, 502 as nginx before a core that is down.
    token_status: int = 200
    # Whether who has no credentials, or wrong ones, gets a token without access (Harbor), or 401 (other registries).
    anonymous: bool = True
    # What users may do. Without "push": a robot that may only pull.
    actions: tuple[str, ...] = ("pull", "push", "delete")
    # Seconds from now at which a token begins to be valid, for half an hour: -86400 is one of yesterday, expired.
    valid_in: int = 0
    # nginx answers everything with its own 502, as before a core that is down; read by nginx, not here.
    core_down: bool = False


@dataclass(frozen=True)
class Settings:
    """What the file says: users with the hashes of their passwords, the key's id, the token endpoint unless it is
    /service/token where the client asked, and what is wrong."""

    users: dict[str, str]
    key_id: str
    realm: str = ""
    faults: Faults = field(default_factory=Faults)


def settings_of(text: str) -> Settings:
    """The file's content."""
    content = json.loads(text)
    faults = content.get("faults", {})
    if "actions" in faults:
        faults["actions"] = tuple(faults["actions"])
    return Settings(content["users"], content["key_id"], content.get("realm", ""), Faults(**faults))


def hashed(password: str, salt: str = "") -> str:
    """A password as the settings hold it, SALT:HASH; it is long and random, so one round is enough."""
    salt = salt or secrets.token_hex(8)
    return f"{salt}:{hashlib.sha256(f'{salt}{password}'.encode()).hexdigest()}"


def user_of(authorization: str, users: dict[str, str]) -> str:
    """The user whose name and password a header `Authorization: Basic …` has; '' if they are of none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return ""
    known = users.get(name, "")
    right = hmac.compare_digest(known, hashed(password, known.partition(":")[0] or "none"))
    return name if colon and right else ""


def access_of(scopes: list[str], allowed: tuple[str, ...]) -> Access:
    """What a token for *scopes* gives: in repositories all that the user may, whatever was asked, elsewhere nothing.

    A repository has a project: one without a slash in its name is none (parseImg in token/creator.go).
    """
    access = []
    for scope in " ".join(scopes).split():
        kind, *rest = scope.split(":")
        name = ":".join(rest[:-1] or rest)
        actions = sorted(allowed) if kind == "repository" and "/" in name else []
        access.append({"type": kind, "name": name, "actions": actions})
    return access


def needed(method: str, uri: str) -> list[tuple[str, str]]:
    """(repository, action) for each access that a request to /v2/ needs; a mount of a blob needs two."""
    parts = urlsplit(uri)
    found = REPOSITORY.match(parts.path)
    if not found or method not in ACTIONS:
        return []
    access = [(found["name"], ACTIONS[method])]
    source = parse_qs(parts.query).get("from", [""])[0]
    return [*access, (source, "pull")] if method == "POST" and source else access


def refusal(method: str, uri: str, realm: str, *, anonymous: bool) -> tuple[str, str]:
    """The challenge and the body of a 401. Who came with credentials of any kind is asked for basic ones."""
    access = needed(method, uri)
    challenge = f'Bearer realm="{realm}",service="{SERVICE}"'
    if access:
        scopes = " ".join(f"repository:{name}:{ASKED_FOR[action]}" for name, action in access)
        challenge += f',scope="{scopes}"'
    said = "unauthorized"
    if urlsplit(uri).path == "/v2/_catalog":
        said = "unauthorized to list catalog"
    elif access and anonymous and method in ("GET", "HEAD"):
        said = "authorize header needed to send HEAD to repository"
    elif access:
        said = f"unauthorized to access repository: {access[0][0]}, action: {access[0][1]}"
    if not anonymous or urlsplit(uri).path == "/v2/_catalog":
        challenge = 'Basic realm="harbor"'
    return challenge, errors("UNAUTHORIZED", f"{said}: {said}")


def errors(code: str, message: str) -> str:
    """An error as Harbor words it."""
    return json.dumps({"errors": [{"code": code, "message": message}]}, separators=(",", ":")) + "\n"


def encoded(content: bytes) -> str:
    """Base64 as in a JSON Web Token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(subject: str, access: Access, key_id: str, start: int) -> str:
    """The head and the claims of a token, ready to be signed; valid from *start*, in seconds since 1970."""
    head = {"typ": "JWT", "alg": "RS256", "kid": key_id}
    times = {"iat": start, "nbf": start, "exp": start + LIFETIME}
    claims = {"iss": ISSUER, "sub": subject, "aud": SERVICE, **times, "jti": secrets.token_hex(8), "access": access}
    return ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))


def signed(text: str, key: str) -> str:
    """The whole token; RS256."""
    argv = ["openssl", "dgst", "-sha256", "-binary", "-sign", key]
    done = subprocess.run(argv, input=text.encode(), capture_output=True, check=True)
    return f"{text}.{encoded(done.stdout)}"


class Core(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    settings_file = key_file = ""

    def do_GET(self) -> None:
        settings = settings_of(Path(self.settings_file).read_text())
        parts = urlsplit(self.path)
        authorization = self.headers.get("Authorization", "")
        if parts.path == "/service/token":
            self.give_token(settings, parse_qs(parts.query), authorization)
        elif parts.path == "/check":
            self.check(settings, authorization)
        elif parts.path == "/unauthorized":
            realm = settings.faults.realm or settings.realm or f"https://{self.headers['Host']}/service/token"
            asked = self.headers["X-Original-Method"], self.headers["X-Original-URI"]
            challenge, body = refusal(*asked, realm, anonymous=not authorization)
            heads = {"Www-Authenticate": challenge, "Docker-Distribution-Api-Version": "registry/2.0"}
            self.answer(401, body, {"Content-Type": "application/json; charset=utf-8", **heads})
        else:
            self.answer(404)

    def do_POST(self) -> None:
        # beego has no route for it. What the client sent is read all the same, or nginx would answer 502 to some.
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(405, "Method Not Allowed")

    def give_token(self, settings: Settings, query: dict[str, list[str]], authorization: str) -> None:
        """Answer the token endpoint. Wrong credentials are none, as in Harbor."""
        faults, scopes = settings.faults, query.get("scope", [])
        user = user_of(authorization, settings.users)
        if faults.token_status == 502:
            self.answer(502, BAD_GATEWAY, {"Content-Type": "text/html"})
        elif faults.token_status != 200:
            self.answer(faults.token_status)
        elif query.get("service") != [SERVICE]:
            self.answer(400, f"Unable to handle service: {(query.get('service') or [''])[0]}")
        elif not user and not (faults.anonymous and scopes):
            self.answer(401)
        else:
            token, start = self.token(settings, user, scopes)
            issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start))
            content = {"token": token, "access_token": "", "expires_in": LIFETIME, "issued_at": issued}
            self.answer(200, json.dumps(content, indent=2), {"Content-Type": "application/json; charset=utf-8"})

    def check(self, settings: Settings, authorization: str) -> None:
        """Turn right basic credentials into a token for what the request needs."""
        user = user_of(authorization, settings.users)
        if not user:
            return self.answer(200)
        access = needed(self.headers["X-Original-Method"], self.headers["X-Original-URI"])
        token, _start = self.token(settings, user, [f"repository:{name}:{action}" for name, action in access])
        return self.answer(200, heads={"Authorization": f"Bearer {token}"})

    def token(self, settings: Settings, user: str, scopes: list[str]) -> tuple[str, int]:
        """A token and its first second."""
        start = int(time.time()) + settings.faults.valid_in
        access = access_of(scopes, settings.faults.actions if user else ())
        return signed(unsigned(user, access, settings.key_id, start), self.key_file), start

    def answer(self, status: int, body: str = "", heads: dict[str, str] | None = None) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {**(heads or {}), "Content-Length": str(len(body.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(body.encode())

    def log_message(self, format: str, *words: Any) -> None:
        print(format % words, file=sys.stderr)  # over a Unix socket a client has no address


class Server(ThreadingUnixStreamServer):
    """Many at once."""

    daemon_threads = True
    request_queue_size = 512


def main(settings: str, key: str, path: str) -> None:
    Core.settings_file, Core.key_file = settings, key
    with Server(path, Core) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
