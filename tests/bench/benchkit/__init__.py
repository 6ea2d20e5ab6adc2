"""What the benchmarks share: servers that start from the same state, contenders, measuring, reports."""
import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parents[1]
ROOT = BENCH.parents[1]

# the servers are the lab's
sys.path.insert(0, str(ROOT / "tests/lab"))
