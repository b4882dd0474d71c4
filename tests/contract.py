"""Holds what was said over HTTP to GitLab's published OpenAPI document.

The document is other people's data and no part of the project: it is looked for in `$CONTRACTS`, else in
`shared/contract` beside the repository. Where it is missing, what needs it is left out and says so; where `CI` is set,
that is a failure.
"""

import json
import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.finders import APICallPathFinder
from werkzeug.datastructures import Headers, ImmutableMultiDict

from bot.sandbox.server import Exchange

_HOST = "https://gitlab.com"
_API = "/api/v4/"
_UNDOCUMENTED = "/api/v4/personal_access_tokens/"
_DESCRIBED = (HTTPStatus.OK, HTTPStatus.CREATED)


class BrokenContractError(AssertionError):
    """A request or an answer that GitLab's document does not allow."""


class _Request:
    def __init__(self, exchange: Exchange) -> None:
        self.host_url = _HOST
        self.path = exchange.path
        self.method = exchange.method.lower()
        self.content_type = exchange.request_headers.get("Content-Type", "application/json").partition(";")[0]
        self.body = exchange.request_body or None
        query = parse_qsl(exchange.query, keep_blank_values=True)
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(query), header=Headers(list(exchange.request_headers.items()))
        )


class _Response:
    def __init__(self, exchange: Exchange) -> None:
        self.status_code = exchange.status
        self.headers: Mapping[str, Any] = dict(exchange.response_headers)
        self.content_type = exchange.response_headers.get("Content-Type", "application/json").partition(";")[0]
        self.data = exchange.response_body


def contract_folder() -> Path | None:
    """Where the contracts lie, if they are there."""
    given = os.environ.get("CONTRACTS")
    folder = Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "contract"
    return folder if (folder / "gitlab-openapi.json").exists() else None


needs_contract = pytest.mark.skipif(
    contract_folder() is None and not os.environ.get("CI"), reason="left out: the contracts are not there"
)
"""Marks a test that says nothing without the contracts."""


def check_exchanges(exchanges: Iterable[Exchange]) -> set[str]:
    """Checks every request that was not refused, and every answer with a body; gives the operations that were seen.

    Refusals are not described by the document, so only their address is checked. Without the contracts nothing is seen.
    """
    openapi = _gitlab()
    if openapi is None:
        return set()
    api = [each for each in exchanges if each.path.startswith(_API) and not each.path.startswith(_UNDOCUMENTED)]
    return {_check(openapi, each) for each in api}


@lru_cache
def _gitlab() -> OpenAPI | None:
    folder = contract_folder()
    if folder is None:
        assert not os.environ.get("CI"), "the contracts are not there"
        return None
    # Whether the document itself is sound takes long to find out; one test does, instead of every process.
    unasked: Any = None
    config = Config(additional_properties_default_policy="forbid", spec_validator_cls=unasked)
    return OpenAPI.from_dict(gitlab_document(folder), config=config)


def gitlab_document(folder: Path) -> dict[str, Any]:
    """GitLab's document, with its mistakes mended."""
    document: dict[str, Any] = json.loads((folder / "gitlab-openapi.json").read_text())
    # The token is the sandbox's to check, and openapi-core knows no OAuth.
    document.pop("security", None)
    schemas = document["components"]["schemas"]
    # The document calls a role's level a string; GitLab answers with a number, as its prose says.
    schemas["APIEntitiesMember"]["properties"]["access_level"] = {"type": "integer"}
    _mend(schemas)
    return document


def _mend(schemas: Mapping[str, Any]) -> None:
    """Says in the document what it means: "object" alone may hold anything, and a nullable reference may be null."""
    for name, schema in schemas.items():
        if not name.startswith("RequestBody"):
            schema["nullable"] = True
        for described in schema.get("properties", {}).values():
            if described.get("type") == "object" and "properties" not in described:
                described["additionalProperties"] = True


def _check(openapi: OpenAPI, exchange: Exchange) -> str:
    request, response = _Request(exchange), _Response(exchange)
    try:
        found = APICallPathFinder(openapi.spec).find(request.method, f"{_HOST}{request.path}")
        if exchange.status < HTTPStatus.BAD_REQUEST:
            openapi.validate_request(request)
        if exchange.status in _DESCRIBED and exchange.response_body:
            openapi.validate_response(request, response)
    except OpenAPIError as error:
        said = f"{exchange.method} {exchange.path}?{exchange.query} {exchange.request_body!r} → {exchange.status}"
        raise BrokenContractError(f"{said}: {_reasons(error)}") from error
    return str((found.operation / "operationId").read_str())


def _reasons(error: BaseException) -> str:
    """What is wrong and where, from the whole chain of causes: only the last one names the field."""
    details = [f"{each.json_path}: {each.message}" for each in getattr(error, "schema_errors", [])]
    below = error.__cause__
    own = [] if details else [str(error).partition("\n")[0][:200]]
    return "; ".join([*own, *details, *([_reasons(below)] if below else [])])
