"""Scenarios that nobody wrote: steps drawn by a seed, honest ones mostly, so that the later checks are reached too."""

from __future__ import annotations

from random import Random
from typing import Any, TypeVar

from .document import DEFAULT_RISK_ROOT, DEFAULT_ROOT, STEP_MS, Scenario

CHAINS = (1, 1, 1, 10, 10)
CREDITS = (0, 1, 20, 60, 100, 100, 100, 150, 300, 301, 400, 700, 701, 1001, 5001)
PAUSES = (*[0] * 20, 1000, 3000, 10_000, 31_000, 60_000)
Step = dict[str, Any]
Known = TypeVar("Known")


class RandomSteps:
    """What was attested and asked for so far, of which the next steps make use."""

    def __init__(self, seed: int) -> None:
        self._random, self._now_ms, self._name = Random(seed), 0, f"seed {seed}"
        self._roots: dict[int, list[int]] = {1: [DEFAULT_ROOT], 10: [DEFAULT_ROOT]}
        self._epochs = {1: 0, 10: 0}
        self._tables = [(DEFAULT_RISK_ROOT, 0)]
        self._sequences = dict.fromkeys(range(1, 5), 0)
        self._requests: list[Step] = []

    def scenario(self, count: int) -> Scenario:
        """First what requests need, then anything; after each step the state that outsiders see."""
        steps = [self._timed(self._root(1)), self._timed(self._root(10)), self._timed(self._risk())]
        for _ in range(count):
            steps.append(self._timed(self._any()))
            steps.append(self._timed({"do": "breaker", **self._scope()}, 0))
            steps.append(self._timed({"do": "margin", "account": self._random.randint(1, 4)}, 0))
        return Scenario(self._name, steps)

    def _timed(self, step: Step, after_ms: int | None = None) -> Step:
        after_ms = self._random.choice(PAUSES) if after_ms is None else after_ms
        self._now_ms += STEP_MS + after_ms
        return {**step, "after_ms": after_ms}

    def _any(self) -> Step:
        draw = self._random
        kinds = [
            (30, lambda: {"do": "accept", **self._request()}),
            (12, lambda: {"do": "accept-many", "requests": [self._request() for _ in range(draw.randint(0, 5))]}),
            (11, lambda: self._root(draw.choice(CHAINS))),
            (9, self._risk),
            (4, lambda: {"do": "release", "settlement": self._settlement()}),
            (3, lambda: {"do": "repay", "settlement": self._settlement(), "remaining": draw.choice((0, 50, 1000))}),
            (2, lambda: {"do": "release-account", "account": draw.randint(1, 4), "through": draw.randint(0, 9)}),
            (1, lambda: {"do": "trip", **self._scope()}),
            (3, lambda: {"do": "probe", **self._scope()}),
            (6, lambda: {"do": "reset", **self._scope()}),
            (2, lambda: {"do": "retract", "chain": draw.choice(CHAINS), "epoch": draw.randint(0, 5)}),
        ]
        weights, makers = zip(*kinds, strict=True)
        step: Step = draw.choices(makers, weights)[0]()
        return step

    def _scope(self) -> Step:
        return self._random.choice(({}, {"source": 1}, {"source": 10}))

    def _settlement(self) -> int:
        return self._random.randint(1, len(self._requests) + 2)

    def _root(self, chain: int) -> Step:
        draw = self._random
        honest = draw.random() < 0.8
        self._epochs[chain] = max(0, self._epochs[chain] + (1 if honest else draw.choice((-1, 0, 2))))
        root = 10_000 + self._now_ms if honest else draw.choice((DEFAULT_ROOT, *self._roots[chain]))
        at_ms = self._now_ms + (0 if honest else draw.choice((-2000, 0, 1000, 5000)))
        signers = 2 if honest else draw.choice((1, 2, 3))
        if honest or draw.random() < 0.1:
            self._roots[chain].append(root)
        return {
            "do": "attest-root",
            "epoch": self._epochs[chain],
            "root": root,
            "chain": chain,
            "at_ms": at_ms,
            "signers": signers,
        }

    def _risk(self) -> Step:
        draw = self._random
        honest = draw.random() < 0.8
        root = DEFAULT_RISK_ROOT if honest else draw.choice((0, 5))
        at_ms = self._now_ms if honest else draw.choice(self._tables)[1]
        signers = 2 if honest else draw.choice((1, 2, 2, 3))
        if honest or draw.random() < 0.1:
            self._tables.append((root, at_ms))
        return {"do": "attest-risk", "root": root, "at_ms": at_ms, "signers": signers}

    def _recent(self, known: list[Known]) -> Known:
        """The newest, as honest traders take it; or one before."""
        return known[-1] if self._random.random() < 0.9 else self._random.choice(known[-3:])

    def _request(self) -> Step:
        draw = self._random
        if self._requests and draw.random() < 0.12:
            return draw.choice(self._requests)
        number, account, chain = len(self._requests) + 1, draw.randint(1, 4), draw.choice(CHAINS)
        risk_root, oracle_ms = self._recent(self._tables)
        self._sequences[account] += draw.choice((0, 1, 1, 1, 1, 2))
        request: Step = {
            "n": number,
            "credit": draw.choice(CREDITS),
            "account": account,
            "sequence": self._sequences[account],
            "chain": chain,
            "root": self._recent(self._roots[chain]),
            "risk_root": risk_root,
            "oracle_ms": oracle_ms,
            "expiry_ms": self._now_ms + draw.choice((500, 20_000, 80_000, 80_000, 200_000, 900_000)),
        }
        flaw = draw.randint(1, 40)
        if flaw == 1:
            request["horizon_ms"] = draw.choice((0, 90_000))
        elif flaw == 2:
            request["settlement"] = self._settlement()
        elif flaw == 3:
            request["nullifier"] = 1_000 * draw.randint(1, number) + draw.randint(1, 3)
        elif flaw in (4, 5):
            request["tamper"] = draw.choice(("proof", "point"))
        self._requests.append(request)
        return request
