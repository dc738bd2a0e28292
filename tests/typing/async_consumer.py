"""The same from an event loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import assert_type

from zkmargin.algebra import ZkMarginError
from zkmargin.settlement.ledger_folder import LedgerFolder
from zkmargin.verifier import (
    AccountView,
    BreakerState,
    Decision,
    LedgerConfig,
    LogEntry,
    Overloaded,
    Overview,
    Receipt,
    Rejected,
    SettlementRequest,
    VerifyingKey,
)
from zkmargin.verifier.aio import AsyncMarginLedger


async def opened(database: Path, config: LedgerConfig, key: VerifyingKey) -> AsyncMarginLedger:
    return await AsyncMarginLedger.open(database, config, key, queue_limit=64)


async def desk(folder: Path, body: bytes) -> Receipt | str:
    """The receipt, or what to tell the sender."""
    ledger = await asyncio.to_thread(LedgerFolder.read(folder).open)
    async with AsyncMarginLedger(ledger) as desk:
        assert_type(desk, AsyncMarginLedger)
        try:
            return await desk.accept(SettlementRequest.from_json(body))
        except Overloaded as problem:
            return f"{problem.waiting} of {problem.limit} wait already"
        except Rejected as refusal:
            return refusal.code


async def many(desk: AsyncMarginLedger, requests: list[SettlementRequest]) -> list[Receipt]:
    outcomes = await desk.accept_many(requests)
    assert_type(outcomes, list[Receipt | ZkMarginError])
    return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


async def look(desk: AsyncMarginLedger, account: int, settlement_id: bytes) -> None:
    assert_type(await desk.margin_of(account), int)
    assert_type(await desk.account(account), AccountView)
    assert_type(await desk.breakers(), list[BreakerState])
    assert_type(await desk.receipt(settlement_id), Receipt | None)
    assert_type(await desk.newest_decisions(3), list[Decision])
    assert_type(await desk.log(), list[LogEntry])
    assert_type(await desk.overview(), Overview)
    assert_type(await desk.ask(lambda ledger: ledger.config.ledger), str)
    assert_type(await desk.repay(settlement_id, 0), int)
    assert_type(await desk.order(lambda ledger: ledger.release(settlement_id)), int)
