"""For authors of circuits: cases on every engine, liars in the place of hints, everything tried over tiny fields.

Nothing here needs pytest; with it, `zkmargin.pytest_plugin` brings the same as the fixture `check_circuit`.
"""

from .cases import Prove, Refused, check_circuit, engines_for
from .exhaustive import PRIME, check_exact, solutions
from .liars import check_liars
from .plain_engine import PlainEngine, broken, plain_engine, tiny_field

__all__ = [
    "PRIME",
    "PlainEngine",
    "Prove",
    "Refused",
    "broken",
    "check_circuit",
    "check_exact",
    "check_liars",
    "engines_for",
    "plain_engine",
    "solutions",
    "tiny_field",
]
