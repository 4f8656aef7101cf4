"""The API object: problems instead of error pages, and an OpenAPI document that says what the doors really ask."""

import re
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from tongxin.faces.api.shapes import Problem
from tongxin.faces.api.writing import ASKS
from tongxin.faces.sentences import say, status_of
from tongxin.foundation.errors import Refused

PROBLEM = "application/problem+json"
ROOT = "/api/v1"
CONVERTER = re.compile(r"{[^}:]+:")

DESCRIPTION = """同心 Tongxin：零售连锁的社群运营系统。Community operations of a retail chain.

Bearer tokens carry scopes and never reach further than their owner. Every write asks for an `Idempotency-Key`: the same key and
body give the same answer, another body 422, one still at work 409. Errors are problem+json (RFC 9457) with a `code` that programs
can rely on. Lists page by `cursor` and `limit` (at most 200). Money is whole fen, times are RFC 3339 with an offset. Unknown fields
are refused, and what is out of reach answers exactly as what does not exist."""


class Doors(NinjaAPI):
    """The API with our words for refusals and our additions to its document."""

    scopes: Mapping[
        tuple[str, str], str
    ] = {}  # (route name, METHOD) → scope; told by project/urls.py from the permission table
    _document: OpenAPISchema | None = None

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        """The OpenAPI 3.1 document: keys for writes, problems for refusals, scopes from the permission table. Made once."""
        if self._document is None:
            self._document = self._written(path_prefix, path_params)
        return self._document

    def _written(self, path_prefix: str | None, path_params: Any) -> OpenAPISchema:
        document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        components = document["components"]
        components["schemas"]["Problem"] = Problem.model_json_schema(mode="serialization")
        components["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "txt_… (token) or txd_… (device)"}
        }
        doors = self._doors()
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                route, marks = doors[path, method]
                self._complete(operation, marks, self.scopes.get((route, method.upper()), ""))
        return document

    def _doors(self) -> dict[tuple[str, str], tuple[str, frozenset[str]]]:
        """(path of the document, method) → (route name as the permission table spells it, headers that are asked for)."""
        return {
            (CONVERTER.sub("{", f"{ROOT}{path}"), method.lower()): (
                f"{self.urls_namespace}:{view.url_name}",
                getattr(operation.view_func, ASKS, frozenset()),
            )
            for router in self._get_bound_routers()
            for path, view in router.path_operations.items()
            for operation in view.operations
            for method in operation.methods
        }

    def _complete(self, operation: dict[str, Any], asks: frozenset[str], scope: str) -> None:
        for name in sorted(asks):
            schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
            operation["parameters"].append({"in": "header", "name": name, "required": True, "schema": schema})
        operation["security"] = [{"token": []}]
        operation["x-scope"] = scope
        problem = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        operation["responses"]["4XX"] = {"description": "Refused"} | problem
        operation["responses"]["5XX"] = {"description": "Busy, full or broken"} | problem


api = Doors(
    title="Tongxin 同心",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    openapi_url="/openapi.json",
)


def problem(
    request: HttpRequest, refused: Refused, errors: list[dict[str, Any]] | None = None
) -> HttpResponse:
    """A refusal as problem+json."""
    english = str(getattr(request, "LANGUAGE_CODE", "zh")).startswith("en")
    body: dict[str, Any] = {
        "type": f"urn:tongxin:{refused.code}",
        "title": say(refused, "en" if english else "zh"),
        "status": status_of(refused),
        "code": refused.code,
        "data": refused.data,
    }
    if errors is not None:
        body["errors"] = errors
    return JsonResponse(
        body, status=body["status"], content_type=PROBLEM, json_dumps_params={"ensure_ascii": False}
    )


@api.exception_handler(ValidationError)
def misshapen(request: HttpRequest, fault: ValidationError) -> HttpResponse:
    """Which fields are wrong and why; never the value that was sent, which may be personal."""
    errors = [{"field": ".".join(str(p) for p in e["loc"][1:]), "reason": e["msg"]} for e in fault.errors]
    first = errors[0]
    return problem(request, Refused("input.bad", field=first["field"], reason=first["reason"]), errors)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, fault: HttpError) -> HttpResponse:
    """A body that is no JSON."""
    return problem(request, Refused("request.bad"))


@api.exception_handler(Http404)
def nowhere(request: HttpRequest, fault: Http404) -> HttpResponse:
    """An address that is none."""
    return problem(request, Refused("absent"))
