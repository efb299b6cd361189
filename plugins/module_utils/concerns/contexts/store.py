# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's contexts, ~/.docker/contexts, as docker writes them: paths, and the content of meta.json.

docker/cli, cli/context (the same from 20.10 to 29.7): meta/ID/meta.json, and below tls/ID/docker the files ca.pem,
cert.pem and key.pem. ID is the SHA-256 of the name. A folder of certificates means TLS, even if it is empty.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.multiarch.builders.plugins.module_utils.host.users import user_entry
from ansible_collections.multiarch.builders.plugins.module_utils.model.desired import Context
from ansible_collections.multiarch.builders.plugins.module_utils.model.json_document import Document, render
from ansible_collections.multiarch.builders.plugins.module_utils.model.merge_patch import merge

CA, CERTIFICATE, KEY = "ca.pem", "cert.pem", "key.pem"
FILES = (CA, CERTIFICATE, KEY)


def folder(user: str) -> str:
    """The directory of the contexts of *user*; one that the user's DOCKER_CONFIG names is not ours."""
    return f"{user_entry(user).pw_dir}/.docker/contexts"


def meta_path(user: str, name: str) -> str:
    """The file that makes a context."""
    return f"{folder(user)}/meta/{_id(name)}/meta.json"


def tls_folder(meta: str) -> str:
    """The directory of the certificates of the context whose meta.json is *meta*."""
    top, _meta, name, _file = meta.rsplit("/", 3)
    return f"{top}/tls/{name}/docker"


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def tls_texts(wanted: Context) -> t.Dict[str, str]:
    """{file: PEM}."""
    contents = {CA: wanted.ca, CERTIFICATE: wanted.client_cert, KEY: wanted.client_key}
    return {name: pem for name, pem in contents.items() if pem}


def parse(text: t.Optional[str]) -> t.Optional[Document]:
    """The content of a meta.json, None if it is missing, or nothing that docker can read."""
    try:
        found = json.loads(text or "")
        settings = _settings(found)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return found if all(isinstance(each, dict) for each in (found, *settings)) else None


def _settings(found: t.Mapping[str, t.Any]) -> t.Tuple[t.Any, t.Any]:
    """(what describes the context, its endpoint for docker)."""
    return found.get("Metadata") or {}, (found.get("Endpoints") or {}).get("docker") or {}


def host_of(found: t.Mapping[str, t.Any]) -> str:
    """The host that a context leads to, "" for none."""
    return str(_settings(found)[1].get("Host") or "")


def skips_verification(found: t.Mapping[str, t.Any]) -> bool:
    """Whether any certificate is accepted."""
    return bool(_settings(found)[1].get("SkipTLSVerify"))


def text_of(wanted: Context, former: t.Optional[str]) -> str:
    """meta.json for *wanted*: *former*, with our keys in it; others are kept."""
    document = parse(former)
    patch = {
        "Name": wanted.name,
        "Metadata": {"Description": wanted.description or None},
        "Endpoints": {"docker": {"Host": wanted.host, "SkipTLSVerify": wanted.skip_tls_verify}},
    }
    after = merge(document or {}, patch)
    if document == after and former is not None:
        return former
    if former is None or document is None or "\n" not in former:
        return json.dumps(after, separators=(",", ":"), ensure_ascii=False)  # as docker does
    return render(after, former)


def described(found: t.Optional[t.Mapping[str, t.Any]]) -> str:
    """Our part of a meta.json for people, "" without one."""
    if found is None:
        return ""
    lines = [f"host: {host_of(found)}"]
    lines += [f"description: {_settings(found)[0]['Description']}"] if _settings(found)[0].get("Description") else []
    lines += ["skip_tls_verify: true"] if skips_verification(found) else []
    return "".join(f"{line}\n" for line in lines)
