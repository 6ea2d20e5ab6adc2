"""Where the lab keeps what it downloads and what it runs: never inside the checkout."""
import contextlib
import fcntl
import os
import pathlib


def home() -> pathlib.Path:
    """The lab's folder: $CHANGELING_LAB, or changeling-lab in the user's cache."""
    moved = os.environ.get("CHANGELING_LAB")
    if moved:
        return pathlib.Path(moved).absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(cache) / "changeling-lab"


@contextlib.contextmanager
def locked(name: str):
    """Held while something shared by all users of the lab's folder is made (a template, a download)."""
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
