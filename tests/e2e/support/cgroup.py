"""A memory control group of our own, where this machine lets one be made."""

import contextlib
import os
import pathlib
import re
import signal
import time
import uuid

V1 = pathlib.Path("/sys/fs/cgroup/memory")
V2 = pathlib.Path("/sys/fs/cgroup")


class MemoryGroup:
    def __init__(self, path: pathlib.Path, is_v1: bool):
        self.path = path
        self.is_v1 = is_v1

    def limit(self, limit: int) -> None:
        (self.path / ("memory.limit_in_bytes" if self.is_v1 else "memory.max")).write_text(str(limit))

    def enter(self) -> None:
        """The calling process does, with what it will become."""
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def killed(self) -> int:
        """How many of its processes the kernel ended for want of memory."""
        text = (self.path / ("memory.oom_control" if self.is_v1 else "memory.events")).read_text()
        found = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
        return int(found.group(1)) if found else 0


    def remove(self) -> None:
        """Ends what is left in it: a test that failed has not stopped its server."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                self.path.rmdir()
                return
            if time.monotonic() > end - 15:
                for pid in (self.path / "cgroup.procs").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.05)
        raise AssertionError(f"{self.path} cannot be removed")


def _make() -> MemoryGroup | None:
    name = f"wasm-server-{uuid.uuid4().hex[:12]}"
    for top, is_v1, needed in ((V1, True, "memory.limit_in_bytes"), (V2, False, "memory.max")):
        if not top.is_dir():
            continue
        path = top / name
        with contextlib.suppress(OSError):
            path.mkdir()
            if (path / needed).exists():
                return MemoryGroup(path, is_v1)
            path.rmdir()
    return None


@contextlib.contextmanager
def memory_group(limit: int):
    """A group with that limit, or None where none can be made."""
    group = _make()
    if group is None:
        yield None
        return
    group.limit(limit)
    try:
        yield group
    finally:
        group.remove()
