"""The gadgets: what circuits are written with, each with its cost and its proof beside the code."""

from .arithmetic import absolute, assert_product, bind, positive_part, select
from .baby_jubjub import (
    Point,
    SubgroupPoint,
    assert_not_neutral,
    assert_not_small_order,
    assert_on_curve,
    assert_same_point,
    clear_cofactor,
    constant_point,
    point_add,
    point_double,
    point_negate,
    point_select,
)
from .bits import assert_bits, from_bits, pack, to_bits
from .canonical import to_bits_at_most, to_canonical_bits
from .commitment import pedersen_commitment
from .comparison import assert_at_most, assert_less, is_at_most, is_nonnegative
from .division import divide
from .eddsa import Signature, assert_eddsa_poseidon
from .equality import assert_equal, assert_zero, is_equal, is_zero
from .fixed_base import fixed_base_multiple
from .low_bits import low_bits
from .merkle import merkle_root, merkle_update
from .poseidon import poseidon
from .rounding import round_down, round_up, total
from .sorted_tree import assert_not_in_sorted_tree, sorted_insert, sorted_root_with
from .sparse_merkle import assert_not_in_sparse_tree, sparse_insert, sparse_root_with, sparse_update
from .variable_base import variable_base_multiple

__all__ = [
    "Point",
    "Signature",
    "SubgroupPoint",
    "absolute",
    "assert_at_most",
    "assert_bits",
    "assert_eddsa_poseidon",
    "assert_equal",
    "assert_less",
    "assert_not_in_sorted_tree",
    "assert_not_in_sparse_tree",
    "assert_not_neutral",
    "assert_not_small_order",
    "assert_on_curve",
    "assert_product",
    "assert_same_point",
    "assert_zero",
    "bind",
    "clear_cofactor",
    "constant_point",
    "divide",
    "fixed_base_multiple",
    "from_bits",
    "is_at_most",
    "is_equal",
    "is_nonnegative",
    "is_zero",
    "low_bits",
    "merkle_root",
    "merkle_update",
    "pack",
    "pedersen_commitment",
    "point_add",
    "point_double",
    "point_negate",
    "point_select",
    "poseidon",
    "positive_part",
    "round_down",
    "round_up",
    "select",
    "sorted_insert",
    "sorted_root_with",
    "sparse_insert",
    "sparse_root_with",
    "sparse_update",
    "to_bits",
    "to_bits_at_most",
    "to_canonical_bits",
    "total",
    "variable_base_multiple",
]
