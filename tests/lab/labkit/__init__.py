"""Real MySQL and MariaDB servers for tests: see ../README.md."""
from .kinds import KINDS, Kind, LabError, kind_named
from .install import available, install
from .server import Lab, LabServer
from . import paths
from .tls import Certificates

__all__ = ["KINDS", "Kind", "LabError", "kind_named", "available", "install", "Lab", "LabServer", "Certificates", "paths"]
