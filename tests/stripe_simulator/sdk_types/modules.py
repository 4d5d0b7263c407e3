"""stripe-python's modules as syntax, and its annotations as shapes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import stripe

from tests.stripe_simulator.sdk_types.shapes import (
    ANYTHING,
    Either,
    Expandable,
    Known,
    Listing,
    Mapped,
    Member,
    Nullable,
    Record,
    Scalar,
    Sequence,
    Shape,
)

FOLDER = Path(stripe.__file__).parent

_SCALARS = {"int": "whole", "str": "text", "bool": "flag", "float": "number", "Decimal": "decimal"}


@dataclass
class Module:
    """One file: what it imports, and its classes by their dotted names."""

    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functional: dict[str, ast.Dict] = field(default_factory=dict)  # X = TypedDict("X", {"from": int})


@cache
def module(name: str) -> Module | None:
    path = FOLDER.parent / (name.replace(".", "/") + ".py")
    if not name.startswith("stripe") or not path.exists():
        return None
    found = Module()
    for node in _statements(ast.parse(path.read_text()).body):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.imports |= {each.asname or each.name: (node.module, each.name) for each in node.names}
        elif isinstance(node, ast.ClassDef):
            _add_class(found, node, "")
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.value.args) > 1:
            target, fields = node.targets[0], node.value.args[1]
            if isinstance(target, ast.Name) and isinstance(fields, ast.Dict):
                found.functional[target.id] = fields
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If):  # if TYPE_CHECKING
            yield from _statements(node.body)


def _add_class(found: Module, node: ast.ClassDef, scope: str) -> None:
    name = f"{scope}.{node.name}" if scope else node.name
    found.classes[name] = node
    for inner in node.body:
        if isinstance(inner, ast.ClassDef):
            _add_class(found, inner, name)


@cache
def record(module_name: str, class_name: str) -> Record:
    """One Record per class, so that what was read is read once."""
    return Record(f"{module_name}.{class_name}", lambda: dict(_members(module_name, class_name)))


def _members(module_name: str, class_name: str) -> Iterator[tuple[str, Member]]:
    home = module(module_name)
    assert home is not None, module_name
    node = home.classes[class_name]
    for parent in map(last_name, node.bases):
        if parent in home.functional:
            for key, value in zip(home.functional[parent].keys, home.functional[parent].values, strict=True):
                assert isinstance(key, ast.Constant)
                yield str(key.value), _member(value, module_name, class_name)
        elif parent in home.classes:
            yield from _members(module_name, parent)
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and not _is_class_variable(each):
            yield each.target.id, _member(each.annotation, module_name, class_name)


def _is_class_variable(node: ast.AnnAssign) -> bool:
    return isinstance(node.annotation, ast.Subscript) and last_name(node.annotation.value) == "ClassVar"


def _member(annotation: ast.expr, module_name: str, scope: str) -> Member:
    if isinstance(annotation, ast.Subscript) and last_name(annotation.value) == "NotRequired":
        return Member(shape_of(annotation.slice, module_name, scope), required=False)
    shape = shape_of(annotation, module_name, scope)
    return Member(shape, required=not isinstance(shape, Nullable))


def last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def shape_of(node: ast.expr, module_name: str, scope: str) -> Shape:
    match node:
        case ast.Constant(value=str(text)):
            return shape_of(ast.parse(text, mode="eval").body, module_name, scope)
        case ast.BinOp():
            return _either(_flat(node), module_name, scope)
        case ast.Subscript():
            return _generic(node, module_name, scope)
        case ast.Name() | ast.Attribute():
            name = last_name(node)
            if name in _SCALARS:
                return Scalar(_SCALARS[name])
            return _class_named(name, module_name, scope) or ANYTHING
    return ANYTHING


def _flat(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield from _flat(node.left)
        yield from _flat(node.right)
    else:
        yield node


def _generic(node: ast.Subscript, module_name: str, scope: str) -> Shape:
    arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    match last_name(node.value):
        case "Literal":
            return Known(tuple(each.value for each in arguments if isinstance(each, ast.Constant)))
        case "Union":
            return _either(arguments, module_name, scope)
        case name:
            inner = shape_of(arguments[-1], module_name, scope)
            return _wrapped(name, inner)


def _wrapped(name: str, inner: Shape) -> Shape:
    match name:
        case "Optional":
            return Nullable(inner)
        case "List" | "list" | "Sequence":
            return Sequence(inner)
        case "Dict" | "dict" | "Mapping" | "UntypedStripeObject":
            return Mapped(inner)
        case "ListObject" | "SearchResultObject":
            return Listing(inner)
        case "ExpandableField":
            return Expandable(inner)
    return ANYTHING


def _either(nodes: Iterable[ast.expr], module_name: str, scope: str) -> Shape:
    """In `Literal["a", "b"] | str` the known values are meant; Stripe may add some. `Literal[""] | str` is any text."""
    nodes = list(nodes)
    has_none = any(isinstance(node, ast.Constant) and node.value is None for node in nodes)
    shapes = [
        shape_of(node, module_name, scope)
        for node in nodes
        if not (isinstance(node, ast.Constant) and node.value is None)
    ]
    if any(isinstance(shape, Known) and shape.values != ("",) for shape in shapes):
        shapes = [shape for shape in shapes if shape != Scalar("text")]
    whole = shapes[0] if len(shapes) == 1 else Either(tuple(shapes))
    return Nullable(whole) if has_none else whole


def _class_named(name: str, module_name: str, scope: str) -> Record | None:
    home = module(module_name)
    assert home is not None, module_name
    parts = scope.split(".") if scope else []
    for depth in range(len(parts), -1, -1):
        dotted = ".".join([*parts[:depth], name])
        if dotted in home.classes:
            return record(module_name, dotted)
    if name in home.imports:
        origin, real = home.imports[name]
        there = module(origin)
        if there is not None and real in there.classes:
            return record(origin, real) if origin not in _UNTYPED else None
    return None


_UNTYPED: Mapping[str, None] = {"stripe._stripe_object": None}
