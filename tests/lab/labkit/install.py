"""Puts the servers in place. Nothing of the system is changed; done twice, it does nothing the second time."""
import os
import pathlib
import shutil
import subprocess

from . import paths
from .kinds import KINDS, LabError, MySQL56

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def available(kind):
    """None when the kind can be started here, else the reason why not."""
    if kind.present():
        return None
    return f"{kind.name} is not installed: tests/lab/lab install {kind.name}"


def install(names=None, say=print):
    """Installs the kinds of these names (all by default). Returns {name: reason} of those that could not be had."""
    missing = {}
    for name in names or list(KINDS):
        kind = KINDS[name]
        try:
            with paths.locked("install"):
                if kind.present():
                    continue
                say(f"installing {name}")
                if isinstance(kind, MySQL56):
                    _unpack_npm(kind)
                else:
                    _unpack_suite(kind)
            if not kind.present():
                raise LabError("its programs are not there after it was unpacked")
        except (LabError, OSError) as error:
            missing[name] = str(error)
    return missing


def _logged(arguments, log, **keywords):
    """Runs a command with its output in the log; its failure is an error that names the log."""
    log.write(("+ " + " ".join(map(str, arguments)) + "\n").encode())
    log.flush()
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False,
                          **keywords)
    if done.returncode:
        raise LabError(f"{os.path.basename(arguments[0])} failed with exit code {done.returncode}: see {log.name}")


def _mirror():
    """The Debian mirror that this system's own apt uses."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)"],
                          capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        origin, codename, uri = (line.split() + ["", "", ""])[:3]
        if origin == "Debian" and "-" not in codename:
            return uri
    raise LabError("apt knows no Debian mirror: run apt-get update first")


def _unpack_suite(kind):
    """Downloads the kind's packages, with all they need, by an apt state of their own, and unpacks them."""
    root = kind.root
    own = pathlib.Path(f"{root}.apt")
    for folder in ("lists/partial", "cache/archives/partial", "etc"):
        (own / folder).mkdir(parents=True, exist_ok=True)
    (own / "status").write_text("")
    (own / "etc/sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {kind.suite} main\n")
    options = {
        "Dir::State": own, "Dir::State::status": own / "status", "Dir::State::Lists": own / "lists",
        "Dir::Etc::SourceList": own / "etc/sources.list", "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Cache": own / "cache", "APT::Install-Recommends": "false", "Acquire::Languages": "none",
        # an index that is a few days past its date still has the packages
        "Acquire::Check-Valid-Until": "false",
        # the download runs as whoever calls: the sandbox user may not enter a private home
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get"] + [f"-o{key}={value}" for key, value in options.items()]
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    with open(paths.home() / f"{kind.name}.log", "wb") as log:
        _logged(apt + ["update"], log, env=environment)
        _logged(apt + ["-y", "--download-only", "install", *kind.packages], log, env=environment)
        fresh = pathlib.Path(f"{root}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for folder in ("bin", "sbin", "lib", "lib64"):
            (fresh / "usr" / folder).mkdir(parents=True)
            (fresh / folder).symlink_to(f"usr/{folder}")
        for package in sorted((own / "cache/archives").glob("*.deb")):
            _unpack_deb(package, fresh, log)
        shutil.rmtree(root, ignore_errors=True)
        fresh.rename(root)
    shutil.rmtree(own / "cache", ignore_errors=True)


def _unpack_deb(package, root, log):
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE, stderr=log) as source:
        # symbolic links bin, lib … of the root stay; ownership is of no use to a server that only reads
        done = subprocess.run(["tar", "-x", "--no-same-owner", "--keep-directory-symlink", "-C", str(root)],
                              stdin=source.stdout, stdout=log, stderr=log, check=False)
        source.stdout.close()
        if source.wait() or done.returncode:
            raise LabError(f"{package.name} could not be unpacked: see {log.name}")


def _unpack_npm(kind):
    if not shutil.which("npm"):
        raise LabError("npm is needed to download it: install Debian's npm package")
    if not KINDS["maria1011"].present():
        raise LabError("MariaDB 10.11, whose client it needs, is missing")
    folder = kind.root.parent.parent
    folder.mkdir(parents=True, exist_ok=True)
    with open(paths.home() / f"{kind.name}.log", "wb") as log:
        _logged(["npm", "pack", "--silent", kind.npm_package], log, cwd=folder)
        for archive in folder.glob("*.tgz"):
            _logged(["tar", "-xzf", str(archive), "--no-same-owner"], log, cwd=folder)
            archive.unlink()
