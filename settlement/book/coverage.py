"""Whether an account covers its margin, debts and reservations by the risk table in force: the venue's own check.

It judges this venue's leaf alone, also where the account is netted with other venues: what lies there is not this
venue's to count on.
"""

from __future__ import annotations

from zkmargin.circuits.margin import Leaf, Shape, evaluate, net

from ..errors import NotCovered, RiskTableRefused
from ..risk_document import RiskDocument
from .events import Borrow, Event, Reserve, Trade, Withdraw


def needs_cover(event: Event) -> bool:
    """Whether the event can lower the surplus. A repayment cannot: a debt never weighs less than the balance."""
    return isinstance(event, Withdraw | Borrow | Trade | Reserve)


def surplus_2e34(shape: Shape, risk: RiskDocument, horizon_ms: int, leaf: Leaf) -> int:
    """Collateral above margin, debts and reservations; negative where it falls short."""
    return evaluate(shape, risk.table, net([leaf], target=0), horizon_ms).surplus_2e34


def require_covered(
    shape: Shape, risk: RiskDocument | None, horizon_ms: int, event: Event, before: Leaf, after: Leaf, index: int
) -> None:
    """Raise `NotCovered` where the event would leave the account short.

    An account that prices have already left short may trade, if that raises its surplus: it must be possible to unwind.
    """
    if risk is None:
        raise RiskTableRefused("no risk table is in force, so nothing can be withdrawn, traded, borrowed or reserved")
    left = surplus_2e34(shape, risk, horizon_ms, after)
    if left >= 0:
        return
    if isinstance(event, Trade) and left > surplus_2e34(shape, risk, horizon_ms, before):
        return
    raise NotCovered(index, "margin")
