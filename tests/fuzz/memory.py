"""A limit on memory: a size that a file declares must not be believed."""

import contextlib
import resource


@contextlib.contextmanager
def limited(beyond):
    """At most so many bytes beyond what the process has now."""
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + beyond, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
