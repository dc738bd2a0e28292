"""The curves of py_ecc: which of its modules implements a `Curve`, and what this engine takes from it.

py_ecc keeps points in homogeneous projective coordinates (x / z, y / z), with z = 0 at infinity. An element of
F_q[u]/(u^2 + 1) is FQ2([c0, c1]). It raises the interpreter's recursion limit when imported; a library has no business
to, and nothing used here recurses deeply, so the limit is put back.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType

from ..curves import Curve
from ..errors import EngineUnavailable

_MODULES = {"bn254": "py_ecc.optimized_bn128", "bls12_381": "py_ecc.optimized_bls12_381"}


@cache
def library(curve: Curve) -> ModuleType:
    """The py_ecc module for that curve, once its constants are seen to be the curve's."""
    name = _MODULES.get(curve.name)
    if name is None:
        raise EngineUnavailable("reference", f"py_ecc has no curve {curve.name}")
    limit = sys.getrecursionlimit()
    try:
        module = importlib.import_module(name)
    finally:
        sys.setrecursionlimit(limit)
    theirs = (module.field_modulus, module.curve_order, module.b.n, tuple(module.b2.coeffs))
    if theirs != (curve.q, curve.r, curve.b, curve.g2_b):
        raise EngineUnavailable("reference", f"py_ecc's {name} is another curve than {curve.name}")
    return module
