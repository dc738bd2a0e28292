"""Fields, curves, pairing, transforms and hashes behind one door, with a native and a reference engine."""

from .bounded_json import load_json
from .curves import BN254, Curve
from .encoding import (
    Buffer,
    G1Point,
    G2Point,
    g1_from_bytes,
    g1_to_bytes,
    g2_from_bytes,
    g2_to_bytes,
    scalars_from_bytes,
    scalars_to_bytes,
)
from .engine import Bases, Engine, get_engine
from .errors import (
    AlgebraError,
    DomainError,
    EncodingError,
    EngineUnavailable,
    MissingExtra,
    PointError,
    ZkMarginError,
)
from .sparse import SparseMatrix

__all__ = [
    "BN254",
    "AlgebraError",
    "Bases",
    "Buffer",
    "Curve",
    "DomainError",
    "EncodingError",
    "Engine",
    "EngineUnavailable",
    "G1Point",
    "G2Point",
    "MissingExtra",
    "PointError",
    "SparseMatrix",
    "ZkMarginError",
    "g1_from_bytes",
    "g1_to_bytes",
    "g2_from_bytes",
    "g2_to_bytes",
    "get_engine",
    "load_json",
    "scalars_from_bytes",
    "scalars_to_bytes",
]
