"""Gadgets: functions whose name stands on the path of every constraint made inside them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar, get_args, overload

from .builder import Circuit
from .errors import BuildError
from .expression import Bit, Expr, Field, Fixed, Integer
from .location import is_language, user_location
from .recording import Call, Named, Result

P = ParamSpec("P")
T = TypeVar("T")

_KINDS: dict[str, type[Expr]] = {kind.__name__: kind for kind in (Expr, Field, Integer, Bit, Fixed)}
_MODULES = re.compile(r"\b(?:\w+\.)+(?=\w)")
_ANNOTATION = re.compile(r"(?:Optional\[)?(?:(?:Sequence|list|tuple|Iterable)\[)?(?P<kind>\w+)")
_SHOWN_OPERANDS = 16


@overload
def gadget(function: Callable[P, T]) -> Callable[P, T]: ...
@overload
def gadget(*, requires: str = "", each: bool = False) -> Callable[[Callable[P, T]], Callable[P, T]]: ...
def gadget(function: Callable[..., Any] | None = None, *, requires: str = "", each: bool = False) -> Callable[..., Any]:
    """Name the function on the gadget path, and check that what it declares as expressions is that.

    Parameters annotated `Expr`, or one of its kinds, or a `Sequence` of them, and dataclasses that have such members,
    take expressions of one circuit. A plain integer in place of an expression is a `BuildError`, so that it is always
    plain to see what lives inside the circuit. A result that is used nowhere is warned of, unless the gadget `requires`
    something of its operands (as in `requires="a <= b"`): then it was called for that, and the error that names a
    failed constraint says it. Of several results one is enough; with `each` every one of them is missed.
    """
    if function is None:
        return lambda given: _traced(given, requires, each)
    return _traced(function, requires, each)


def _traced(function: Callable[P, T], requires: str, each: bool) -> Callable[P, T]:
    name = getattr(function, "__name__", "gadget")
    language = is_language(function.__module__)
    signature = inspect.signature(function)
    kinds = {p.name: _wanted(p.annotation) for p in signature.parameters.values()}
    order = list(kinds)

    @wraps(function)
    def traced(*args: P.args, **kwargs: P.kwargs) -> T:
        given = {**dict(zip(order, args, strict=False)), **kwargs}
        circuit = _circuit_of(name, given, kinds)
        if not circuit.in_user_code:
            circuit.enter(name, None)
            try:
                return function(*args, **kwargs)
            finally:
                circuit.leave()
        _require_arguments(name, signature, args, kwargs)
        here, first = circuit.origin(), len(circuit.constraints)
        wires = circuit.n_inner_wires
        call = Call(name, requires, tuple(_operands(given)))
        circuit.enter(name, user_location() if language else None, call)
        try:
            result = function(*args, **kwargs)
        finally:
            circuit.leave()
        if not requires:
            made = [frozenset(w for w in x.terms if w > wires) for x in expressions_in(result)]
            for place, new in enumerate(made if each else (frozenset().union(*made),), start=1):
                if new:
                    what = f"result {place} of {name}()" if each and len(made) > 1 else f"the result of {name}()"
                    circuit.results.append(Result(new, first, len(circuit.constraints), what, here))
        return result

    return traced


def _wanted(annotation: object) -> type[Expr] | None:
    """The kind of expression that a parameter is annotated to take, alone or in a sequence; None for `Expr | int`."""
    text = annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    text = _MODULES.sub("", text)
    match = None if re.search(r"\bint\b", text) else _ANNOTATION.match(text)
    return _KINDS.get(match["kind"]) if match else None


def _circuit_of(name: str, given: Mapping[str, object], kinds: Mapping[str, type[Expr] | None]) -> Circuit:
    """The one circuit of all that a gadget is given, once it is of the kinds that its parameters say."""
    found: Circuit | None = None
    for parameter, value in given.items():
        wanted = kinds.get(parameter)
        if wanted is not None and value is not None:
            for item in value if isinstance(value, list | tuple) else (value,):
                if not isinstance(item, wanted):
                    _refuse(_mismatch(name, parameter, item, wanted))
        for circuit in (value,) if isinstance(value, Circuit) else (x.circuit for x in expressions_in(value)):
            if found is not None and circuit is not found:
                _refuse(f"{name}() joins expressions of two different circuits")
            found = circuit
    if found is None:
        _refuse(f"{name}() needs at least one expression")
    return found


def _mismatch(name: str, parameter: str, item: object, wanted: type[Expr]) -> str:
    if isinstance(item, Expr):
        return f"{name}() takes a {wanted.__name__} as `{parameter}`, and {item} is a {type(item).__name__}"
    return (
        f"{name}() takes expressions as `{parameter}`, not {type(item).__name__}: make a constant with c.constant(...)"
    )


def _require_arguments(name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    try:
        signature.bind(*args, **kwargs)
    except TypeError as problem:
        _refuse(f"{name}(): {problem}; it is {name}{signature}")


def _operands(given: Mapping[str, object]) -> Iterator[Named]:
    for parameter, value in given.items():
        if isinstance(value, Expr):
            yield Named(parameter, value.terms, value.interval, value.unit)
        elif isinstance(value, list | tuple):
            for place, item in enumerate(value[:_SHOWN_OPERANDS]):
                if isinstance(item, Expr):
                    yield Named(f"{parameter}[{place}]", item.terms, item.interval, item.unit)
        elif is_dataclass(value) and not isinstance(value, type):
            yield from _operands(
                {f"{parameter}.{member.name}": getattr(value, member.name) for member in fields(value)}
            )


def expressions_in(value: object) -> Iterator[Expr]:
    """The expressions in what a gadget returns: itself, or inside sequences and dataclasses."""
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from expressions_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for member in fields(value):
            yield from expressions_in(getattr(value, member.name))


def _refuse(reason: str) -> NoReturn:
    where = user_location()
    raise BuildError(reason, file=where.file, line=where.line, text=where.text)
