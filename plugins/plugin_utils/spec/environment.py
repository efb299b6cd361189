# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment variables for jobs: names checked, values in a form that all readers of the file understand.

The file is read by PAM (/etc/environment; linux-pam, modules/pam_env/pam_env.c: `#` ends a value anywhere, and one
line of more than 1023 bytes ends the whole file), by systemd (EnvironmentFile=; src/basic/env-file.c: it removes
quotes and backslashes), by GitHub's runner (.env; actions/runner, Runner.Listener/Program.cs: no quoting, an empty
value unsets) and by shells. They agree on text without space, quote, backslash, `#`, `$` and the like.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from ansible_collections.multiarch.builders.plugins.module_utils.docker.client_environment import SETTINGS, as_text
from ansible_collections.multiarch.builders.plugins.plugin_utils.values.problems import Findings, type_name

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE = re.compile(r"[A-Za-z0-9_@%+=:,./^-]+")
_SIGNS = "letters, digits and _ @ % + = : , . / ^ -"
_LONGEST = 1000  # characters of a line
# Minimum similarity to a known name. Many unrelated names begin with DOCKER_.
_NEAR = {"BUILDX_": 0.8, "BUILDKIT_": 0.8, "DOCKER_": 0.9}

_ELSEWHERE = ("directs jobs away from the builder, which is in ~/.docker of each of builder_users", "Remove it")
_DAEMON = ("directs jobs to another dockerd than this host's", "Remove it; for builders on other hosts use `nodes`")
_LOGIN = ("contains a login, but the file may be world-readable", "Use `username` and `password` in builder_registries")
_GIT = ("contains a secret, but the file may be world-readable", "Have the CI system pass it to the jobs that need it")
_REFUSED = {
    "BUILDX_BUILDER": ("is set automatically", "Set `default: true` for one of builder_instances"),
    "BUILDX_CONFIG": _ELSEWHERE,
    "DOCKER_CONFIG": _ELSEWHERE,
    "HOME": _ELSEWHERE,
    "BUILDKIT_HOST": ("directs jobs to another buildkitd", "Use an instance with `driver: remote`"),
    "DOCKER_HOST": _DAEMON,
    "DOCKER_CONTEXT": _DAEMON,
    "DOCKER_TLS": _DAEMON,
    "DOCKER_TLS_VERIFY": _DAEMON,
    "DOCKER_CERT_PATH": _DAEMON,
    "DOCKER_AUTH_CONFIG": _LOGIN,
    "BUILDX_BAKE_GIT_AUTH_TOKEN": _GIT,
    "BUILDX_BAKE_GIT_AUTH_HEADER": _GIT,
}
# By suffix: TOKENIZERS_PARALLELISM and AWS_WEB_IDENTITY_TOKEN_FILE contain no secret.
_SECRET = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET)_?KEY)$"
)


def check_environment(
    values: Mapping[object, object], variable: str, findings: Findings, *, missing: str = ""
) -> dict[str, str]:
    """The variables as text; problems are added to *findings*. *missing* is the unset option for the file."""
    if values and missing:
        remedy = f"Set {missing} too, such as /etc/environment or the .env of a runner, or remove this"
        findings.problem(variable, None, f"is set, but {missing} names no file to write it to", remedy)
    found = {}
    for name, value in values.items():
        if isinstance(name, str) and _check_name(name, variable, findings):
            text = _text(name, value, f"{variable}.{name}", findings)
            if text is not None:
                found[name] = text
        elif not isinstance(name, str):
            findings.problem(f"{variable}.{name}", None, "has a name that is not a string", "Put the name in quotes")
    return found


def _check_name(name: str, variable: str, findings: Findings) -> bool:
    """Whether a variable may have this *name*."""
    where = f"{variable}.{name}"
    if name in _REFUSED:
        findings.problem(where, None, *_REFUSED[name])
    elif not _NAME.fullmatch(name):
        findings.problem(where, None, "is not a valid variable name", "Use letters, digits and _, not a digit first")
    elif name not in SETTINGS and _SECRET.search(name.upper()):
        findings.problem(where, None, *_GIT)
    elif name not in SETTINGS and (near := _meant(name)):
        findings.problem(where, None, "is not a variable of buildx, BuildKit or docker", f"Did you mean {near}?")
    else:
        if name in SETTINGS and SETTINGS[name].obsolete:
            findings.warn(where, f"has no effect: {SETTINGS[name].obsolete}")
        return True
    return False


def _meant(name: str) -> str:
    """The setting that *name* is a misspelling of, "" for none."""
    upper = name.upper()
    cutoff = next((each for start, each in _NEAR.items() if upper.startswith(start)), None)
    return next(iter(difflib.get_close_matches(upper, SETTINGS, n=1, cutoff=cutoff) if cutoff else ()), "")


def _text(name: str, value: object, where: str, findings: Findings) -> str | None:
    """*value* as written to the file, None if it is invalid."""
    text, known = as_text(name, value), SETTINGS.get(name)
    if text is None:
        what = "is null" if value is None else f"is {type_name(value)}, which could be written in several ways"
        findings.problem(where, None, what, "Write the text that the program expects, in quotes, or remove it")
    elif not text:
        remedy = "Remove it: GitHub's runner treats an empty value as unset, others do not"
        findings.problem(where, None, "is empty, which readers interpret differently", remedy)
    elif "://" in text and "@" in text:
        findings.problem(where, None, *_LOGIN)
    elif not _VALUE.fullmatch(text):
        message = "has a character that PAM, systemd, GitHub's runner and shells interpret differently"
        findings.problem(where, value, message, f"Use {_SIGNS} only")
    elif len(f"{name}={text}") > _LONGEST:
        findings.problem(where, None, f"is longer than {_LONGEST} characters", "Shorten it: PAM reads no longer lines")
    elif known is not None and not known.takes(text):
        findings.problem(where, value, f"is not a valid value for {known.program}", f"Valid values: {known.values}")
    else:
        return text
    return None
