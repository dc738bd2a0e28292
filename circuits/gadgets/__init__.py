"""The gadgets: what circuits are written with, each with its cost and its proof beside the code."""

from ..lane_layout import LaneLayout
from .arithmetic import absolute, assert_product, bind, positive_part, select, sign_split
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
from .bits import assert_bits, from_bits, pack, ranged, to_bits, unpack
from .canonical import to_bits_at_most, to_canonical_bits
from .commitment import pedersen_commitment
from .comparison import assert_at_most, assert_less, is_at_most, is_nonnegative
from .division import divide, divide_nearest, divide_up
from .eddsa import Signature, assert_eddsa_poseidon
from .equality import assert_equal, assert_zero, is_equal, is_zero
from .fixed_base import fixed_base_multiple
from .lanes import Lanes, open_lanes, side_by_side, trusted_lanes
from .logic import all_of, any_of, assert_at_most_if, assert_equal_if, both, either, negate
from .low_bits import low_bits
from .median import median
from .merkle import merkle_membership, merkle_root, merkle_update
from .order import assert_between, is_between, maximum, minimum
from .poseidon import poseidon, poseidon_list
from .roots import assert_sqrt_ceil, assert_sqrt_floor, sqrt_ceil, sqrt_floor
from .rounding import round_down, round_up, total
from .selection import lookup, multiplexer, one_hot
from .sorted_tree import assert_not_in_sorted_tree, sorted_insert, sorted_root_with
from .sparse_merkle import assert_not_in_sparse_tree, sparse_insert, sparse_root_with, sparse_update
from .variable_base import variable_base_multiple

__all__ = [
    "LaneLayout",
    "Lanes",
    "Point",
    "Signature",
    "SubgroupPoint",
    "absolute",
    "all_of",
    "any_of",
    "assert_at_most",
    "assert_at_most_if",
    "assert_between",
    "assert_bits",
    "assert_eddsa_poseidon",
    "assert_equal",
    "assert_equal_if",
    "assert_less",
    "assert_not_in_sorted_tree",
    "assert_not_in_sparse_tree",
    "assert_not_neutral",
    "assert_not_small_order",
    "assert_on_curve",
    "assert_product",
    "assert_same_point",
    "assert_sqrt_ceil",
    "assert_sqrt_floor",
    "assert_zero",
    "bind",
    "both",
    "clear_cofactor",
    "constant_point",
    "divide",
    "divide_nearest",
    "divide_up",
    "either",
    "fixed_base_multiple",
    "from_bits",
    "is_at_most",
    "is_between",
    "is_equal",
    "is_nonnegative",
    "is_zero",
    "lookup",
    "low_bits",
    "maximum",
    "median",
    "merkle_membership",
    "merkle_root",
    "merkle_update",
    "minimum",
    "multiplexer",
    "negate",
    "one_hot",
    "open_lanes",
    "pack",
    "pedersen_commitment",
    "point_add",
    "point_double",
    "point_negate",
    "point_select",
    "poseidon",
    "poseidon_list",
    "positive_part",
    "ranged",
    "round_down",
    "round_up",
    "select",
    "side_by_side",
    "sign_split",
    "sorted_insert",
    "sorted_root_with",
    "sparse_insert",
    "sparse_root_with",
    "sparse_update",
    "sqrt_ceil",
    "sqrt_floor",
    "to_bits",
    "to_bits_at_most",
    "to_canonical_bits",
    "total",
    "trusted_lanes",
    "unpack",
    "variable_base_multiple",
]
