"""Gadgets: functions whose name stands on the path of every constraint made inside them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from .builder import Circuit
from .errors import BuildError
from .expression import Expr
from .location import is_language, user_location

P = ParamSpec("P")
T = TypeVar("T")

_ONE, _MANY = "Expr", ("Sequence[Expr]", "list[Expr]")


def gadget(function: Callable[P, T]) -> Callable[P, T]:
    """Name the function on the gadget path, and check that what it declares as `Expr` or `Sequence[Expr]` is that.

    All expressions must belong to one circuit. A plain integer in place of an expression is a `BuildError`, so that
    it is always plain to see what lives inside the circuit.
    """
    name = getattr(function, "__name__", "gadget")
    language = is_language(function.__module__)
    signature = inspect.signature(function)
    kinds = {p.name: _kind(p.annotation) for p in signature.parameters.values()}
    order = list(kinds)

    @wraps(function)
    def traced(*args: P.args, **kwargs: P.kwargs) -> T:
        given = {**dict(zip(order, args, strict=False)), **kwargs}
        circuit = _circuit_of(name, given, kinds)
        circuit.enter(name, user_location() if language else None)
        try:
            return function(*args, **kwargs)
        finally:
            circuit.leave()

    return traced


def _kind(annotation: object) -> str:
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    return "one" if text == _ONE else "many" if text in _MANY else "circuit" if text == "Circuit" else "plain"


def _circuit_of(name: str, given: Mapping[str, object], kinds: Mapping[str, str]) -> Circuit:
    found: Circuit | None = None
    for parameter, value in given.items():
        kind = kinds.get(parameter, "plain")
        if kind == "plain":
            continue
        for item in value if kind == "many" and isinstance(value, list | tuple) else (value,):
            if isinstance(item, Circuit):
                circuit = item
            elif isinstance(item, Expr):
                circuit = item.circuit
            else:
                _refuse(
                    f"{name}() takes expressions as `{parameter}`, not {type(item).__name__}: "
                    "make a constant with c.constant(...)"
                )
            if found is not None and circuit is not found:
                _refuse(f"{name}() joins expressions of two different circuits")
            found = circuit
    if found is None:
        _refuse(f"{name}() needs at least one expression")
    return found


def _refuse(reason: str) -> NoReturn:
    location = user_location()
    raise BuildError(reason, file=location.file, line=location.line)
