"""The part of a ledger that one transaction looks at: loaded in bulk, decided on in memory, saved at once.

Over `NoRows` it is a whole ledger in memory, which is how a log is replayed.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable

from ..receipt import Receipt
from ..request import SettlementRequest
from .breaker import Scope
from .log import LogEntry
from .records import Account, Head, RiskTable, Root
from .scope_text import ScopeRecord, from_text, scope_name, scope_of, to_text
from .store import Changes, Rows, Wanted


def wanted_by(requests: Collection[SettlementRequest]) -> Wanted:
    """What deciding on these requests will ask for."""
    inputs, roots = [request.named_inputs() for request in requests], set[tuple[int, int]]()
    for request, named in zip(requests, inputs, strict=True):
        roots.update(zip(request.context.source_chain_ids, named.source_roots, strict=True))
    return Wanted(
        settlement_ids=frozenset(request.context.settlement_id for request in requests),
        nullifiers=frozenset(named.nullifier for named in inputs),
        accounts=frozenset(named.account for named in inputs),
        roots=frozenset(roots),
        oracle_times_ms=frozenset(request.context.oracle_time_ms for request in requests),
    )


class State:
    """Every question is answered from what was loaded or changed before, and only then from the rows."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.changes = Changes()
        self._head: Head | None = None
        self._last_receipt: int | None = None
        self._outstanding: int | None = None
        self._receipts: dict[bytes, Receipt | None] = {}
        self._nullifiers: dict[int, bool] = {}
        self._accounts: dict[int, Account] = {}
        self._expiries: list[tuple[int, int]] = []
        self._swept_ms = -1
        self._roots: dict[tuple[int, int], Root | None] = {}
        self._new_roots: dict[int, dict[int, Root]] = {}
        self._newest_stored: dict[int, Root | None] = {}
        self._risk_tables: dict[int, RiskTable | None] = {}
        self._scopes: dict[Scope, ScopeRecord] | None = None
        self._changed_scopes: dict[Scope, None] = {}

    def prefetch(self, wanted: Wanted) -> None:
        """Load what will be asked for, in bulk."""
        self._load_roots(wanted.roots)
        self._load_receipts(wanted.settlement_ids, wanted.nullifiers)
        self._load_accounts(wanted.accounts)
        self._load_risk_tables(wanted.oracle_times_ms)

    def save(self) -> None:
        self.changes.scopes = {scope_name(scope): to_text(self.scope(scope)) for scope in self._changed_scopes}
        if self.changes != Changes():
            self._rows.save(self.changes)

    # The log.
    @property
    def head(self) -> Head:
        if self._head is None:
            self._head = self._rows.head()
        return self._head

    def add_entry(self, entry: LogEntry) -> None:
        self._head = Head(entry.number, entry.hash)
        self.changes.entries.append(entry)

    # Receipts.
    def last_receipt(self) -> int:
        if self._last_receipt is None:
            self._last_receipt = self._rows.last_receipt()
        return self._last_receipt

    def receipt_of(self, settlement_id: bytes) -> Receipt | None:
        if settlement_id not in self._receipts:
            self._load_receipts([settlement_id], [])
        return self._receipts[settlement_id]

    def is_nullifier_used(self, nullifier: int) -> bool:
        if nullifier not in self._nullifiers:
            self._load_receipts([], [nullifier])
        return self._nullifiers[nullifier]

    def add_receipt(self, receipt: Receipt) -> None:
        self._last_receipt = receipt.number
        self._receipts[receipt.settlement_id] = receipt
        self._nullifiers[receipt.nullifier] = True
        self.changes.receipts.append(receipt)

    def forget_receipts(self) -> None:
        """For a replay, which compares each receipt as it comes and then needs it no more."""
        self._receipts.clear()
        self._nullifiers.clear()
        self.changes = Changes()

    # Accounts.
    def account(self, account: int) -> Account:
        if account not in self._accounts:
            self._load_accounts([account])
        return self._accounts[account]

    def put_account(self, account: Account) -> None:
        before = self.account(account.account)
        self.changes.outstanding_e8 = self._outstanding = self.outstanding_e8() + account.margin_e8 - before.margin_e8
        self._accounts[account.account] = self.changes.accounts[account.account] = account
        if account.margin_e8:
            heapq.heappush(self._expiries, (account.expiry_ms, account.account))

    def outstanding_e8(self) -> int:
        """All margin that has not been swept; after `sweep`, all there is."""
        if self._outstanding is None:
            self._outstanding = self._rows.outstanding_e8()
        return self._outstanding

    def sweep(self, now_ms: int) -> None:
        """Write 0 to the margins that have expired."""
        if now_ms > self._swept_ms:  # the rows do not change beneath a transaction: one look for each time is enough
            self._swept_ms = now_ms
            for account in self._rows.expired(now_ms):
                self._expire(self._accounts.setdefault(account.account, account), now_ms)
        while self._expiries and self._expiries[0][0] <= now_ms:
            self._expire(self._accounts[heapq.heappop(self._expiries)[1]], now_ms)

    def _expire(self, account: Account, now_ms: int) -> None:
        if account.margin_e8 and not account.margin_at(now_ms):
            self.put_account(account.without_margin())

    # Source roots and risk tables.
    def root(self, chain_id: int, root: int) -> Root | None:
        """This root as observed on this chain, unless it was retracted since."""
        if (chain_id, root) not in self._roots:
            self._load_roots([(chain_id, root)])
        return self._roots[chain_id, root]

    def root_of_epoch(self, chain_id: int, epoch: int) -> Root | None:
        new = self._new_roots.get(chain_id, {}).get(epoch)
        return new or self._standing(self._rows.root_of_epoch(chain_id, epoch))

    def newest_root(self, chain_id: int) -> Root | None:
        new = self._new_roots.get(chain_id, {})
        if chain_id not in self._newest_stored:
            below = self.changes.retracted.get(chain_id)
            self._newest_stored[chain_id] = self._rows.newest_root(chain_id, below)
        stored = self._newest_stored[chain_id]
        return max((*new.values(), *([stored] if stored else [])), key=lambda root: root.epoch, default=None)

    def add_root(self, root: Root) -> None:
        self._roots[root.chain_id, root.root] = root
        self._new_roots.setdefault(root.chain_id, {})[root.epoch] = root
        self.changes.roots.append(root)

    def retract_roots(self, chain_id: int, epoch: int) -> None:
        """The chain's roots of this epoch and of every newer one count no more."""
        new = self._new_roots.get(chain_id, {})
        for newer in [e for e in new if e >= epoch]:
            del new[newer]
        self.changes.roots = [r for r in self.changes.roots if r.chain_id != chain_id or r.epoch < epoch]
        self._newest_stored.pop(chain_id, None)
        retracted = self.changes.retracted
        retracted[chain_id] = min(epoch, retracted.get(chain_id, epoch))
        self._roots = {key: root for key, root in self._roots.items() if key[0] != chain_id}
        self._roots |= {(chain_id, root.root): root for root in new.values()}

    def risk_table(self, oracle_time_ms: int) -> RiskTable | None:
        if oracle_time_ms not in self._risk_tables:
            self._load_risk_tables([oracle_time_ms])
        return self._risk_tables[oracle_time_ms]

    def add_risk_table(self, table: RiskTable) -> None:
        self._risk_tables[table.oracle_time_ms] = table
        self.changes.risk_tables.append(table)

    # The breaker's scopes.
    def scopes(self) -> dict[Scope, ScopeRecord]:
        if self._scopes is None:
            self._scopes = {scope_of(name): from_text(text) for name, text in self._rows.scopes().items()}
        return self._scopes

    def scope(self, scope: Scope) -> ScopeRecord:
        return self.scopes().get(scope) or ScopeRecord()

    def put_scope(self, scope: Scope, record: ScopeRecord) -> None:
        self.scopes()[scope] = record
        self._changed_scopes[scope] = None

    # Everything that is in memory, which over `NoRows` is everything there is.
    def loaded_accounts(self) -> Collection[Account]:
        return self._accounts.values()

    def new_roots(self) -> list[Root]:
        return [root for roots in self._new_roots.values() for root in roots.values()]

    def loaded_risk_tables(self) -> list[RiskTable]:
        return [table for table in self._risk_tables.values() if table is not None]

    # Loading.
    def _load_receipts(self, settlement_ids: Iterable[bytes], nullifiers: Iterable[int]) -> None:
        ids = {key for key in settlement_ids if key not in self._receipts}
        used = {key for key in nullifiers if key not in self._nullifiers}
        self._receipts.update(dict.fromkeys(ids))
        self._nullifiers.update(dict.fromkeys(used, False))
        if ids or used:
            for receipt in self._rows.receipts_of(ids, used):
                self._receipts[receipt.settlement_id] = receipt
                self._nullifiers[receipt.nullifier] = True

    def _load_accounts(self, accounts: Iterable[int]) -> None:
        missing = {key for key in accounts if key not in self._accounts}
        self._accounts.update({key: Account(key) for key in missing})
        if missing:
            self._accounts.update({account.account: account for account in self._rows.accounts_of(missing)})

    def _load_roots(self, roots: Iterable[tuple[int, int]]) -> None:
        missing = {key for key in roots if key not in self._roots}
        self._roots.update(dict.fromkeys(missing))
        if missing:
            for root in self._rows.roots_of(missing):
                self._roots[root.chain_id, root.root] = self._standing(root)

    def _load_risk_tables(self, times: Iterable[int]) -> None:
        missing = {key for key in times if key not in self._risk_tables}
        self._risk_tables.update(dict.fromkeys(missing))
        storable = {key for key in missing if key < 1 << 63}
        if storable:
            self._risk_tables.update({table.oracle_time_ms: table for table in self._rows.risk_tables_of(storable)})

    def _standing(self, root: Root | None) -> Root | None:
        """A stored root, unless this transaction has retracted it."""
        if root is None or root.epoch >= self.changes.retracted.get(root.chain_id, root.epoch + 1):
            return None
        return root
