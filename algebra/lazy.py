"""Packages whose names are loaded when they are first asked for, so that a process starts with what it uses alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType


class LazyPackage(ModuleType):
    """A package that finds each exported name in its module at the first use, and keeps it."""

    _homes: dict[str, str]

    def __getattr__(self, name: str) -> object:
        home = self._homes.get(name)
        if home is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(home, self.__name__), name)
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        """As always, but that a submodule of an exported name, once imported, does not take the name's place."""
        if not (name in self._homes and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> Iterable[str]:
        return sorted({*self.__dict__, *self._homes})


def lazily(package: str, names: Mapping[str, str]) -> None:
    """Make a package lazy: `names` has its modules, relative to it, each with its exported names between spaces."""
    module = sys.modules[package]
    module.__dict__["_homes"] = {name: home for home, exported in names.items() for name in exported.split()}
    module.__class__ = LazyPackage
