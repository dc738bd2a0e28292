"""The machine a run was made on, in a few lines."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe_machine() -> list[str]:
    return [
        f"{_first('/proc/cpuinfo', 'model name') or platform.processor()}, {os.cpu_count()} cores",
        f"memory {int((_first('/proc/meminfo', 'MemTotal') or '0').split()[0]) / 2**20:.0f} GB",
        f"{platform.system()} {platform.release()}",
    ]


def arkworks_flags() -> str:
    """`RUSTFLAGS` with which arkworks' field assembly is compiled at all: its feature `asm` alone changes nothing."""
    return "-C target-feature=+bmi2,+adx" if platform.machine() == "x86_64" else "-C target-cpu=native"


def load_average() -> str:
    return ", ".join(f"{load:.2f}" for load in os.getloadavg())


def _first(path: str, key: str) -> str:
    file = Path(path)
    lines = file.read_text().splitlines() if file.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
