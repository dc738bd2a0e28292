"""The margin statement: plain rules, and the same rules as constraints."""

from typing import TYPE_CHECKING

from zkmargin.algebra.lazy import lazily

if TYPE_CHECKING:
    from .account import Leaf, Reservation
    from .commitments import account_pseudonym, key_commitment, nullifier, source_root, venue_group
    from .constraints import margin_statement
    from .risk_table import AssetRisk, HaircutTier, InstrumentRisk, RiskTable, UnderlyingRisk
    from .rules import Evaluation, Holdings, evaluate, net, require_claim
    from .shape import PORTFOLIO, SHAPES, SMALL, STANDARD, TREE_ARITY, Shape, ShapeError, declared_shape
    from .statement import compile_margin
else:
    lazily(
        __name__,
        {
            ".account": "Leaf Reservation",
            ".commitments": "account_pseudonym key_commitment nullifier source_root venue_group",
            ".constraints": "margin_statement",
            ".risk_table": "AssetRisk HaircutTier InstrumentRisk RiskTable UnderlyingRisk",
            ".rules": "Evaluation Holdings evaluate net require_claim",
            ".shape": "PORTFOLIO SHAPES SMALL STANDARD Shape ShapeError TREE_ARITY declared_shape",
            ".statement": "compile_margin",
        },
    )

__all__ = [
    "PORTFOLIO",
    "SHAPES",
    "SMALL",
    "STANDARD",
    "TREE_ARITY",
    "AssetRisk",
    "Evaluation",
    "HaircutTier",
    "Holdings",
    "InstrumentRisk",
    "Leaf",
    "Reservation",
    "RiskTable",
    "Shape",
    "ShapeError",
    "UnderlyingRisk",
    "account_pseudonym",
    "compile_margin",
    "declared_shape",
    "evaluate",
    "key_commitment",
    "margin_statement",
    "net",
    "nullifier",
    "require_claim",
    "source_root",
    "venue_group",
]
