"""Which operations Stripe has: method, path, parameters, answer."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import stripe

from tests.stripe_simulator.sdk_types.modules import FOLDER, last_name, module, record, shape_of
from tests.stripe_simulator.sdk_types.shapes import Nullable, Record, Shape

_URL = re.compile(r'"(/v1/[^"]+)"')


@dataclass(frozen=True)
class Operation:
    method: str
    template: str
    """With `{}` for each id."""
    params: Record | None
    answer: Shape


def _bare(template: str) -> str:
    return re.sub(r"{\w*}", "{}", template)


@cache
def _files() -> dict[str, list[Path]]:
    """Where a path may be asked for. Found by their text alone: to parse all services would take seconds."""
    found: dict[str, list[Path]] = {}
    for path in sorted(FOLDER.rglob("_*_service.py")):
        for template in set(_URL.findall(path.read_text())):
            found.setdefault(_bare(template), []).append(path)
    return found


@cache
def _operations(path: Path) -> dict[tuple[str, str], Operation]:
    name = ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts)
    service = module(name)
    assert service is not None
    found = {}
    for class_name, node in service.classes.items():
        for function in node.body:
            if isinstance(function, ast.FunctionDef) and (asked := _asked(function)):
                params, answer = None, shape_of(function.returns or ast.Constant(None), name, class_name)
                for argument in function.args.args:
                    if argument.arg == "params" and argument.annotation is not None:
                        shape = shape_of(argument.annotation, name, class_name)
                        shape = shape.of if isinstance(shape, Nullable) else shape
                        params = shape if isinstance(shape, Record) else None
                found[asked] = Operation(*asked, params, answer)
    return found


def _asked(function: ast.FunctionDef) -> tuple[str, str] | None:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and last_name(node.func) == "_request" and len(node.args) > 1:
            method, url = node.args[0], node.args[1]
            if isinstance(url, ast.Call) and isinstance(url.func, ast.Attribute):  # "…{id}".format(id=…)
                url = url.func.value
            if isinstance(method, ast.Constant) and isinstance(url, ast.Constant):
                return str(method.value), _bare(str(url.value))
    return None


@cache
def operation(method: str, template: str) -> Operation | None:
    """`template` has `{}` or `{name}` for each id."""
    for path in _files().get(_bare(template), []):
        if found := _operations(path).get((method, _bare(template))):
            return found
    return None


@cache
def _matchers() -> list[tuple[re.Pattern[str], str]]:
    literal_first = sorted(_files(), key=lambda template: template.count("{}"))
    return [(re.compile(re.escape(each).replace(r"\{\}", "([^/]+)") + "$"), each) for each in literal_first]


@cache
def template_of(path: str) -> str | None:
    """Of a path as sent; `/v1/customers/search` is no customer."""
    return next((template for pattern, template in _matchers() if pattern.match(path)), None)


@cache
def object_shape(object_name: str) -> Record:
    """The class for what says `"object": object_name`."""
    if object_name == "line_item":  # checkout's lines are called `item` by Stripe, and LineItem by stripe-python
        return record("stripe._invoice_line_item", "InvoiceLineItem")
    *folders, last = object_name.split(".")
    name = ".".join(["stripe", *folders, f"_{last}"])
    found = module(name)
    for class_name in found.classes if found else ():
        if class_name.lower() == last.replace("_", ""):
            return record(name, class_name)
    raise LookupError(object_name)


API_VERSION = str(stripe.api_version)
