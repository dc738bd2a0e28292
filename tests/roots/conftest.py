"""Fixtures of the tests of root sources: a ledger that only holds roots, and what a follower reports about it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from zkmargin.verifier import LedgerConfig, RootRejected, SourceRootAttestation
from zkmargin.verifier.roots import FollowEvent, RootFollower, RootReport, RootSource

from ..verifier.world import CONFIG, Clock


@dataclass
class RootsAlone:
    """A ledger's roots without the rest of it: one list a chain, under the same rules."""

    clock: Clock
    config: LedgerConfig = CONFIG
    roots: dict[int, list[RootReport]] = field(default_factory=dict)
    retractions: list[tuple[int, int, str]] = field(default_factory=list)

    def newest_root(self, chain_id: int, below_epoch: int | None = None) -> RootReport | None:
        below = [root for root in self.roots.get(chain_id, []) if below_epoch is None or root.epoch < below_epoch]
        return below[-1] if below else None

    def observe_root(self, chain_id: int, epoch: int, root: int, observed_at_ms: int) -> None:
        newest = self.newest_root(chain_id)
        if newest is not None and epoch <= newest.epoch:
            raise RootRejected(f"epoch {epoch} contradicts what was observed")
        if observed_at_ms > self.clock():
            raise RootRejected("from the future")
        self.roots.setdefault(chain_id, []).append(RootReport(chain_id, epoch, root, observed_at_ms))

    def attest_source_root(self, attestation: SourceRootAttestation) -> None:
        a = attestation
        a.require_quorum(self.config.root_signers, self.config.root_quorum)
        self.observe_root(a.chain_id, a.epoch, a.root, a.observed_at_ms)

    def retract_root(self, chain_id: int, epoch: int, reason: str) -> None:
        self.retractions.append((chain_id, epoch, reason))
        self.roots[chain_id] = [root for root in self.roots[chain_id] if root.epoch < epoch]

    def held(self, chain_id: int) -> list[tuple[int, int]]:
        return [(root.epoch, root.root) for root in self.roots.get(chain_id, [])]


@dataclass
class Followed:
    """A ledger, and followers that each start without a past."""

    ledger: RootsAlone
    clock: Clock
    events: list[FollowEvent] = field(default_factory=list)

    def step(self, source: RootSource) -> list[tuple[str, int | None]]:
        """Kind and epoch of what one poll reports; silence is left out."""
        del self.events[:]
        RootFollower(self.ledger, source, self.events.append, clock=self.clock).step()
        return [(event.kind, event.epoch) for event in self.events if event.kind != "silent"]


@pytest.fixture
def followed() -> Followed:
    clock = Clock()
    return Followed(RootsAlone(clock), clock)
