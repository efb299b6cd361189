# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that are ours: remembered when they are made, removed when nobody asks for them.

Remembered is a salted digest, never a secret. A login that is not as we made it is somebody else's, and is forgotten.
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
    name_in,
    place_of,
    token_of,
)
from ansible_collections.multiarch.builders.plugins.module_utils.concerns.trust.record import (
    RECORD,
    OwnLogin,
    TrustRecord,
)
from ansible_collections.multiarch.builders.plugins.module_utils.host.users import is_user
from ansible_collections.multiarch.builders.plugins.module_utils.model.errors import HostError
from ansible_collections.multiarch.builders.plugins.module_utils.state.record import without

_ROUNDS = 100_000  # of PBKDF2: some 50 ms for each guess

Memory = t.Mapping[Place, t.Tuple[str, ...]]


def digest_of(token: str, salt: t.Optional[str] = None) -> str:
    """`SALT:DIGEST` of a token, by a salt of its own unless one is given."""
    salt = salt or secrets.token_hex(16)
    return f"{salt}:{hashlib.pbkdf2_hmac('sha256', token.encode(), bytes.fromhex(salt), _ROUNDS).hex()}"


def is_of(digest: str, token: str) -> bool:
    """Whether *digest* is one of this token."""
    return hmac.compare_digest(digest, digest_of(token, digest.partition(":")[0]))


def remembered() -> Memory:
    """{place: digests}; two digests where a run was killed between remembering a new login and making it."""
    return {_place(each): each.digests for each in RECORD.read().logins}


def is_ours(place: Place, digests: t.Iterable[str]) -> bool:
    """Whether the login at *place* is there as we made it. Raises HostError if that cannot be told."""
    token = kept(place) if is_user(place.user) else None
    return token is not None and any(is_of(each, token) for each in digests)


def retired(memory: Memory, wanted: t.Container[Place]) -> t.Tuple[t.Tuple[Logout, ...], t.Tuple[str, ...]]:
    """What is remembered and no longer *wanted*; and notes for what cannot be told, which the next run asks again."""
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
    """Log in and own the login; one that was there before and needs no more than the file's mode stays theirs."""
    place, token = place_of(step.user, step.registry), token_of(credentials_of(step.registry))
    former = remembered().get(place, ())
    if not former and place.helper is None and kept(place) == token:
        log_in(step)
        return
    # Remembered before it is made, the former one too: after a crash in between, either is known as ours.
    if not former:
        _remember_replaced(place, replaced_by(step) or "")
    digest = digest_of(token)
    _remember(place, (*former, digest))
    log_in(step)
    _remember(place, (digest,))


def log_out_owned(step: Logout) -> None:
    """Log out unless somebody else changed the login meanwhile, and forget it."""
    if is_ours(step.place, remembered().get(step.place, ())):
        log_out(step.place)
    _remember_replaced(step.place, "")
    _remember(step.place, ())


def replaced_by(step: Login) -> t.Optional[str]:
    """The user name of a login of somebody else that *step* takes the place of, None if it takes none.

    Its secret is not kept anywhere; so it does not come back when ours goes.
    """
    place = place_of(step.user, step.registry)
    try:
        token = None if place in remembered() else kept(place)
    except HostError:  # a helper that does not tell
        return None
    ours = token_of(credentials_of(step.registry))
    return None if token in (None, ours) else name_in(token or "") or None


def replaced(step: Logout) -> t.Optional[str]:
    """The user name of the login that ours took the place of, None if there was none."""
    return RECORD.read().replaced.get(_name(step.place))


def _remember_replaced(place: Place, name: str) -> None:
    new = {_name(place): name} if name else {}
    RECORD.update(lambda found: replace(found, replaced={**without(found.replaced, _name(place)), **new}))


def _place(own: OwnLogin) -> Place:
    return Place(own.user, own.server, own.helper)


def _name(place: Place) -> str:
    return f"{place.user} {place.server}"


def _remember(place: Place, digests: t.Tuple[str, ...]) -> None:
    """Remember *digests* for *place*, and nothing if there are none."""
    own = OwnLogin(place.user, place.server, place.helper, digests)

    def changed(found: TrustRecord) -> TrustRecord:
        rows = {**{_place(each): each for each in found.logins}, place: own}
        return replace(found, logins=tuple(each for each in rows.values() if each.digests))

    RECORD.update(changed)
