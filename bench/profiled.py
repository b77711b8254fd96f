"""A `collector` command under the profiler: `python -m bench.profiled FILE ARGUMENT…`.

The profiler sees one thread, so each thread gets one of its own, and they are added up. Time is
processor time of the thread: waiting for an answer does not count.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import threading
import time


def main() -> None:
    """Run, and write the profile to FILE, for `python -m pstats FILE`."""
    file, *arguments = sys.argv[1:]
    profiles: list[cProfile.Profile] = []
    run = threading.Thread.run

    def profiled(thread: threading.Thread) -> None:
        profiles.append(profile := cProfile.Profile(time.thread_time))
        profile.runcall(run, thread)

    threading.Thread.run = profiled  # type: ignore[assignment,method-assign]  # as long as this process lives
    sys.argv = ["collector", *arguments]
    main_profile = cProfile.Profile(time.thread_time)
    try:
        main_profile.runcall(_collector)
    finally:
        stats = pstats.Stats(main_profile)
        for profile in profiles:
            stats.add(profile)
        stats.dump_stats(file)


def _collector() -> None:
    from collector.cli import main as collector

    collector()


if __name__ == "__main__":
    main()
