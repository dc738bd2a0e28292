"""Roots from a node of the source chain: the events of the contract that publishes them, once they are final.

What the source holds back and takes back follows from block timestamps alone, so that it needs no memory. A root is
reported with the timestamp of its block as the time it was observed. Say the ledger holds a root of time T:

- the chain up to the final block has it: it stands;
- the chain beyond the final block has it, in a block of time T: the node has fallen behind, it stands;
- it has it there in a block of another time: the block it was final in is gone; withdrawn;
- it has it nowhere, and the newest block is later than T: block times grow along a chain, so the newest block is not a
  descendant of the block that was final; withdrawn;
- it has it nowhere, and the newest block is not later than T: the node has fallen behind, it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zkmargin.algebra import BN254
from zkmargin.algebra.keccak import keccak256

from ..errors import SourceMalformed, SourceUnavailable
from ..statement import ID_BITS, check_bytes, check_range
from .json_rpc import Block, JsonRpc, Log
from .view import HeldRoot, RootReport, RootView, Withdrawal

EVENT = "RootPublished(uint64,uint64,uint256)"
"""chain id and epoch are topics, the root is the data."""
CHUNK_BLOCKS = 1_000
MAX_CHUNKS = 100
MS = 1_000


@dataclass(frozen=True)
class Finality:
    """When a block counts: `depth` blocks lie on it, or the node calls it "finalized" where depth is None."""

    depth: int | None

    def __post_init__(self) -> None:
        if self.depth is not None:
            check_range("depth", self.depth, 32)

    def block(self, node: JsonRpc, newest: Block) -> Block | None:
        """The newest block that counts; None where the chain is too short."""
        if self.depth is None:
            return node.block("finalized")
        return node.block(newest.number - self.depth) if newest.number >= self.depth else None


@dataclass(frozen=True)
class _Published:
    epoch: int
    root: int
    at_ms: int
    is_final: bool


class NodeSource:
    """The roots of one source chain, from the events of its contract. `address` are 20 bytes."""

    def __init__(
        self,
        node: JsonRpc,
        chain_id: int,
        address: bytes,
        finality: Finality,
        *,
        network_id: int | None = None,
        chunk_blocks: int = CHUNK_BLOCKS,
    ) -> None:
        check_range("chain_id", chain_id, ID_BITS)
        check_bytes("address", address, 20)
        self.name = node.name
        self._node, self._chain_id, self._finality = node, chain_id, finality
        self._address = "0x" + address.hex()
        self._network_id, self._chunk_blocks = network_id, chunk_blocks

    def chain_ids(self, routes: Sequence[int]) -> Sequence[int]:
        return [chain_id for chain_id in routes if chain_id == self._chain_id]

    def poll(self, held: Sequence[HeldRoot], since_ms: int) -> RootView:
        self._require_network()
        newest = self._required(self._node.block("latest"), "newest")
        final = self._finality.block(self._node, newest)
        published, from_ms = self._published(newest, final, since_ms)
        self._require_unmoved(newest)
        ours = [root for root in held if root.chain_id == self._chain_id and root.observed_at_ms >= from_ms]
        reports = (RootReport(self._chain_id, p.epoch, p.root, p.at_ms) for p in published if p.is_final)
        return RootView(tuple(reports), tuple(self._withdrawn(ours, published, newest)))

    def _withdrawn(
        self, held: Sequence[HeldRoot], published: Sequence[_Published], newest: Block
    ) -> Iterator[Withdrawal]:
        """The rules of the module's head."""
        final = {(p.epoch, p.root) for p in published if p.is_final}
        pending = {(p.epoch, p.root): p.at_ms for p in published if not p.is_final}
        for root in held:
            key = (root.epoch, root.root)
            if key in final or pending.get(key) == root.observed_at_ms:
                continue
            if key in pending or newest.timestamp_s * MS > root.observed_at_ms:
                reason = "its block is no longer part of the source chain"
                yield Withdrawal(self._chain_id, root.epoch, root.root, reason)

    def _published(self, newest: Block, final: Block | None, since_ms: int) -> tuple[list[_Published], int]:
        """What was published since then, and the time from which on this is all of it."""
        found: list[_Published] = []
        last = newest.number
        for _ in range(MAX_CHUNKS):
            first = max(0, last - self._chunk_blocks + 1)
            found += self._in_blocks(first, last, final, since_ms)
            start = self._required(self._node.block(first), "an older")
            if first == 0 or start.timestamp_s * MS < since_ms:
                return found, since_ms
            last = first - 1
        return found, max(since_ms, start.timestamp_s * MS)

    def _in_blocks(self, first: int, last: int, final: Block | None, since_ms: int) -> Iterator[_Published]:
        topics = ["0x" + keccak256(EVENT.encode()).hex(), f"0x{self._chain_id:064x}"]
        blocks: dict[str, Block] = {}
        for log in self._node.logs(self._address, [*topics], first, last):
            epoch, root = self._event(log, topics)
            if log.block_hash not in blocks:
                blocks[log.block_hash] = self._required(self._node.block_by_hash(log.block_hash), "an event's")
            at_ms = blocks[log.block_hash].timestamp_s * MS
            if at_ms >= since_ms:
                yield _Published(epoch, root, at_ms, final is not None and log.block_number <= final.number)

    def _event(self, log: Log, topics: list[str]) -> tuple[int, int]:
        """Epoch and root; the filter is the node's to apply and ours to check."""
        if log.address != self._address or list(log.topics[:2]) != topics or len(log.topics) != 3:
            raise SourceMalformed(self.name, "answers with events that were not asked for")
        epoch, digits = int(log.topics[2], 16), log.data[2:]
        if epoch >= 1 << ID_BITS or len(digits) != 64 or int(digits, 16) >= BN254.r:
            raise SourceMalformed(self.name, "answers with an event whose epoch or root is out of range")
        return epoch, int(digits, 16)

    def _require_network(self) -> None:
        if self._network_id is not None and (found := self._node.chain_id()) != self._network_id:
            raise SourceMalformed(self.name, f"is on network {found}, not on {self._network_id}")

    def _require_unmoved(self, newest: Block) -> None:
        """The answers above belong together only if the chain they came from still stands."""
        again = self._node.block(newest.number)
        if again is None or again.hash != newest.hash:
            raise SourceUnavailable(self.name, "reorganised its chain while it was asked")

    def _required(self, block: Block | None, which: str) -> Block:
        if block is None:
            raise SourceUnavailable(self.name, f"does not have {which} block")
        return block
