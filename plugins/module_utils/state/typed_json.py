# Copyright: multiarch.builders contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frozen dataclasses as JSON and back. Pure.

Field types are Any, str, bool, int, float, Optional[X], Tuple[X, ...], FrozenSet[str], Mapping[str, X], dataclasses
and Mapping[Tuple[str, ...], X], which is stored as a list of {path, value}, or of {path, values} if X is a set.

A field with its default is not written, and a missing key reads as the default; so a default must never change.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

_KINDS = {dict: "a mapping", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}
_KINDS.update(dict.fromkeys((int, float), "a number"))
_ACCEPTED = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}


class KindError(ValueError):
    """A value in the JSON has the wrong type; the message has place and types, never the value."""


def decode(kind: t.Any, value: t.Any, place: str = "") -> t.Any:
    """*value* of a JSON document as a *kind*; keys without a field are ignored. A KindError names the *place*."""
    if kind is t.Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, _checked(value, (dict,), place), place)
    origin, arguments = t.get_origin(kind), t.get_args(kind)
    if origin is t.Union:
        return None if value is None else decode(arguments[0], value, place)
    if origin is None:
        return _checked(value, _ACCEPTED[kind], place)
    return _collection(origin, arguments, value, place)


def _collection(origin: t.Any, arguments: t.Tuple[t.Any, ...], value: t.Any, place: str) -> t.Any:
    if origin in (tuple, frozenset):
        rows = enumerate(_checked(value, (list,), place))
        return origin(decode(arguments[0], each, f"{place}[{number}]") for number, each in rows)
    if arguments[0] is str:
        pairs = _checked(value, (dict,), place).items()
        return {name: decode(arguments[1], each, _at(place, name)) for name, each in pairs}
    found = decode(t.Tuple[_row(*arguments), ...], value, place)
    return {each.path: getattr(each, _value_of(arguments[1])) for each in found}


def _dataclass(kind: t.Any, found: t.Mapping[str, t.Any], place: str) -> t.Any:
    kinds = _fields(kind)
    missing = [
        each.name
        for each in dataclasses.fields(kind)
        if each.name not in found and _default(each) is dataclasses.MISSING
    ]
    if missing:
        raise KindError(f"{place or 'it'} has no {missing[0]}")
    return kind(**{name: decode(kinds[name], each, _at(place, name)) for name, each in found.items() if name in kinds})


def encode(kind: t.Any, value: t.Any, former: t.Any = None) -> t.Any:
    """The inverse of decode(), with the keys of *former* that have no field: those of a newer version.

    *former* is what was read. Such keys of a row in a list are kept only if the row is unchanged.
    """
    if value is None or kind is t.Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _object(kind, value, former or {})
    origin, arguments = t.get_origin(kind), t.get_args(kind)
    if origin is t.Union:
        return encode(arguments[0], value, former)
    return value if origin is None else _array_or_object(origin, arguments, value, former)


def _object(kind: t.Any, value: t.Any, former: t.Mapping[str, t.Any]) -> t.Any:
    kinds = _fields(kind)
    pairs = [(each.name, getattr(value, each.name), _default(each)) for each in dataclasses.fields(kind)]
    unknown = {name: each for name, each in former.items() if name not in kinds}
    own = {name: encode(kinds[name], each, former.get(name)) for name, each, default in pairs if each != default}
    return {**unknown, **own}


def _array_or_object(origin: t.Any, arguments: t.Tuple[t.Any, ...], value: t.Any, former: t.Any) -> t.Any:
    if origin is frozenset:
        return sorted(value)
    if origin is tuple:
        return [encode(arguments[0], each, _same(arguments[0], each, former or ())) for each in value]
    if arguments[0] is str:
        return {name: encode(arguments[1], each, (former or {}).get(name)) for name, each in value.items()}
    row = _row(*arguments)
    return encode(t.Tuple[row, ...], [row(*pair) for pair in sorted(value.items())], former)


def _same(kind: t.Any, value: t.Any, former: t.Iterable[t.Any]) -> t.Any:
    return next((each for each in former if decode(kind, each) == value), None)


@functools.lru_cache(maxsize=None)
def _row(path: t.Any, value: t.Any) -> t.Any:
    """The dataclass of one entry of a mapping with paths as keys."""
    return dataclasses.make_dataclass("Row", [("path", path), (_value_of(value), value)])


def _value_of(kind: t.Any) -> str:
    return "values" if t.get_origin(kind) is frozenset else "value"


@functools.lru_cache(maxsize=None)
def _fields(kind: t.Any) -> t.Mapping[str, t.Any]:
    return t.get_type_hints(kind)


def _default(field: t.Any) -> t.Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _checked(value: t.Any, kinds: t.Tuple[type, ...], place: str) -> t.Any:
    if type(value) not in kinds:
        raise KindError(f"{place or 'it'} is {_KINDS[type(value)]}, not {_KINDS[kinds[0]]}")
    return value


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
