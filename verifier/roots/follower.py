"""Feeds a ledger from a source of roots: observes what is new and final, retracts what its source withdraws.

It remembers nothing that the ledger does not hold, so it can be stopped and started at any moment, and two of them on
one ledger do no harm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from ..attestation import SourceRootAttestation
from ..errors import LedgerError, ObservationRejected, SourceError
from ..ledger.config import LedgerConfig
from ..ledger.questions import system_clock
from .view import HeldRoot, RootReport, RootSource, Withdrawal

OBSERVED, RETRACTED, REFUSED, FAILED, SILENT = "observed", "retracted", "refused", "failed", "silent"
MAX_HELD = 1_000
"""Roots of one chain that are looked at: more cannot be fresh at any sensible pace."""


class RootLedger(Protocol):
    """What a follower needs of a `MarginLedger`."""

    @property
    def config(self) -> LedgerConfig: ...
    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> HeldRoot | None: ...
    def observe_root(self, chain_id: int, epoch: int, root: int, observed_at_ms: int) -> None: ...
    def attest_source_root(self, attestation: SourceRootAttestation) -> None: ...
    def retract_root(self, chain_id: int, epoch: int, reason: str) -> None: ...


@dataclass(frozen=True)
class FollowEvent:
    """What happened, for a log or a screen; `chain_id` and `epoch` are None where it is not about one root."""

    kind: str
    text: str
    chain_id: int | None = None
    epoch: int | None = None


class RootFollower:
    """One ledger and one source. After a failure it waits twice as long each time, up to `max_interval_s`."""

    def __init__(
        self,
        ledger: RootLedger,
        source: RootSource,
        report: Callable[[FollowEvent], None],
        *,
        clock: Callable[[], int] = system_clock,
        interval_s: float = 5,
        max_interval_s: float = 300,
        silence_ms: int | None = None,
    ) -> None:
        self._ledger, self._source, self._report, self._clock = ledger, source, report, clock
        self._interval_s, self._max_interval_s = interval_s, max(interval_s, max_interval_s)
        # Half the age at which roots go stale: the operator hears of it before traders do.
        self._silence_ms = silence_ms or max(1, ledger.config.max_root_age_ms // 2)
        self._said = set[FollowEvent]()

    def run(self, stop: threading.Event, *, steps: int | None = None) -> None:
        """Poll until told to stop, or so many times."""
        wait_s, done = self._interval_s, 0
        while not stop.is_set():
            wait_s = self._interval_s if self.step() else min(2 * wait_s, self._max_interval_s)
            done += 1
            if steps is not None and done >= steps:
                return
            stop.wait(wait_s)

    def step(self) -> bool:
        """Poll once. False where source or ledger could not be asked; nothing is lost then, the next poll makes up."""
        said = set[FollowEvent]()
        try:
            for event in self._events():
                said.add(event)
        except (SourceError, LedgerError) as problem:
            said.add(FollowEvent(FAILED, str(problem)))
        for event in sorted(said - self._said, key=lambda event: (event.chain_id or 0, event.epoch or 0, event.kind)):
            self._report(event)
        # What goes on is said once; what stops and comes back is said again.
        self._said = {event for event in said if event.kind not in (OBSERVED, RETRACTED)}
        return not any(event.kind == FAILED for event in said)

    def _events(self) -> Iterator[FollowEvent]:
        now_ms = self._clock()
        since_ms = max(0, now_ms - self._ledger.config.max_root_age_ms)
        chains = self._source.chain_ids(sorted(self._ledger.config.routes))
        held = {(root.chain_id, root.epoch): root for chain in chains for root in self._held(chain, since_ms)}
        view = self._source.poll(list(held.values()), since_ms)
        for event in self._retract(view.withdrawn, held):
            held = {key: root for key, root in held.items() if key[0] != event.chain_id or key[1] < (event.epoch or 0)}
            yield event
        for report in sorted(view.final, key=lambda report: (report.chain_id, report.epoch)):
            if report.chain_id in chains:
                yield from self._observe(report, held.get((report.chain_id, report.epoch)))
        for chain in chains:
            yield from self._silence(chain, now_ms)

    def _held(self, chain_id: int, since_ms: int) -> Iterator[HeldRoot]:
        """The fresh roots of a chain, newest first."""
        root = self._ledger.newest_root(chain_id)
        for _ in range(MAX_HELD):
            if root is None or root.observed_at_ms < since_ms:
                return
            yield root
            root = self._ledger.newest_root(chain_id, root.epoch)

    def _retract(
        self, withdrawn: tuple[Withdrawal, ...], held: dict[tuple[int, int], HeldRoot]
    ) -> Iterator[FollowEvent]:
        """One retraction a chain, from the oldest epoch that went: every newer one goes with it."""
        oldest: dict[int, Withdrawal] = {}
        for each in sorted(withdrawn, key=lambda each: each.epoch, reverse=True):
            root = held.get((each.chain_id, each.epoch))
            if root is not None and root.root == each.root:
                oldest[each.chain_id] = each
        for each in oldest.values():
            self._ledger.retract_root(each.chain_id, each.epoch, each.reason)
            text = f"roots of chain {each.chain_id} from epoch {each.epoch} on retracted: {each.reason}"
            yield FollowEvent(RETRACTED, text, each.chain_id, each.epoch)

    def _observe(self, report: RootReport, held: HeldRoot | None) -> Iterator[FollowEvent]:
        newest = self._ledger.newest_root(report.chain_id)
        if held is not None and held.root == report.root:
            return
        if held is None and newest is not None and report.epoch <= newest.epoch:
            return  # passed over: a newer one was observed first
        try:
            if report.attestation is not None:
                self._ledger.attest_source_root(report.attestation)
            else:
                self._ledger.observe_root(report.chain_id, report.epoch, report.root, report.observed_at_ms)
        except ObservationRejected as problem:
            yield FollowEvent(REFUSED, str(problem), report.chain_id, report.epoch)
        else:
            text = f"root of epoch {report.epoch} of chain {report.chain_id} observed"
            yield FollowEvent(OBSERVED, text, report.chain_id, report.epoch)

    def _silence(self, chain_id: int, now_ms: int) -> Iterator[FollowEvent]:
        newest = self._ledger.newest_root(chain_id)
        if newest is None or now_ms - newest.observed_at_ms > self._silence_ms:
            since = "ever" if newest is None else f"for more than {self._silence_ms} ms"
            yield FollowEvent(SILENT, f"no new root of chain {chain_id} {since}", chain_id)
