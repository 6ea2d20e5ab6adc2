"""Processes that are measured: wall clock, CPU seconds, peak memory."""
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from .machine import BenchError

SAMPLE_SECONDS = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a running process, all its threads, those that have ended included."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_bytes(pid):
    """(resident now, the most it ever was), or None when the process has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = {name: int(value) * 1024 for name, value in re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", text, re.M)}
    return (found["VmRSS"], found["VmHWM"]) if len(found) == 2 else None


class Watched:
    """A child process whose use of the machine is known when it has ended.

    getrusage's maximum counts what the parent had before exec as well, so the peak is sampled from VmHWM, which
    only grows: nothing is missed but the very last moment."""

    def __init__(self, command, **keywords):
        self.command = [str(word) for word in command]
        self.started = time.perf_counter()
        self.process = subprocess.Popen(self.command, **keywords)
        self.seconds = self.cpu = None
        self.peak_bytes = 0
        self.samples = []       # (seconds since the start, resident bytes)
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    @property
    def pid(self):
        return self.process.pid

    def _sample(self):
        while not self._ended.wait(SAMPLE_SECONDS):
            memory = memory_bytes(self.pid)
            if not memory:
                return
            self.peak_bytes = max(self.peak_bytes, memory[1])
            self.samples.append((time.perf_counter() - self.started, memory[0]))

    def wait(self, limit=None):
        """Waits for its end; the exit code. Past the limit it is killed, and that is an error."""
        timer = None
        expired = threading.Event()
        if limit:
            def expire():
                expired.set()
                self.process.kill()
            timer = threading.Timer(limit, expire)
            timer.start()
        try:
            _, status, usage = os.wait4(self.pid, 0)
        finally:
            self._ended.set()
            if timer:
                timer.cancel()
        self.seconds = time.perf_counter() - self.started
        self.cpu = usage.ru_utime + usage.ru_stime
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._sampler.join()
        if expired.is_set():
            raise BenchError(f"{os.path.basename(self.command[0])} did not end within {limit:.0f} s")
        return self.process.returncode

    def running(self):
        return self.process.returncode is None and memory_bytes(self.pid) is not None

    def end(self, limit=60):
        """SIGTERM, then the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            return self.wait(limit)
        return self.process.returncode
