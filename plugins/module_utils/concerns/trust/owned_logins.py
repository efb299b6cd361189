# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed logins: recorded when they are made, removed when they are no longer required.

The record holds a salted digest, never a secret. A login that was changed since is foreign, and is dropped from it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import typing as t
from dataclasses import replace

from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.decide import (
    Login,
    Logout,
    Place,
    host_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.login import (
    credentials_of,
    kept,
    log_in,
    log_out,
    place_of,
    token_of,
    whose,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.record import (
    RECORD,
    OwnLogin,
    TrustRecord,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state import config_json
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import without

_ROUNDS = 100_000  # of PBKDF2: some 50 ms per guess

Memory = t.Mapping[Place, t.Tuple[str, ...]]


def digest_of(token: str, salt: t.Optional[str] = None) -> str:
    """`SALT:DIGEST` of a token, with a random salt by default."""
    salt = salt or secrets.token_hex(16)
    return f"{salt}:{hashlib.pbkdf2_hmac('sha256', token.encode(), bytes.fromhex(salt), _ROUNDS).hex()}"


def is_of(digest: str, token: str) -> bool:
    """Whether *digest* is a digest of this token."""
    return hmac.compare_digest(digest, digest_of(token, digest.partition(":")[0]))


def remembered() -> Memory:
    """{place: digests}; two digests if a run was killed between recording a new login and making it."""
    return {_place(each): each.digests for each in RECORD.read().logins}


def is_ours(place: Place, digests: t.Iterable[str]) -> bool:
    """Whether the login at *place* is unchanged since we made it. Raises HostError if that is unknown."""
    token = kept(place) if is_user(place.user) else None
    return token is not None and any(is_of(each, token) for each in digests)


def retired(memory: Memory, wanted: t.Container[Place]) -> t.Tuple[t.Tuple[Logout, ...], t.Tuple[str, ...]]:
    """Recorded logins no longer *wanted*, and notes on those of unknown state, which the next run re-checks."""
    steps, notes = [], []
    for place, digests in memory.items():
        if place in wanted:
            continue
        try:
            steps.append(Logout(place, is_ours(place, digests)))
        except HostError as exc:
            notes.append(f"{place.user} is not logged out of {host_of(place.server)} yet: {exc}")
    return tuple(steps), tuple(notes)


def log_in_owned(step: Login) -> None:
    """Log in and record the login; an existing one that differs in the file's mode only remains unmanaged."""
    place, token = place_of(step.user, step.registry), token_of(credentials_of(step.registry))
    former = remembered().get(place, ())
    if not former and place.helper is None and kept(place) == token:
        log_in(step)
        return
    # Recorded before it is made, with the former one: after a crash in between, either is known as managed.
    if not former:
        _remember_replaced(place, replaced_by(step) or "")
    digest = digest_of(token)
    _remember(place, (*former, digest))
    log_in(step)
    _remember(place, (digest,))


def log_out_owned(step: Logout) -> None:
    """Log out unless someone else has changed the login, and drop it from the record."""
    if is_ours(step.place, remembered().get(step.place, ())):
        log_out(step.place)
    config_json.tidy(step.place.user)
    _remember_replaced(step.place, "")
    _remember(step.place, ())


def replaced_by(step: Login) -> t.Optional[str]:
    """The user name in a foreign login that *step* replaces, None if it replaces none.

    Its secret is not stored anywhere, so it cannot be restored later.
    """
    place = place_of(step.user, step.registry)
    if place in remembered():
        return None
    try:
        ours = kept(place) == token_of(credentials_of(step.registry))
        return None if ours else whose(place)
    except HostError:  # the helper failed
        return None


def replaced(step: Logout) -> t.Optional[str]:
    """The user name in the login that ours replaced, None if there was none."""
    return RECORD.read().replaced.get(_name(step.place))


def _remember_replaced(place: Place, name: str) -> None:
    new = {_name(place): name} if name else {}
    RECORD.update(lambda found: replace(found, replaced={**without(found.replaced, _name(place)), **new}))


def _place(own: OwnLogin) -> Place:
    return Place(own.user, own.server, own.helper)


def _name(place: Place) -> str:
    return f"{place.user} {place.server}"


def _remember(place: Place, digests: t.Tuple[str, ...]) -> None:
    """Record *digests* for *place*; without any, drop it."""
    own = OwnLogin(place.user, place.server, place.helper, digests)

    def changed(found: TrustRecord) -> TrustRecord:
        rows = {**{_place(each): each for each in found.logins}, place: own}
        return replace(found, logins=tuple(each for each in rows.values() if each.digests))

    RECORD.update(changed)
