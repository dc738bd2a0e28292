"""Compiling the margin statement for a shape; each shape is traced once per process."""

from __future__ import annotations

from functools import cache

from ..build import CompiledCircuit, build
from .constraints import margin_statement
from .shape import Shape


@cache
def compile_margin(shape: Shape) -> CompiledCircuit:
    """The circuit of a shape, with the shape in its metadata and so in its digest."""
    return build(margin_statement, shape, name=f"margin-{shape.name}", metadata=shape.metadata(), strict=True)
