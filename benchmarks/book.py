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

Figures = dict[str, tuple[float, str]]


def measure(shape: Shape, accounts: int, folder: Path) -> Figures:
    """Every figure with its unit. Correctness first: openings are checked, and the book is verified at the end."""
    dice = random.Random(1)
    figures: Figures = {}
    path = folder / "alpha.book"
    book = AccountBook.create(path, _identity(shape))
    figures["import"] = _seconds(lambda: book.import_accounts(_accounts(accounts))), "s"
    figures["first publish: digests and tree of all"] = _seconds(book.publish), "s"
    _change(book, accounts, dice)
    figures[f"publish after {CHANGES:,} changes"] = _seconds(book.publish), "s"
    figures["opening from an old epoch"] = _median_ms(lambda: book.opening(dice.randrange(accounts), 1)), "ms"
    book.opening(dice.randrange(accounts), 1).require_member(shape)
    figures["deposit, on the disk when it returns"] = _median_ms(lambda: _deposit(book, accounts, dice)), "ms"
    _change(book, accounts, dice)
    root = book.root()
    book.close()
    opened: list[AccountBook] = []
    figures["reopen"] = 1000 * _seconds(lambda: opened.append(AccountBook.open(path))), "ms"
    found: list[int] = []
    figures[f"root after reopening, {CHANGES + SAMPLES:,} accounts changed"] = (
        _seconds(lambda: found.append(opened[0].root())),
        "s",
    )
    assert found == [root]
    figures["verify: replay of all events"] = _seconds(opened[0].verify), "s"
    opened[0].close()
    figures["file"] = path.stat().st_size / 2**20, "MB"
    figures |= _in_memory(shape, min(accounts, IN_MEMORY), dice)
    figures["peak memory of the process"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, "MB"
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
        "deposit, in memory": (_median_ms(lambda: _deposit(book, accounts, dice)), "ms"),
        "deposit and new root, in memory": (_median_ms(update), "ms"),
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


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _median_ms(work: Callable[[], object]) -> float:
    return 1000 * median(_seconds(work) for _ in range(SAMPLES))


def write(shape: Shape, accounts: int, figures: Figures, out: Path, load: str) -> None:
    name = f"book-{shape.name}"
    with (out / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("figure", "value", "unit"))
        writer.writerows((figure, f"{value:.4g}", unit) for figure, (value, unit) in figures.items())
    lines = [
        f"# The account book, {accounts:,} accounts of shape {shape.name}\n",
        "Written by `python -m benchmarks.book`; single orders are medians of "
        f"{SAMPLES}. The {get_engine().name} engine.\n",
        "\n".join(f"- {line}" for line in describe_machine()),
        f"- load average before {load}, after {load_average()}\n",
        markdown_table(("figure", "value", ""), [(f, f"{value:.4g}", unit) for f, (value, unit) in figures.items()]),
    ]
    (out / f"{name}.md").write_text("\n".join(lines))


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
    for figure, (value, unit) in figures.items():
        print(f"{figure}: {value:.4g} {unit}")


if __name__ == "__main__":
    main()
