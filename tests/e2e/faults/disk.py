"""A small file system of one's own, to be filled."""
import contextlib
import os
import shutil
import subprocess

import pytest


def _mount(*arguments):
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


class SmallDisk:
    """What is in the folder moves to a tmpfs that is mounted over it, with so many megabytes to spare. Files
    with holes take all of their room at once: a server's log is not to be what finds no more."""

    def __init__(self, folder, spare):
        self.folder = folder
        self.aside = folder.parent / f"{folder.name}.aside"
        used = int(subprocess.run(["du", "-sm", "--apparent-size", str(folder)], capture_output=True, text=True, check=True).stdout.split()[0])
        self.megabytes = used + spare
        owner = folder.stat()
        folder.rename(self.aside)
        folder.mkdir()
        try:
            _mount("-t", "tmpfs", "-o", f"size={self.megabytes}m,mode=0{owner.st_mode & 0o777:o}", "tmpfs", folder)
        except BaseException:
            folder.rmdir()
            self.aside.rename(folder)
            raise
        os.chown(folder, owner.st_uid, owner.st_gid)
        subprocess.run(["cp", "-a", "--sparse=never", f"{self.aside}/.", str(folder)], check=True)

    def grow(self, megabytes):
        self.megabytes += megabytes
        _mount("-o", f"remount,size={self.megabytes}m", self.folder)

    def read_only(self, on):
        _mount("-o", f"remount,{'ro' if on else 'rw'}", self.folder)

    def fill(self):
        """To the last byte; the file that does it is returned."""
        path = self.folder / "filling"
        with open(path, "wb", buffering=0) as out, contextlib.suppress(OSError):
            while True:
                out.write(b"x" * 4096)
        return path

    def close(self):
        subprocess.run(["umount", "-l", str(self.folder)], check=False)
        self.folder.rmdir()
        shutil.rmtree(self.aside, ignore_errors=True)


@contextlib.contextmanager
def small_disk(folder, spare):
    disk = SmallDisk(folder, spare)
    try:
        yield disk
    finally:
        disk.close()
