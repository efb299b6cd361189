# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client that Ansible does not manage needs to build on hosts that serve: certificates, and how to use them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.fleet import Client, Server
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.folder import FolderError
from ansible_collections.multiarch.builders.plugins.plugin_utils.serve.source import Source
from ansible_collections.multiarch.builders.plugins.plugin_utils.x509.certificates import load_certificates

BUILDER = "fleet"
_MERGED = """
What several of these hosts build for one push, buildx puts together itself. So the client also needs access to the
registry, and has to trust its CA: with the system's certificates, or a file that `SSL_CERT_FILE` names.
"""
_OWN = "Its certificates are of another CA: give the client those"


@dataclass(frozen=True)
class File:
    """A file of the bundle; *mode* None for the permissions of a new file."""

    name: str
    text: str = field(repr=False)
    mode: int | None = None

    def is_in(self, folder: Path) -> bool:
        """Whether the folder has it so."""
        path = folder / self.name
        try:
            same = path.read_text() == self.text
            return same and (self.mode is None or path.stat().st_mode & 0o777 == self.mode)
        except (OSError, UnicodeDecodeError):
            return False


def bundle_of(source: Source, name: str) -> list[File]:
    """The files for the client *name*. Raises FolderError: it is no client, or has no certificate yet."""
    client = source.fleet.clients.get(name)
    if client is None:
        known = ", ".join(sorted(source.fleet.clients)) or "none"
        message = f"{name} is not a client of any host that serves"
        raise FolderError(Path("builder_serve.clients"), message, f"Add it there; known clients: {known}")
    servers = [source.fleet.servers[each] for each in client.servers]
    if others := [each.name for each in servers if each.own]:
        raise FolderError(Path("builder_serve.certificate"), f"{', '.join(others)} has no certificate of the CA", _OWN)
    files = source.of_client(client)
    (certificate,) = load_certificates(files.certificate.encode())
    return [
        File("ca.pem", files.ca),
        File("cert.pem", files.certificate),
        File("key.pem", files.key, 0o600),
        File("README.md", readme(client, servers, certificate.not_valid_after_utc)),
    ]


def commands(servers: Sequence[Server], ca: str, cert: str, key: str) -> list[str]:
    """The commands that make a builder of *servers*, with the files of these paths as a shell reads them in quotes."""
    return [
        f"docker buildx create --name {BUILDER} {'--append ' if index else ''}--driver remote \\\n"
        f'  --driver-opt "cacert={ca},cert={cert},key={key}" \\\n  {server.endpoint}'
        for index, server in enumerate(servers)
    ]


def readme(client: Client, servers: Sequence[Server], end: datetime.datetime) -> str:
    """The page of the bundle, with snippets for three CI systems.

    Each has a store of its own: the next build of an agent that stays could not create the builder again. No key is in
    a build's context, from which `COPY . .` would put it into an image.
    """
    names = ", ".join(server.endpoint for server in servers)
    secret = re.sub(r"[^A-Z0-9]+", "_", client.name.upper()).strip("_") or "CLIENT"
    build = f"docker buildx build --builder {BUILDER} --platform linux/amd64,linux/arm64"

    def steps(*files: str) -> list[str]:
        return [*commands(servers, *files), f"{build} ."]

    of_gitlab = steps(f"${secret}_CA", f"${secret}_CERT", f"${secret}_KEY")
    of_github, of_jenkins = steps("$tls/ca.pem", "$tls/cert.pem", "$tls/key.pem"), steps("$CA", "$CERT", "$KEY")
    return f"""# Builds of {client.name} on {names}

`cert.pem` and `key.pem` identify {client.name}: whoever has the key may build there. The certificate is valid until
{end:%Y-%m-%d}. Fetch a new bundle before that; both work until then.

In this folder, with Docker's buildx 0.12 or newer:

```shell
{chr(10).join(commands(servers, "$PWD/ca.pem", "$PWD/cert.pem", "$PWD/key.pem"))}
{build} /path/to/project
```

The paths of the files have to stay as they are: buildx reads them for every build. Keep this folder out of projects:
`COPY . .` there would put the key into an image. Logins to registries stay with the
client (`docker login`), and go to the builder only for a build.
{_MERGED if len(servers) > 1 else ""}
## GitLab CI

Three variables of the type *File*, `key.pem` protected: `{secret}_CA`, `{secret}_CERT`, `{secret}_KEY`.

```yaml
build:
  image: docker.io/library/docker:cli
  script:
    - export BUILDX_CONFIG="$(mktemp -d)"
{_items(of_gitlab, "    ")}
```

## GitHub Actions

Three secrets with the contents of the files, of the same names.

```yaml
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Build
        env:
          CA: ${{{{ secrets.{secret}_CA }}}}
          CERT: ${{{{ secrets.{secret}_CERT }}}}
          KEY: ${{{{ secrets.{secret}_KEY }}}}
        run: |
          tls=$RUNNER_TEMP/tls && rm -rf "$tls" && mkdir -m 700 "$tls"
          export BUILDX_CONFIG="$tls/buildx"
          printf '%s\\n' "$CA" >"$tls/ca.pem"
          printf '%s\\n' "$CERT" >"$tls/cert.pem"
          printf '%s\\n' "$KEY" >"$tls/key.pem"
{_indented(of_github, 10)}
```

## Jenkins

Three credentials of the kind *Secret file*, `{secret.lower()}-ca`, `{secret.lower()}-cert` and `{secret.lower()}-key`.

```groovy
stage('Build') {{
    withCredentials([file(credentialsId: '{secret.lower()}-ca', variable: 'CA'),
                     file(credentialsId: '{secret.lower()}-cert', variable: 'CERT'),
                     file(credentialsId: '{secret.lower()}-key', variable: 'KEY')]) {{
        sh '''
            export BUILDX_CONFIG="$WORKSPACE_TMP/buildx" && rm -rf "$BUILDX_CONFIG"
{_indented([each.replace(chr(92), chr(92) * 2) for each in of_jenkins], 12)}
        '''
    }}
}}
```
"""


def _items(steps: Sequence[str], indent: str) -> str:
    """The *steps* as a list in YAML, each on one line."""
    lines = [re.sub(r" *\\\n *", " ", each) for each in steps]
    return "\n".join(f"{indent}- {line}" for line in lines)


def _indented(steps: Sequence[str], width: int) -> str:
    return "\n".join(f"{' ' * width}{line}" for each in steps for line in each.splitlines())
