"""Runs commands side by side, each on a processor of its own."""

import concurrent.futures
import itertools
import os


def side_by_side(jobs, work, items):
    """[work(i) for i in items], so many at a time. What `work` starts stays on the processor of its thread."""
    processors = itertools.cycle(sorted(os.sched_getaffinity(0)))

    def settle():
        if jobs > 1:
            os.sched_setaffinity(0, {next(processors)})  # of this thread, and of the processes that it starts

    with concurrent.futures.ThreadPoolExecutor(jobs, initializer=settle) as pool:
        return list(pool.map(work, items))
