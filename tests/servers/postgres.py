"""A PostgreSQL server of the tests' own: on loopback, in a folder of its own, ended with the tests."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

import pytest

REQUIRE = "ZKMARGIN_REQUIRE_SERVERS"
USER = "margin"
DATABASE = "postgres"
START_TIMEOUT_S = 60.0
SETTINGS = {"listen_addresses": "127.0.0.1", "fsync": "on", "synchronous_commit": "on", "max_connections": "60"}
PR_SET_PDEATHSIG = 1
GONE_TIMEOUT_S = 30
_CLIENTS = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name = 'zkmargin'"


def binaries() -> Path | None:
    """The folder of `postgres` and `initdb`: on the path, or where Debian keeps the newest version's."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "postgres").exists()]
    return max(versions, key=lambda path: int(path.parent.name), default=None)


class PostgresServer:
    """Started by `start`; `kill` ends it as a power cut would, and `start` brings it back with what it had."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.password = secrets.token_hex(12)
        self._initialise()

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Start, and wait until it answers. After the first time it keeps its port, as a server would."""
        self.port = self.port or _free_port()
        give_up = time.monotonic() + START_TIMEOUT_S
        while True:
            self._process = self._launch()
            if self._answers(give_up):
                return
            # The port was taken meanwhile, or the killed server's processes have not all gone: again.
            if time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL does not start: {self._log().read_text()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL to the server and to all its processes, at once."""
        process = self._running()
        family = [process.pid, *_children(process.pid)]
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        self._process = None
        while any(_alive(pid) for pid in family[1:]):
            time.sleep(0.005)

    def clients(self) -> set[int]:
        """The server's process for each connection of a ledger, those that other tests left idle among them."""
        psycopg = import_module("psycopg")
        with psycopg.connect(self.url, autocommit=True) as connection:
            return {pid for (pid,) in connection.execute(_CLIENTS)}

    def wait_for_those_who_came_after(self, before: set[int]) -> None:
        """A client that was killed is not gone at once: the server finishes the statement it works on, COMMIT too."""
        give_up = time.monotonic() + GONE_TIMEOUT_S
        while newer := self.clients() - before:
            if time.monotonic() > give_up:
                raise RuntimeError(f"connections of killed processes stay: {sorted(newer)}")
            time.sleep(0.005)

    def stop(self) -> None:
        """End at once, in order; what it kept is removed after it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def _initialise(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self.password)
        if self._user is not None:
            for path in (self._folder, secret):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "-D", self._data(), "-U", USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C",
                  "--no-instructions", f"--pwfile={secret}", "--no-sync")  # fmt: skip
        secret.unlink()

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [self._programs / program, *map(str, arguments)],
            cwd=self._folder, capture_output=True, text=True, timeout=120, check=False, **self._as_user(),
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self._folder)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self._log().open("ab") as log:
            return subprocess.Popen(
                [self._programs / "postgres", "-D", self._data(), *options],
                cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_end_with_the_tests, **self._as_user(),
            )  # fmt: skip

    def _answers(self, give_up: float) -> bool:
        psycopg = import_module("psycopg")
        while time.monotonic() < give_up and self._running().poll() is None:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url, connect_timeout=10).close()
                return True
            time.sleep(0.02)
        return False

    def _as_user(self) -> dict[str, object]:
        """The server refuses to run as root."""
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process

    def _data(self) -> Path:
        return self._folder / "data"

    def _log(self) -> Path:
        return self._folder / "server.log"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that answers. Where there is no PostgreSQL the test is skipped, or fails if servers are demanded."""
    programs = binaries()
    if programs is None or (os.geteuid() == 0 and _postgres_user() is None):
        reason = "PostgreSQL is not installed here, or there is no user postgres to run it"
        if os.environ.get(REQUIRE) == "1":
            pytest.fail(f"{REQUIRE}=1, and {reason}")
        pytest.skip(reason)
    # Not below pytest's own folder, which is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="zkmargin-postgres-"))
    server = None
    try:
        server = PostgresServer(programs, folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def fresh_url(server: PostgresServer) -> str:
    """A place in the server where nothing is yet: each ledger has a schema of its own."""
    return f"{server.url}?schema=t{secrets.token_hex(8)}"


def _postgres_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as; None where we are not root and so can run it ourselves."""
    return _postgres_user() if os.geteuid() == 0 else None


def _end_with_the_tests() -> None:
    """Runs in the child: the kernel shuts the server down when the process that started it dies."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(word) for word in text.split()]


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
