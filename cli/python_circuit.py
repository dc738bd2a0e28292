"""A circuit from the user's own Python file, named `path/to/file.py:function`. The file is run, as `python` would."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from zkmargin.algebra.errors import ZkMarginError
from zkmargin.circuits import CompiledCircuit, build

from .errors import CircuitCodeFailed, FileRefused, Misuse
from .files import read_file

SEPARATOR = ".py:"


def build_python_circuit(source: str, arguments: Sequence[str]) -> CompiledCircuit:
    """Run the file and build its function: `function(c, *arguments)`, decimal arguments as integers, others as text.

    A name that holds a `CompiledCircuit` is taken as it is. What the file prints goes to stderr.
    """
    file, _, name = source.rpartition(":")
    path = Path(file)
    if not name.isidentifier():
        raise Misuse(f"{source}: name the function after the file, as in {file}:function")
    read_file(path, "Python file")
    with contextlib.redirect_stdout(sys.stderr), _importing_from(path.parent), _failing_as(path):
        found = getattr(_loaded(path), name, None)
        if isinstance(found, CompiledCircuit):
            circuit: CompiledCircuit | None = found
        elif callable(found):
            circuit = build(found, *map(_argument, arguments), name=name)
        else:
            circuit = None
    if circuit is None:
        raise Misuse(f"{path} has no function {name}(c, ...) and no compiled circuit of that name")
    if arguments and circuit is found:
        raise Misuse(f"{name} is compiled already and takes no --arg")
    return circuit


def _loaded(path: Path) -> ModuleType:
    """The file as a module, under a name that keeps clear of installed ones."""
    name = f"circuit_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileRefused(path, "is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """The file can import its neighbours, as under `python file.py`."""
    before = list(sys.path)
    sys.path.insert(0, os.path.abspath(folder))
    try:
        yield
    finally:
        sys.path[:] = before


@contextlib.contextmanager
def _failing_as(path: Path) -> Iterator[None]:
    """Whatever the user's code raises becomes one line that names the error and where it was raised."""
    try:
        yield
    except (ZkMarginError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as problem:
        line, text = _line(problem, os.path.abspath(path)), str(problem)
        place = "" if line is None else f" at line {line}"
        raise CircuitCodeFailed(path, f"{type(problem).__name__}{place}{': ' if text else ''}{text}") from None


def _line(problem: BaseException, file: str) -> int | None:
    """The innermost line of the file that the error passed."""
    if isinstance(problem, SyntaxError):
        return problem.lineno
    own = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == file]
    return own[-1] if own else None


def _argument(text: str) -> int | str:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else text
