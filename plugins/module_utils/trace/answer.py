# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer of dockerd that tracks which parts are used: most of it changes often, and is irrelevant. Pure."""

from __future__ import annotations

import typing as t

Used = t.Dict[str, t.Any]
"""{key: what was used of its value}; details are in replay.reduced()."""


def tracked(value: t.Any, used: Used) -> t.Any:
    """*value*, which tracks in *used* what is used of it; of a list, all elements count as used."""
    if isinstance(value, dict):
        return Answer(value, used)
    if isinstance(value, list):
        return [tracked(each, used.setdefault("[]", {})) for each in value]
    return value


class Answer(t.Dict[str, t.Any]):
    """See tracked(). Any access except to the value of one key counts as use of the whole object."""

    def __init__(self, value: t.Mapping[str, t.Any], used: Used) -> None:
        super().__init__(value)
        self._used = used

    def __getitem__(self, key: str) -> t.Any:
        return self.get(key) if key in self else super().__getitem__(key)

    def get(self, key: str, default: t.Any = None) -> t.Any:
        used = self._used.setdefault(key, {})
        return tracked(super().get(key), used) if super().__contains__(key) else default

    def __contains__(self, key: object) -> bool:
        self._used.setdefault(str(key), {})
        return super().__contains__(key)

    def __bool__(self) -> bool:
        return bool(super().__len__())  # which is always compared

    def __reduce__(self) -> t.Tuple[t.Any, ...]:
        return (dict, (self.copy(),))


def _using_all(name: str) -> t.Callable[..., t.Any]:
    method = getattr(dict, name)

    def use(*values: t.Any, **more: t.Any) -> t.Any:
        for each in values:
            if isinstance(each, Answer):
                each._used["*"] = True
        return method(*values, **more)

    return use


for _name in (
    *("__len__", "__iter__", "__reversed__", "__eq__", "__ne__", "__or__", "__ror__", "__ior__", "__repr__"),
    *("__setitem__", "__delitem__", "pop", "popitem", "setdefault", "update", "clear"),
    *("keys", "values", "items", "copy"),
):
    setattr(Answer, _name, _using_all(_name))
