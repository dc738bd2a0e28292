"""`python -m benchmarks.book`: what the account book takes to fill, change, publish, open and reopen."""

from __future__ import annotations

import argparse
import csv
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from zkmargin.algebra import get_engine
from zkmargin.circuits.margin import SHAPES, Shape
from zkmargin.settlement.book import AccountBook, BookIdentity, NewAccount

from .machine import describe_machine, load_average
from .tables import markdown_table

E8 = 10**8
CHANGES = 1000
SAMPLES = 300
IN_MEMORY = 100_000
"""Accounts of the book in memory on which single updates are measured."""

Figures = dict[str, tuple[float, str, float | None]]
"""Value, unit, and of a time also the processor time of all threads, which other work on the machine lengthens less."""


def measure(shape: Shape, accounts: int, folder: Path) -> Figures:
    """Every figure with its unit. Correctness first: openings are checked, and the book is verified at the end."""
    dice = random.Random(1)
    figures: Figures = {}
    path = folder / "alpha.book"
    book = AccountBook.create(path, _identity(shape))
    figures["import"] = _once(lambda: book.import_accounts(_accounts(accounts)))
    figures["first publish: digests and tree of all"] = _once(book.publish)
    _change(book, accounts, dice)
    figures[f"publish after {CHANGES:,} changes"] = _once(book.publish)
    figures["opening from an old epoch"] = _repeated(lambda: book.opening(dice.randrange(accounts), 1))
    book.opening(dice.randrange(accounts), 1).require_member(shape)
    figures["deposit, on the disk when it returns"] = _repeated(lambda: _deposit(book, accounts, dice))
    _change(book, accounts, dice)
    root = book.root()
    book.close()
    opened: list[AccountBook] = []
    figures["reopen"] = _once(lambda: opened.append(AccountBook.open(path)), "ms")
    found: list[int] = []
    figures[f"root after reopening, {CHANGES + SAMPLES:,} accounts changed"] = _once(
        lambda: found.append(opened[0].root())
    )
    assert found == [root]
    figures["verify: replay of all events"] = _once(opened[0].verify)
    opened[0].close()
    figures["file"] = path.stat().st_size / 2**20, "MB", None
    figures |= _in_memory(shape, min(accounts, IN_MEMORY), dice)
    figures["peak memory of the process"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, "MB", None
    return figures


def _in_memory(shape: Shape, accounts: int, dice: random.Random) -> Figures:
    """One order with its event, leaf digest and the tree's new root, no disk in the way."""
    book = AccountBook.create(":memory:", _identity(shape))
    book.import_accounts(_accounts(accounts))
    book.publish()

    def update() -> None:
        _deposit(book, accounts, dice)
        book.root()

    return {
        "deposit, in memory": _repeated(lambda: _deposit(book, accounts, dice)),
        "deposit and new root, in memory": _repeated(update),
    }


def _identity(shape: Shape) -> BookIdentity:
    assets = tuple(f"ASSET{n}" for n in range(shape.assets))
    return BookIdentity("Alpha", 1001, shape, assets, tuple(f"PERP{n}" for n in range(shape.instruments)), "USD")


def _accounts(count: int) -> Iterator[NewAccount]:
    return (NewAccount(n + 1, ((n % 4, E8 + n),)) for n in range(count))


def _deposit(book: AccountBook, accounts: int, dice: random.Random) -> None:
    book.deposit(dice.randrange(accounts), 0, 1)


def _change(book: AccountBook, accounts: int, dice: random.Random) -> None:
    with book.batch():
        for _ in range(CHANGES):
            _deposit(book, accounts, dice)


def _once(work: Callable[[], object], unit: str = "s") -> tuple[float, str, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    scale = 1000 if unit == "ms" else 1
    return scale * (time.perf_counter() - wall), unit, scale * (time.process_time() - processor)


def _repeated(work: Callable[[], object]) -> tuple[float, str, float]:
    """Medians of many."""
    samples = [_once(work, "ms") for _ in range(SAMPLES)]
    return median(wall for wall, _, _ in samples), "ms", median(processor for _, _, processor in samples)


def write(shape: Shape, accounts: int, figures: Figures, out: Path, load: str) -> None:
    name = f"book-{shape.name}"
    rows = [(figure, f"{value:.4g}", unit, _digits(processor)) for figure, (value, unit, processor) in figures.items()]
    with (out / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("figure", "value", "unit", "processor"))
        writer.writerows(rows)
    lines = [
        f"# The account book, {accounts:,} accounts of shape {shape.name}\n",
        f"Written by `python -m benchmarks.book`; single orders are medians of {SAMPLES}.\n",
        "\n".join(f"- {line}" for line in (*describe_machine(), f"{get_engine().name} engine")),
        f"- load average before {load}, after {load_average()}\n",
        markdown_table(("figure", "value", "unit", "processor"), rows),
    ]
    (out / f"{name}.md").write_text("\n".join(lines))


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.book", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--shape", choices=SHAPES, default="standard")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    load = load_average()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(SHAPES[options.shape], options.accounts, Path(folder))
    write(SHAPES[options.shape], options.accounts, figures, options.out, load)
    for figure, (value, unit, processor) in figures.items():
        print(f"{figure}: {value:.4g} {unit} ({_digits(processor) or '-'} of processor time)")


if __name__ == "__main__":
    main()
