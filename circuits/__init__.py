"""The circuit language: trace a Python function into constraints, a witness program and names for people."""

from .build import CompiledCircuit, build
from .builder import Circuit
from .check import check_witness
from .debugging import debug
from .errors import (
    BuildError,
    CircuitError,
    CircuitWarning,
    FormatError,
    InputError,
    StatementFalse,
    UnsatisfiedConstraint,
)
from .expression import Bit, Expr, Field, Fixed, Integer
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
    round_down,
    round_up,
    select,
    to_bits,
    total,
)
from .imported import ImportedCircuit, import_circuit
from .inputs import InputSignal
from .program import Opcode, WitnessProgram
from .r1cs import R1CS
from .scope import gadget
from .symbols import Symbols
from .units import AMOUNT, PRICE, RATIO, TIME_MS, VALUE, Quantity, Unit, UnitError, quantity

__all__ = [
    "AMOUNT",
    "PRICE",
    "R1CS",
    "RATIO",
    "TIME_MS",
    "VALUE",
    "Bit",
    "BuildError",
    "Circuit",
    "CircuitError",
    "CircuitWarning",
    "CompiledCircuit",
    "Expr",
    "Field",
    "Fixed",
    "FormatError",
    "ImportedCircuit",
    "InputError",
    "InputSignal",
    "Integer",
    "Opcode",
    "Quantity",
    "StatementFalse",
    "Symbols",
    "Unit",
    "UnitError",
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
    "debug",
    "divide",
    "from_bits",
    "gadget",
    "import_circuit",
    "is_at_most",
    "is_equal",
    "is_nonnegative",
    "is_zero",
    "merkle_root",
    "pack",
    "poseidon",
    "positive_part",
    "quantity",
    "round_down",
    "round_up",
    "select",
    "to_bits",
    "total",
]
