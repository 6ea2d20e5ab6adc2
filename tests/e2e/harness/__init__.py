"""What the end-to-end tests are written with: real servers, the program, a proxy, load, and comparison."""
from .changeling import Changeling, Ended, binary, sanitized
from .compare import compare_servers
from .load import Load
from .proxy import TcpProxy
from .server import Server, ServerPool
from .wait import TimedOut, wait_until

__all__ = ["Changeling", "Ended", "Load", "Server", "ServerPool", "TcpProxy", "TimedOut", "binary", "compare_servers",
           "sanitized", "wait_until"]
