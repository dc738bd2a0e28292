"""The circuit language: trace a Python function into constraints, a witness program and names for people."""

from .build import CompiledCircuit, build
from .builder import Circuit
from .check import check_witness
from .errors import (
    BuildError,
    CircuitError,
    CircuitWarning,
    FormatError,
    InputError,
    StatementFalse,
    UnsatisfiedConstraint,
)
from .expression import Expr
from .gadgets import (
    absolute,
    assert_at_most,
    assert_bits,
    assert_equal,
    assert_less,
    assert_product,
    assert_zero,
    bind,
    divide,
    from_bits,
    is_at_most,
    is_equal,
    is_nonnegative,
    is_zero,
    merkle_root,
    pack,
    poseidon,
    positive_part,
    select,
    to_bits,
)
from .inputs import InputSignal
from .program import Opcode, WitnessProgram
from .r1cs import R1CS
from .scope import gadget
from .symbols import Symbols

__all__ = [
    "R1CS",
    "BuildError",
    "Circuit",
    "CircuitError",
    "CircuitWarning",
    "CompiledCircuit",
    "Expr",
    "FormatError",
    "InputError",
    "InputSignal",
    "Opcode",
    "StatementFalse",
    "Symbols",
    "UnsatisfiedConstraint",
    "WitnessProgram",
    "absolute",
    "assert_at_most",
    "assert_bits",
    "assert_equal",
    "assert_less",
    "assert_product",
    "assert_zero",
    "bind",
    "build",
    "check_witness",
    "divide",
    "from_bits",
    "gadget",
    "is_at_most",
    "is_equal",
    "is_nonnegative",
    "is_zero",
    "merkle_root",
    "pack",
    "poseidon",
    "positive_part",
    "select",
    "to_bits",
]
