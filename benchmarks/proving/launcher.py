"""`launcher.py SECONDS COMMAND...`: one process, and what it took, as JSON.

A child begins with the largest resident size of whoever starts it, so a small Python without the site's packages does.
"""

import json
import os
import signal
import sys
import time


def main(limit: float, command: list[str]) -> int:
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, limit)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    if code := os.waitstatus_to_exitcode(status):
        print(f"more than {limit:.0f} s" if seconds >= limit else f"exit {code}", file=sys.stderr)
        return 1
    figures = {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
