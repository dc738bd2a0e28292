"""iden3's files: constraint systems, witnesses and symbols, interchangeable with circom and snarkjs."""

from .binfile import read_sections, write_sections
from .r1cs_file import read_r1cs, write_r1cs
from .sym_file import Symbol, each_symbol, names_by_wire, read_sym, write_sym
from .wtns_file import read_wtns, write_wtns

__all__ = [
    "Symbol",
    "each_symbol",
    "names_by_wire",
    "read_r1cs",
    "read_sections",
    "read_sym",
    "read_wtns",
    "write_r1cs",
    "write_sections",
    "write_sym",
    "write_wtns",
]
