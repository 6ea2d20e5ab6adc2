"""Waiting for a condition, never for a time."""
import os
import time

# how many times longer a test waits for a program that a sanitizer or valgrind slows down (scripts/test --with)
PATIENCE = float(os.environ.get("CHANGELING_PATIENCE") or 1)


class TimedOut(AssertionError):
    pass


def wait_until(condition, seconds=20, what="the condition", pause=0.01):
    """Calls the condition until it gives something true, and returns that. `what` may be a function that tells more
    when the time is over."""
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise TimedOut(f"{what() if callable(what) else what} did not come true in {seconds} s")
        time.sleep(pause)
