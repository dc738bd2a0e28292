"""iden3's files: constraint systems, witnesses and symbols, interchangeable with circom and snarkjs."""

from typing import TYPE_CHECKING

from zkmargin.algebra.lazy import lazily

if TYPE_CHECKING:
    from .binfile import read_sections, write_sections
    from .r1cs_file import read_r1cs, write_r1cs
    from .sym_file import Symbol, each_symbol, names_by_wire, read_sym, write_sym
    from .wtns_file import read_wtns, write_wtns
else:
    lazily(
        __name__,
        {
            ".binfile": "read_sections write_sections",
            ".r1cs_file": "read_r1cs write_r1cs",
            ".sym_file": "Symbol each_symbol names_by_wire read_sym write_sym",
            ".wtns_file": "read_wtns write_wtns",
        },
    )

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
