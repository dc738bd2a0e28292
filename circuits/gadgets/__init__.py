"""The gadgets: what circuits are written with, each with its cost and its proof beside the code."""

from .arithmetic import absolute, assert_product, bind, positive_part, select
from .bits import assert_bits, from_bits, pack, to_bits
from .comparison import assert_at_most, assert_less, is_at_most, is_nonnegative
from .division import divide
from .equality import assert_equal, assert_zero, is_equal, is_zero
from .merkle import merkle_root
from .poseidon import poseidon
from .rounding import round_down, round_up, total

__all__ = [
    "absolute",
    "assert_at_most",
    "assert_bits",
    "assert_equal",
    "assert_less",
    "assert_product",
    "assert_zero",
    "bind",
    "divide",
    "from_bits",
    "is_at_most",
    "is_equal",
    "is_nonnegative",
    "is_zero",
    "merkle_root",
    "pack",
    "poseidon",
    "positive_part",
    "round_down",
    "round_up",
    "select",
    "to_bits",
    "total",
]
