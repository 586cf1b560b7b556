"""The methods' parameters, checked against the published schema (bot-api.json: names, types, required).

Telegram's own parser forgives much. What it forgives but no careful client sends is returned as problems, which a test
of a client wants to know of.
"""

import re
from pathlib import Path
from typing import Any

import orjson

_SCHEMA = orjson.loads((Path(__file__).parent / "bot-api.json").read_bytes())
METHODS: dict[str, dict[str, list[Any]]] = _SCHEMA["methods"]
TYPES: dict[str, dict[str, list[Any]]] = _SCHEMA["types"]
NAMES = {name.lower(): name for name in METHODS}  # method names are case-insensitive

_PLAIN: dict[str, Any] = {"Integer": int, "String": str, "Boolean": bool, "Float": (int, float)}


def problems(method: str, params: dict[str, Any]) -> list[str]:
    """What the call has that its published description doesn't."""
    known = METHODS[method]
    found = [f"unknown parameter {name}" for name in params if name not in known]
    found += [f"missing {name}" for name, (_, required) in known.items() if required and name not in params]
    for name, value in params.items():
        if name in known:
            found += _check(known[name][0], value, name)
    return found


def _check(kind: str, value: Any, path: str) -> list[str]:
    alternatives = kind.split(" or ")
    results = [_check_one(each.strip(), value, path) for each in alternatives]
    return [] if any(not result for result in results) else min(results, key=len)


def _check_one(kind: str, value: Any, path: str) -> list[str]:
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{path} is no array"]
        inner = kind.removeprefix("Array of ")
        return [problem for at, each in enumerate(value) for problem in _check(inner, each, f"{path}[{at}]")]
    if kind in _PLAIN:
        right = isinstance(value, _PLAIN[kind]) and not (kind != "Boolean" and isinstance(value, bool))
        return [] if right else [f"{path} is no {kind}"]
    if kind == "InputFile":
        return [] if isinstance(value, (bytes, str)) else [f"{path} is no file"]
    if not isinstance(value, dict):
        return [f"{path} is no {kind}"]
    fields = TYPES.get(kind)
    if not fields:
        return []
    found = [f"unknown field {path}.{name}" for name in value if name not in fields]
    found += [f"missing {path}.{name}" for name, (_, required) in fields.items() if required and name not in value]
    for name, inner_value in value.items():
        if name in fields:
            found += _check(fields[name][0], inner_value, f"{path}.{name}")
    return found


def decode(method: str, raw: dict[str, Any]) -> dict[str, Any]:
    """Parameters of a form or a query, where objects are JSON strings and numbers text, as their types say."""
    decoded: dict[str, Any] = {}
    for name, value in raw.items():
        kind = METHODS[method].get(name, ["String"])[0]
        decoded[name] = value
        if not isinstance(value, str) or "String" in kind.split(" or "):
            if isinstance(value, str) and kind == "Integer or String" and re.fullmatch(r"-?\d+", value):
                decoded[name] = int(value)
            continue
        if kind == "Integer":
            decoded[name] = int(value) if re.fullmatch(r"-?\d+", value) else 0
        elif kind == "Boolean":
            decoded[name] = value.lower() in ("true", "yes", "1")
        else:
            try:
                decoded[name] = orjson.loads(value)
            except orjson.JSONDecodeError:
                decoded[name] = value
    return decoded
