"""Where the tests of this folder find the toolkit's plain engine."""

from zkmargin.circuits.testing import PlainEngine, solutions, tiny_field

__all__ = ["PlainEngine", "solutions", "tiny_field"]
