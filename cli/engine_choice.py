"""The engine of a command, with one line of warning where it is the slow one and nobody asked for it."""

from __future__ import annotations

import os

from zkmargin.algebra.engine import ENGINE_VARIABLE, Engine, get_engine

from .output import Output

SLOW = "the slow reference engine is in use, see 'zkmargin doctor'"


def chosen_engine(output: Output) -> Engine:
    """`$ZKMARGIN_ENGINE`, else the fastest that is installed."""
    engine = get_engine()
    if engine.name == "reference" and not os.environ.get(ENGINE_VARIABLE):
        output.warn(SLOW)
    return engine
