"""Packages that only some parts need, imported where they are used and missed with one clear line."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import MissingExtra


def require(module: str, extra: str) -> Any:
    """The module, or `MissingExtra` naming what to install."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtra(module.partition(".")[0], extra) from None
