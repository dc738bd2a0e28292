"""Measuring: every side in turn on one circuit, and then all again, so that a busy minute hits all alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median

from ..peers import PeerFailed
from .circuits import CircuitFiles
from .server import Server, Spent, last_line, whole_process
from .sides import Side

TURN_S = 0.25
"""A turn is as many proofs as fit into this, and at least one; its figure is their median."""
MOST_IN_A_TURN = 5
VERIFICATIONS = 10
SETUP_LIMIT_S = 1800.0
"""For what is no proof: keys, checks of what a process left, streams."""
KEY_FILES = ("key", "key.zkey", "system")
LEFTOVERS = ("proof", "proof.json", "public.json")


@dataclass
class Series:
    """What one side did, round by round.

    `what` is warm, cold, load, verify, witness, setup, import, key (megabytes in the place of seconds) or many-THREADS.
    """

    circuit: str
    side: str
    what: str
    spent: list[Spent] = field(default_factory=list)
    version: str = ""
    note: str = ""
    """Why it is not there, or why it ended."""

    @property
    def seconds(self) -> float:
        return median(spent.seconds for spent in self.spent)


@dataclass(frozen=True)
class Limits:
    """`rounds` at most, fewer where they would take more than `circuit_s` together; no step may take over `step_s`."""

    rounds: int
    step_s: float
    circuit_s: float


class Measurement:
    """All series of one circuit. A side that fails or is too slow is not asked again on it, and the tables say so."""

    def __init__(self, files: CircuitFiles, sides: Sequence[Side], limits: Limits) -> None:
        self.files, self.limits = files, limits
        self.series: list[Series] = []
        power = (files.counts["constraints"] - 1).bit_length()
        self._sides = [side for side in sides if power <= side.largest]
        for side in sides:
            if power > side.largest:
                self._new(side, "warm" if side.has_warm else "cold").note = f"not asked beyond 2^{side.largest}"

    def prepare(self, *, anew: str = "") -> None:
        """A key for each side, unless it has one; for the side `anew` in any case."""
        for side in list(self._sides):
            if side.name == anew or not _prepared(side, self.files).exists():
                series = Series(self.files.circuit.name, side.name, "setup")
                self._try(side, series, partial(self._prepare, side))
                self.series += [series] if series.note else []

    def setup(self) -> None:
        """Keys made anew, each in a new process."""
        each = self._each("setup", [side for side in self._sides if side.has_setup])
        self._rounds(each, self._prepare)

    def warm(self) -> None:
        """Servers of all sides at once, of which only the one that is asked works; then their verifiers."""
        with ExitStack() as stack:
            servers: dict[str, Server] = {}
            for side in [side for side in self._sides if side.has_warm]:
                load = self._new(side, "load")
                self._try(side, load, partial(self._start, side, stack, servers))
                if side.name in servers:
                    load.version = servers[side.name].loaded.version
                    self._measure_key(side)
            started = [side for side in self._sides if side.name in servers]
            self._rounds(self._each("warm", started), lambda side: _proofs(servers[side.name]))
            started = [side for side in self._sides if side.name in servers]
            self._rounds(self._each("verify", started), lambda side: _checks(servers[side.name]))

    def witness(self, side: Side) -> None:
        """In a process of its own, which holds the compiled circuit: no prover needs that."""
        if side not in self._sides:
            return
        each = self._each("witness", [side])
        try:
            with Server(side, self.files, SETUP_LIMIT_S, "witness") as server:
                self._rounds(each, lambda _: server.ask("witness"))
        except PeerFailed as problem:
            each[side].note = str(problem).splitlines()[0]

    def cold(self) -> None:
        """Whole processes, with their files in the system's cache; the first is no figure, but its proof is checked."""
        able = [side for side in self._sides if side.has_cold]
        for side in able:
            series = Series(self.files.circuit.name, side.name, "cold")
            self._try(side, series, partial(self._first_cold, side))
            self.series += [series] if series.note else []
        self._rounds(self._each("cold", [side for side in able if side in self._sides]), self._cold)

    def other(self, side: Side, what: str, word: str, *arguments: str, **variables: str) -> None:
        """What one side alone is asked for, in a new process each time."""
        command = [*side.command(word, self.files), *arguments]
        each = self._each(what, [side] if side in self._sides else [])
        self._rounds(each, lambda side: self._last(command, side.environment() | variables))

    def _rounds(self, each: Mapping[Side, Series], step: Callable[[Side], Spent]) -> None:
        """One step of each side in turn, again and again while the rounds and the circuit's time last.

        Every other round goes backwards, so that nobody always follows whoever leaves caches or a collector busy.
        """
        for turn in range(self.limits.rounds):
            done = [series for series in each.values() if series.spent]
            if turn and (turn + 1) * sum(series.seconds for series in done) > self.limits.circuit_s:
                break
            for side, series in list(each.items())[:: -1 if turn % 2 else 1]:
                if side in self._sides:
                    self._try(side, series, partial(step, side))

    def _try(self, side: Side, series: Series, step: Callable[[], Spent]) -> None:
        try:
            series.spent.append(step())
        except PeerFailed as problem:
            print(problem, flush=True)
            series.note = str(problem).splitlines()[0]
            self._sides.remove(side)

    def _each(self, what: str, sides: Iterable[Side]) -> dict[Side, Series]:
        return {side: self._new(side, what) for side in sides}

    def _new(self, side: Side, what: str) -> Series:
        self.series.append(Series(self.files.circuit.name, side.name, what))
        return self.series[-1]

    def _start(self, side: Side, stack: ExitStack, servers: dict[str, Server]) -> Spent:
        """The first proof meets cold caches, and is no figure."""
        server = stack.enter_context(Server(side, self.files, self.limits.step_s))
        server.ask("prove")
        servers[side.name] = server
        return server.loaded

    def _measure_key(self, side: Side) -> None:
        sizes = [path.stat().st_size for name in KEY_FILES if (path := side.folder(self.files) / name).exists()]
        if sizes:
            self._new(side, "key").spent = [Spent(sum(sizes) / 2**20, 0.0, 0.0)]

    def _prepare(self, side: Side) -> Spent:
        done = _prepared(side, self.files)
        done.parent.mkdir(parents=True, exist_ok=True)
        figures = self._last(side.command("prepare", self.files), side.environment())
        done.write_text(json.dumps(asdict(figures)))
        return figures

    def _cold(self, side: Side) -> Spent:
        for name in LEFTOVERS:
            (side.folder(self.files) / name).unlink(missing_ok=True)
        spent = whole_process(side.cold(self.files), side.environment(), self.limits.step_s)
        if not any((side.folder(self.files) / name).exists() for name in LEFTOVERS):
            raise PeerFailed("left no proof")
        return spent

    def _first_cold(self, side: Side) -> Spent:
        spent = self._cold(side)
        self._last(side.command("check", self.files), side.environment())
        return spent

    def _last(self, command: list[str], environment: dict[str, str]) -> Spent:
        return last_line(command, environment, SETUP_LIMIT_S)


def _prepared(side: Side, files: CircuitFiles) -> Path:
    return side.folder(files) / "prepared.json"


def _proofs(server: Server) -> Spent:
    made = [server.ask("prove")]
    while len(made) < MOST_IN_A_TURN and sum(spent.seconds for spent in made) < TURN_S:
        made.append(server.ask("prove"))
    return _middle(made)


def _checks(server: Server) -> Spent:
    return _middle([server.ask("verify") for _ in range(VERIFICATIONS)])


def _middle(spent: Sequence[Spent]) -> Spent:
    return replace(spent[-1], seconds=median(x.seconds for x in spent), cpu=median(x.cpu for x in spent))
