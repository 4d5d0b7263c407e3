"""Stripe's form coding: `a[b][0][c]=1` is {"a": {"b": [{"c": "1"}]}}."""

import re
from typing import Any

_PARTS = re.compile(r"[^\[\]]+|(?<=\[)(?=\])")


def unflatten(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """All leaves stay text; what they mean is said by the types."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = _PARTS.findall(name) or [name]
        place = root
        for part in path:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):  # a=1&a[b]=2: the later one counts
                inner = place[part] = {}
            place = inner
        place[last or str(len(place))] = value
    listed: dict[str, Any] = {name: _with_lists(value) for name, value in root.items()}
    return listed


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
