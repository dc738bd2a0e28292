"""Fields, curves, pairing, transforms and hashes behind one door, with a native and a reference engine."""

from typing import TYPE_CHECKING

from .lazy import lazily

if TYPE_CHECKING:
    from .baby_jubjub import BABY_JUBJUB, pack_point, unpack_point
    from .blake512 import blake512
    from .bounded_json import load_json
    from .commitment import blinding_base, commit, random_blinding
    from .curves import BN254, Curve
    from .eddsa import EddsaSignature, eddsa_public_key, eddsa_sign, eddsa_verify
    from .edwards import EdwardsCurve, EdwardsPoint
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
    from .engine import Bases, Engine, LoadedConstraints, LoadedKey, LoadedProgram, LoadedTree, get_engine
    from .errors import (
        AlgebraError,
        DomainError,
        EncodingError,
        EngineUnavailable,
        PointError,
        SignatureError,
        TreeError,
        ZkMarginError,
    )
    from .fixed_point import ceil_div, floor_div, format_decimal, isqrt_ceil, parse_decimal, round_half_even_div
    from .keccak import keccak256, keccak256_many
    from .merkle import MerkleTree, merkle_children_from_path, merkle_root_from_path, merkle_update_from_path
    from .poseidon import PoseidonParameters, poseidon_hash, poseidon_list, poseidon_parameters
    from .sorted_tree import SortedInsertion, SortedLeaf, SortedPath, SortedTree
    from .sparse import SparseMatrix
    from .sparse_merkle import SparseMerkleTree, SparsePath
else:
    lazily(
        __name__,
        {
            ".baby_jubjub": "BABY_JUBJUB pack_point unpack_point",
            ".blake512": "blake512",
            ".bounded_json": "load_json",
            ".commitment": "blinding_base commit random_blinding",
            ".curves": "BN254 Curve",
            ".eddsa": "EddsaSignature eddsa_public_key eddsa_sign eddsa_verify",
            ".edwards": "EdwardsCurve EdwardsPoint",
            ".encoding": "Buffer G1Point G2Point g1_from_bytes g1_to_bytes g2_from_bytes g2_to_bytes "
            "scalars_from_bytes scalars_to_bytes",
            ".engine": "Bases Engine LoadedConstraints LoadedKey LoadedProgram LoadedTree get_engine",
            ".errors": "AlgebraError DomainError EncodingError EngineUnavailable PointError SignatureError TreeError "
            "ZkMarginError",
            ".fixed_point": "ceil_div floor_div format_decimal isqrt_ceil parse_decimal round_half_even_div",
            ".keccak": "keccak256 keccak256_many",
            ".merkle": "MerkleTree merkle_children_from_path merkle_root_from_path merkle_update_from_path",
            ".poseidon": "PoseidonParameters poseidon_hash poseidon_list poseidon_parameters",
            ".sorted_tree": "SortedInsertion SortedLeaf SortedPath SortedTree",
            ".sparse": "SparseMatrix",
            ".sparse_merkle": "SparseMerkleTree SparsePath",
        },
    )

__all__ = [
    "BABY_JUBJUB",
    "BN254",
    "AlgebraError",
    "Bases",
    "Buffer",
    "Curve",
    "DomainError",
    "EddsaSignature",
    "EdwardsCurve",
    "EdwardsPoint",
    "EncodingError",
    "Engine",
    "EngineUnavailable",
    "G1Point",
    "G2Point",
    "LoadedConstraints",
    "LoadedKey",
    "LoadedProgram",
    "LoadedTree",
    "MerkleTree",
    "PointError",
    "PoseidonParameters",
    "SignatureError",
    "SortedInsertion",
    "SortedLeaf",
    "SortedPath",
    "SortedTree",
    "SparseMatrix",
    "SparseMerkleTree",
    "SparsePath",
    "TreeError",
    "ZkMarginError",
    "blake512",
    "blinding_base",
    "ceil_div",
    "commit",
    "eddsa_public_key",
    "eddsa_sign",
    "eddsa_verify",
    "floor_div",
    "format_decimal",
    "g1_from_bytes",
    "g1_to_bytes",
    "g2_from_bytes",
    "g2_to_bytes",
    "get_engine",
    "isqrt_ceil",
    "keccak256",
    "keccak256_many",
    "load_json",
    "merkle_children_from_path",
    "merkle_root_from_path",
    "merkle_update_from_path",
    "pack_point",
    "parse_decimal",
    "poseidon_hash",
    "poseidon_list",
    "poseidon_parameters",
    "random_blinding",
    "round_half_even_div",
    "scalars_from_bytes",
    "scalars_to_bytes",
    "unpack_point",
]
