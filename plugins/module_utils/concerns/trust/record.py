# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of certificates and logins on a host."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.multiarch.builders.plugins.module_utils.state.owned_files import WithFiles
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import RecordFile


@dataclass(frozen=True)
class OwnLogin:
    """A managed login of a *user* to a *server*, stored in a *helper* or in config.json (None).

    *digests* are `SALT:DIGEST` of the token; two if a run was killed between recording a new login and making it.
    """

    user: str
    server: str
    helper: t.Optional[str]
    digests: t.Tuple[str, ...]


@dataclass(frozen=True)
class TrustRecord(WithFiles):
    """trust.json. *stale* says that the operating system's store must still be refreshed.

    *replaced* are the names in logins that ours replaced, by `USER SERVER`.
    """

    stale: bool = False
    logins: t.Tuple[OwnLogin, ...] = ()
    replaced: t.Mapping[str, str] = field(default_factory=dict)


RECORD = RecordFile("trust", TrustRecord)
