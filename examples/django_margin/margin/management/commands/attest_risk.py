"""`manage.py attest_risk`: take note of a risk table that a quorum of oracles has signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zkmargin.algebra import ZkMarginError
from zkmargin.verifier import RiskAttestation

from ...ledger import margin_ledger


class Command(BaseCommand):
    help = "Take note of a risk table that a quorum of oracles has signed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the attestation as JSON")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            attestation = RiskAttestation.from_json(file.read_bytes())
            margin_ledger().attest_risk_root(attestation)
        except OSError as problem:
            raise CommandError(f"{file}: {problem.strerror}") from None
        except ZkMarginError as problem:
            raise CommandError(f"{problem.code}: {problem}") from None
        self.stdout.write(f"risk table of {attestation.oracle_time_ms} ms noted")
