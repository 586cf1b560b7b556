"""The methods' parameters, checked against the published schema (bot-api.json: names, types, required).

Telegram's parser accepts unknown parameters and wrong types. They are reported here as problems, for tests of a client.
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
    """Where the call differs from its published description: unknown, missing or wrongly typed parameters."""
    parameters = METHODS[method]
    differences = [f"unknown parameter {name}" for name in params if name not in parameters]
    differences += [f"missing {name}" for name, (_, required) in parameters.items() if required and name not in params]
    for name, value in params.items():
        if name in parameters:
            differences += _check(parameters[name][0], value, name)
    return differences


def _check(kind: str, value: Any, path: str) -> list[str]:
    alternatives = kind.split(" or ")
    results = [_check_one(alternative.strip(), value, path) for alternative in alternatives]
    return [] if any(not result for result in results) else min(results, key=len)


def _check_one(kind: str, value: Any, path: str) -> list[str]:
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{path} is no array"]
        inner = kind.removeprefix("Array of ")
        return [problem for at, item in enumerate(value) for problem in _check(inner, item, f"{path}[{at}]")]
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
    differences = [f"unknown field {path}.{name}" for name in value if name not in fields]
    differences += [
        f"missing {path}.{name}" for name, (_, required) in fields.items() if required and name not in value
    ]
    for name, inner_value in value.items():
        if name in fields:
            differences += _check(fields[name][0], inner_value, f"{path}.{name}")
    return differences


def decode(method: str, raw: dict[str, Any]) -> dict[str, Any]:
    """Form or query parameters as their published types: numbers are parsed from text, objects from JSON."""
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
