"""A process that gives orders to a book without end, and reports each one that is done; its parent kills it.

python book_worker.py BOOK SEED
"""

from __future__ import annotations

import random
import sys

from zkmargin.settlement.book import AccountBook
from zkmargin.settlement.errors import VenueError

E8 = 10**8
USDC = 3


def order(book: AccountBook, dice: random.Random) -> None:
    account = dice.randrange(book.account_count())
    choice = dice.randrange(9)
    if choice == 0:
        book.publish()
        book.prune(keep=4)
    elif choice == 1:
        book.open_account(dice.randrange(1, 1 << 200))
    elif choice == 2:
        book.reserve(account, dice.randrange(1, 4), dice.randrange(1, 50 * E8))
    elif choice == 3:
        leaf = book.account(account)
        book.release(account, leaf.reservations[0].target, leaf.sequence)
    elif choice == 4:
        book.trade(account, dice.randrange(4), dice.randrange(-E8, E8), [(USDC, -1)])
    elif choice == 5:
        book.withdraw(account, USDC, dice.randrange(1, 500 * E8))
    else:
        book.deposit(account, USDC, dice.randrange(1, 100 * E8))


def main(path: str, seed: str) -> None:
    dice = random.Random(int(seed))
    with AccountBook.open(path) as book:
        print("ready", flush=True)
        while True:
            try:
                order(book, dice)
            except VenueError:
                continue
            print(book.last_event(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
