"""The venue's own business, as small as it can be: an order takes up margin until it is cancelled."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count


@dataclass(frozen=True)
class Order:
    number: int
    account: int
    margin_e8: int


@dataclass
class OrderBook:
    """The orders of one process. A venue keeps them in a database; what matters here is what they are held against."""

    open_orders: dict[int, Order] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def taken_up_e8(self, account: int) -> int:
        return sum(order.margin_e8 for order in self.open_orders.values() if order.account == account)

    def place(self, account: int, margin_e8: int, margin_of_account_e8: int) -> Order | None:
        """The order, or None where the account's margin is not enough for it beside the others.

        Asked and done in one step without waiting, so that two orders cannot both take up the last of it.
        """
        if self.taken_up_e8(account) + margin_e8 > margin_of_account_e8:
            return None
        order = Order(next(self._numbers), account, margin_e8)
        self.open_orders[order.number] = order
        return order

    def cancel(self, number: int) -> Order | None:
        return self.open_orders.pop(number, None)
