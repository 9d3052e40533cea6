"""Clients beside the one that is measured."""

import contextlib
import threading
from collections.abc import Callable


@contextlib.contextmanager
def clients(number: int, ask: Callable[[threading.Event], None], patience: float):
    """`number` threads, each calling `ask` again and again while the block runs. `ask` gets the event that says when it is
    over; a broken connection does not end its client. Each gets `patience` seconds to end."""
    over = threading.Event()

    def ask_again_and_again():
        while not over.is_set():
            with contextlib.suppress(OSError):
                ask(over)

    threads = [threading.Thread(target=ask_again_and_again, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(patience)
