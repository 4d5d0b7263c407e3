"""How the document tells of `/forward-auth/`."""

from verify.ground.openapi import Schema, header, id_schema, problem_references
from verify.request import MOST_TEXT

PROBLEMS = {400, 401, 403, 408, 413, 414, 415, 422, 429, 431, 503}
GATEWAY: Schema = {
    "type": "apiKey",
    "in": "header",
    "name": "Licet-Secret-Key",
    "description": "The gateway's secret key, with the scope `verify`.",
}
_TEXT: Schema = {"type": "string"}
HEADERS: dict[str, Schema] = {
    "Licet-Code": {
        "description": "The code, for gateways, which read no bodies.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_]+$"},
    },
    "Retry-After": {
        "description": "Seconds after which it may be tried again; missing where waiting never helps.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "RateLimit": {"description": "What is left of each rate limit.", "schema": _TEXT},
    "RateLimit-Policy": {"description": "The rate limits.", "schema": _TEXT},
}
WAITING = ["Retry-After", "RateLimit", "RateLimit-Policy"]
_ASKED = {
    "Licet-Scopes": "What the call needs of the key, with spaces between; ` `, `,` and `%` inside one percent-encoded.",
    "Licet-Features": "What it needs of the plan, alike.",
    "Licet-Usage": "What it uses: `meter=amount`, with spaces between; without it `requests=1`.",
    "Licet-Key-Header": "The header in which the caller's key comes; without it `Authorization` or else `X-Api-Key`.",
    "Licet-Idempotency-Key": "As verify's `Idempotency-Key`, without commas. The caller's own is ignored.",
    "X-Api-Key": "The caller's key or token, if it is not in `Authorization: Bearer`.",
    "DPoP": "The caller's proof of possession.",
    "X-Forwarded-For": "Who called, believed as far as `TRUSTED_PROXIES` wrote it.",
    "X-Forwarded-Method": "How; without it the method of this request.",
    "X-Forwarded-Uri": "What; without it the path of this request below `/forward-auth`. The query is not kept.",
    "X-Forwarded-Proto": "With `X-Forwarded-Host`, what a proof of possession must be made for.",
    "X-Forwarded-Host": "As above.",
}
_TOLD: dict[str, Schema] = {
    "Licet-Request-Id": id_schema("req"),
    "Licet-Key-Id": id_schema("key"),
    "Licet-License-Id": id_schema("lic"),
    "Licet-Customer-Id": id_schema("cus"),
    "Licet-Plan": _TEXT,
    "Licet-Scopes": _TEXT,
}


def operation() -> Schema:
    told = {name: {"required": True, "schema": shape} for name, shape in _TOLD.items()}
    return {
        "operationId": "forward_auth",
        "summary": "May a call pass a gateway",
        "description": "Needs the scope `verify`. For nginx `auth_request`, `forward_auth` of Caddy and Traefik, Envoy "
        "`ext_authz`: any method and any path below asks the same. 401 says that it is not known who calls, 403 that "
        "they may not, 429 that they may later. A `Licet-*` header that is not listed here, and one of `Licet-*` or "
        "`X-Forwarded-*` given twice, is 400.",
        "tags": ["Verdicts"],
        "security": [{"gateway": ["verify"]}],
        "parameters": [_parameter(name, description) for name, description in _ASKED.items()],
        "responses": {
            "200": {
                "description": "It may; these headers say who calls, percent-encoded where they are not plain ASCII.",
                "headers": {"Request-Id": header("Request-Id"), "Licet-Code": header("Licet-Code"), **told},
            }
        }
        | problem_references(PROBLEMS),
    }


def _parameter(name: str, description: str) -> Schema:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string", "maxLength": 4 * MOST_TEXT},
    }
