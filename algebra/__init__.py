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
from .engine import Bases, Engine, LoadedProgram, get_engine
from .errors import (
    AlgebraError,
    DomainError,
    EncodingError,
    EngineUnavailable,
    PointError,
    ZkMarginError,
)
from .fixed_point import ceil_div, floor_div, format_decimal, isqrt_ceil, parse_decimal, round_half_even_div
from .keccak import keccak256
from .merkle import MerkleTree, merkle_root_from_path
from .poseidon import PoseidonParameters, poseidon_hash, poseidon_parameters
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
    "LoadedProgram",
    "MerkleTree",
    "PointError",
    "PoseidonParameters",
    "SparseMatrix",
    "ZkMarginError",
    "ceil_div",
    "floor_div",
    "format_decimal",
    "g1_from_bytes",
    "g1_to_bytes",
    "g2_from_bytes",
    "g2_to_bytes",
    "get_engine",
    "isqrt_ceil",
    "keccak256",
    "load_json",
    "merkle_root_from_path",
    "parse_decimal",
    "poseidon_hash",
    "poseidon_parameters",
    "round_half_even_div",
    "scalars_from_bytes",
    "scalars_to_bytes",
]
