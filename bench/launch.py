"""Runs one command and says what it took: `python -I -S launch.py REPORT PROGRAM ARGUMENT…`.

A process of its own, because Linux counts the memory of whoever starts a program among the peak of
the program: what starts it here is as small as Python can be.
"""

import json
import os
import sys
import time


def main() -> None:
    report, *command = sys.argv[1:]
    begin = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    figures = {
        "code": os.waitstatus_to_exitcode(status),
        "wall_seconds": time.monotonic() - begin,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_kib": used.ru_maxrss,
    }
    with open(report, "w") as file:  # noqa: PTH123 - pathlib would be a third of its memory
        json.dump(figures, file)


if __name__ == "__main__":
    main()
