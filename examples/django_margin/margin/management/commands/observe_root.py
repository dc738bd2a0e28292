"""`manage.py observe_root`: take note of a source root that a relay has seen final on its chain."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zkmargin.algebra import ZkMarginError

from ...ledger import margin_ledger


class Command(BaseCommand):
    help = "Take note of a source root that a relay has seen final on its chain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("chain_id", type=int)
        parser.add_argument("epoch", type=int)
        parser.add_argument("root", type=int, help="in decimal, as in public.json")

    def handle(self, *args: Any, chain_id: int, epoch: int, root: int, **options: Any) -> None:
        try:
            margin_ledger().observe_root(chain_id, epoch, root, time.time_ns() // 1_000_000)
        except ZkMarginError as problem:
            raise CommandError(f"{problem.code}: {problem}") from None
        self.stdout.write(f"root of epoch {epoch} of chain {chain_id} noted")
