"""`zkmargin doctor`: what this installation can do, and why not more."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import click

from zkmargin.algebra.engine import ENGINE_VARIABLE, get_engine, native_kernels, native_problem

from .engine_choice import SLOW
from .options import Command
from .output import Output

PARTS = {
    "numpy": "both engines' bulk data",
    "py_ecc": "the reference engine's curves; oracle signatures",
    "cryptography": "Ed25519 signatures of market reports",
    "galois": "an independent oracle for the tests; nothing else needs it",
}
PROGRAM = "zkmargin-prove"
"""Proves without Python; the install brings it where it finds a Rust toolchain."""
FEATURES = ("adx", "bmi2", "avx2", "avx512f", "avx512ifma", "asimd", "neon")


@click.command("doctor", cls=Command)
@click.pass_obj
def COMMAND(output: Output) -> None:
    """Say which engine is in use, what the processor offers, and which optional parts are installed."""
    problem = native_problem()
    engine = get_engine().name
    features, parts = cpu_features(), {name: version_of(name) for name in PARTS}
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if engine == "reference":
        output.warn(SLOW.split(",")[0] + (f": {problem}" if problem else f": ${ENGINE_VARIABLE} asks for it"))
    kernels, complaint = native_kernels()
    if complaint:
        output.warn(complaint)
    data: dict[str, object] = {
        "version": version_of("zkmargin"),
        "engine": engine,
        "native": problem is None,
        "native_problem": problem,
        "kernel": kernels[0] if kernels else None,
        "kernels": kernels,
        "program": program_path(),
        "threads": threads,
        "cpu_features": features,
        "parts": parts,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
    }
    output.result(data, _lines(data, kernels, features, parts))


def cpu_features() -> list[str]:
    """Those of the processor's features that speed up field arithmetic; none where the system does not tell."""
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return []
    flags = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    return [name for name in FEATURES if name in flags.split()]


def program_path() -> str | None:
    """Where `zkmargin-prove` lies: where installs put programs, or else on the PATH."""
    return shutil.which(PROGRAM, path=sysconfig.get_path("scripts")) or shutil.which(PROGRAM)


def version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _kernel(names: list[str]) -> str:
    if not names:
        return "none without the native engine"
    used, *others = names
    return f"{used} ({' and '.join(others)} {'is' if len(others) == 1 else 'are'} also here)" if others else used


def _lines(data: dict[str, object], kernels: list[str], features: list[str], parts: dict[str, str | None]) -> list[str]:
    rust = "install with a Rust toolchain"
    native = "installed" if data["native"] else f"missing ({data['native_problem']}); {rust}"
    return [
        f"zkmargin {data['version']} on Python {data['python']}, {data['platform']}",
        f"engine in use   {data['engine']}",
        f"native engine   {native}",
        f"kernel          {_kernel(kernels)}",
        f"{PROGRAM}  {'installed' if data['program'] else f'missing; {rust}'}",
        f"threads         {data['threads']}",
        f"CPU features    {' '.join(features) or 'unknown'}",
        *(f"{name:<15} {found or 'not installed'} ({PARTS[name]})" for name, found in parts.items()),
    ]
