"""The OpenAPI document, made from the table of routes and the types it names."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from turnout import __version__
from turnout.web import shapes
from turnout.web.guard import TOKEN_HEADER
from turnout.web.routes import JSON, ROUTES, Route

type Json = dict[str, Any]
REF = "#/components/schemas/{name}"


@cache
def document() -> Json:
    named = [kind for route in ROUTES for kind in (route.answer, route.body) if kind]
    schemas, components = _schemas([*named, shapes.Refused])
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "turnout", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": TOKEN_HEADER},
            },
        },
        "security": [{"token": []}],
    }


def _schemas(kinds: Sequence[Any]) -> tuple[dict[Any, Json], Json]:
    found, components = msgspec.json.schema_components(kinds, ref_template=REF)
    return {str(kind): schema for kind, schema in zip(kinds, found, strict=True)}, components


def _operation(route: Route, schemas: dict[Any, Json]) -> Json:
    found: Json = {
        "operationId": route.handler,
        "summary": route.says,
        "parameters": [*_placed(route), *_queried(route)],
        "responses": _responses(route, schemas),
    }
    if route.body:
        schema = {"type": "object"} if route.body is Any else schemas[str(route.body)]
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return found | ({"security": []} if route.open else {})


def _placed(route: Route) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        text = {"type": "string", "minLength": 1, "pattern": r"^[\w-]+$"}
        yield {"name": name, "in": "path", "required": True, "schema": text}


def _queried(route: Route) -> Iterator[Json]:
    """A field of the query's type is a parameter."""
    if route.query is None:
        return
    _, components = msgspec.json.schema_components([route.query], ref_template=REF)
    for name, schema in components[route.query.__name__].get("properties", {}).items():
        plain = {key: value for key, value in schema.items() if key != "default"}
        yield {"name": name, "in": "query", "required": False, "schema": plain}


def _responses(route: Route, schemas: dict[Any, Json]) -> Json:
    bodies = {route.kind: {"schema": schemas[str(route.answer)]}}
    if route.also:
        bodies[route.also] = {"schema": {"type": "string"}}
    refused = {JSON: {"schema": schemas[str(shapes.Refused)]}}
    errors = (*route.errors, *(() if route.open else (401,)), 403)
    ready = {"503": {"description": "Not ready", "content": bodies}}
    return (
        {"200": {"description": "OK", "content": bodies}}
        | {
            str(status): {"description": HTTPStatus(status).phrase, "content": refused}
            for status in errors
        }
        | (ready if route.handler == "ready" else {})
    )
