"""The errors of the backtest.

BacktestError
|-- ModelError          a market model with a parameter that makes no market; `field` names it
|-- PathError           a path of prices that cannot be backtested: too short, uneven, not positive
|-- StudyError          settings of a backtest that contradict the path or each other; `field` names it
|-- MissingExtra        a part of the installation is not there; `extra` names it
`-- CoverageRejected    losses exceeded the margin more often than was asked for; `portfolios` names where
"""

from __future__ import annotations

from ..errors import SettlementError


class BacktestError(SettlementError):
    """Base of the errors of `zkmargin.settlement.backtest`."""


class ModelError(BacktestError):
    """A parameter of a market model outside its range."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"market model: {field} {reason}")
        self.field = field


class PathError(BacktestError):
    """Prices that cannot be backtested."""


class StudyError(BacktestError):
    """A setting of a backtest that does not fit."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"backtest: {field} {reason}")
        self.field = field


class MissingExtra(BacktestError):
    """A package that only one extra of the distribution brings."""

    def __init__(self, extra: str, package: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'zkmargin[{extra}]'")
        self.extra = extra


class CoverageRejected(BacktestError):
    """The margin of these portfolios covers less than was asked for."""

    def __init__(self, portfolios: tuple[str, ...], coverage: str) -> None:
        names = ", ".join(portfolios)
        super().__init__(
            f"a coverage of {coverage} is rejected for {names}: raise the confidence or shorten the horizon"
        )
        self.portfolios = portfolios
