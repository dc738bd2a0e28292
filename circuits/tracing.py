"""Running a circuit's function once, and what becomes of a user's mistake: an error at the user's line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any

from .builder import Circuit
from .errors import BuildError, CircuitError
from .location import Location, is_language, raised_at, user_location, without_internals
from .usage import report_unused

_PYTHONS_OWN = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)


def trace(
    circuit: Circuit, function: Callable[..., object], args: tuple[Any, ...], *, strict: bool
) -> BuildError | None:
    """Record what the function declares and constrains. A mistake is returned, with a traceback of the user's lines.

    So is an exception of Python's own that leaves the language: it was given something it cannot work with. What the
    user's own code raises passes as it is.
    """
    try:
        _require_it_ran(circuit, function(circuit, *args))
        circuit.seal()
        report_unused(circuit, strict=strict)
        if strict and not circuit.constraints:
            circuit.refuse(f"circuit {circuit.name!r} constrains nothing")
    except Exception as problem:
        mistake = _mistake(circuit, problem)
        if mistake is None:
            raise
        return mistake.with_traceback(without_internals(problem.__traceback__))
    return None


def _mistake(circuit: Circuit, problem: Exception) -> BuildError | None:
    if isinstance(problem, BuildError):
        return problem
    where = raised_at(problem.__traceback__)
    if isinstance(problem, RecursionError):
        return _at(where, f"circuit {circuit.name!r} recurses without end: a gadget calls itself, and nothing stops it")
    if isinstance(problem, CircuitError):
        return _at(where, str(problem))
    if isinstance(problem, _PYTHONS_OWN) and _left_the_language(problem.__traceback__):
        return _at(where, f"{type(problem).__name__}: {problem}")
    return None


def _require_it_ran(circuit: Circuit, result: object) -> None:
    if inspect.iscoroutine(result):
        result.close()
    if inspect.isgenerator(result) or inspect.iscoroutine(result) or inspect.isasyncgen(result):
        reason = f"the function of circuit {circuit.name!r} has not run: it is a generator or a coroutine"
        raise _at(user_location(), reason)


def _left_the_language(traceback: TracebackType | None) -> bool:
    """Was it raised below the last line of the user's?"""
    inside = False
    while traceback is not None:
        inside = is_language(traceback.tb_frame.f_globals.get("__name__") or "")
        traceback = traceback.tb_next
    return inside


def _at(where: Location, reason: str) -> BuildError:
    return BuildError(reason, file=where.file, line=where.line, text=where.text)
