"""The docs page: made from the OpenAPI document on the server, so it needs no script and no other host."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tongxin.faces.api.app import api

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Door:
    """One operation, ready to be read."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[dict[str, Any]]
    body: str
    answers: list[tuple[str, str]]


def page(request: HttpRequest) -> HttpResponse:
    """All doors of the API, grouped by noun."""
    document = api.get_openapi_schema()
    groups: dict[str, list[Door]] = {}
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                door = _door(path, method, methods[method])
                groups.setdefault(path.split("/")[3], []).append(door)
    schemas = [(name, _pretty(schema)) for name, schema in sorted(document["components"]["schemas"].items())]
    return render(
        request, "api/docs.html", {"info": document["info"], "groups": groups.items(), "schemas": schemas}
    )


def _door(path: str, method: str, operation: dict[str, Any]) -> Door:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return Door(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        scope=operation["x-scope"],
        parameters=[p | {"kind": _kind(p["schema"])} for p in operation["parameters"]],
        body=_kind(body) if body else "",
        answers=[(str(code), _answer(answer)) for code, answer in operation["responses"].items()],
    )


def _answer(answer: dict[str, Any]) -> str:
    for content in answer.get("content", {}).values():
        return _kind(content["schema"])
    return ""


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string (uuid)`, `Member`, `array of Member`."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " | ".join(_kind(s) for s in schema["anyOf"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(str(v) for v in schema["enum"])
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _pretty(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2)
