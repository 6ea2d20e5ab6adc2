"""The machine: what has to be installed, the small C programs, and what a reader of the figures must know of it."""
import os
import pathlib
import platform
import shutil
import subprocess
import time

from . import BENCH, ROOT

BUILD = ROOT / "build/bench"
HELPERS = {"delay": [], "visible": ["libmariadb"], "replay": ["libmariadb"]}
COMPILE = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra"]


class BenchError(Exception):
    """Something the benchmark could not do, said in one sentence."""


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def require(program, package):
    """Installs the Debian package when its program is not there."""
    if shutil.which(program):
        return
    if os.geteuid() != 0:
        raise BenchError(f"{program} is missing: install the package {package}")
    say(f"installing {package}")
    done = subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", package], check=False,
                          env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"), capture_output=True, text=True)
    if done.returncode or not shutil.which(program):
        raise BenchError(f"{package} could not be installed: {done.stderr.strip()[-300:]}")


def helper(name):
    """Path of one of the C programs beside this folder, compiled when it is missing or older than its source."""
    source, program = BENCH / f"{name}.c", BUILD / name
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    require("cc", "gcc")
    BUILD.mkdir(parents=True, exist_ok=True)
    flags = ["-lpthread"]
    for library in HELPERS[name]:
        flags += subprocess.run(["pkg-config", "--cflags", "--libs", library], check=True, capture_output=True,
                                text=True).stdout.split()
    done = subprocess.run(["cc", *COMPILE, "-o", str(program), str(source), *flags], check=False, capture_output=True,
                          text=True)
    if done.returncode:
        raise BenchError(f"{source} could not be compiled:\n{done.stderr}")
    return program


def changeling(program=None):
    """The program that is measured: the one named, else $CHANGELING_BIN, else the release build."""
    path = pathlib.Path(program or os.environ.get("CHANGELING_BIN") or ROOT / "build/release/changeling").absolute()
    if not os.access(path, os.X_OK):
        raise BenchError(f"{path} is not there: cmake --preset release && cmake --build --preset release")
    return path


def _first_line(command):
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    except OSError:
        return ""
    return (done.stdout.strip().splitlines() or [""])[0]


def _cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _memory_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def sync_milliseconds(folder, times=50):
    """The median time of an 8 KiB write with fdatasync: what a durable commit cannot be faster than."""
    path = pathlib.Path(folder) / f"sync.{os.getpid()}"
    samples = []
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        for n in range(times):
            os.pwrite(descriptor, b"x" * 8192, n * 8192)
            start = time.perf_counter()
            os.fdatasync(descriptor)
            samples.append(time.perf_counter() - start)
    finally:
        os.close(descriptor)
        path.unlink()
    return sorted(samples)[len(samples) // 2] * 1000


def describe(folder):
    return {
        "cpu": _cpu_model(), "cores": os.cpu_count(), "memory_bytes": _memory_bytes(),
        "kernel": platform.release(), "load_average": os.getloadavg()[0],
        "fdatasync_ms": round(sync_milliseconds(folder), 3),
        "commit": _first_line(["git", "rev-parse", "--short", "HEAD"]),
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }
