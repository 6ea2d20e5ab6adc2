"""Random schedules of faults under random load: identical afterwards, and no stop that nobody asked for.

scripts/schedules runs many more of them."""
import random

import pytest

from .schedule import Rig, run_schedule

COUNT = 3


@pytest.mark.slow
@pytest.mark.parametrize("number", range(COUNT))
@pytest.mark.parametrize("source,target", [("maria1011", "maria1011"), ("mysql97", "maria118"), ("maria118", "mysql97")])
def test_random_schedule(pairing, seed, source, target, number):
    p = pairing(source, target)
    rig = Rig(p.source, p.target, p.changeling, p.db)
    try:
        figures = run_schedule(rig, random.Random(f"{seed}/{number}").randrange(10 ** 9), seconds=3)
        print(figures)
        assert figures["transactions"] > 0
    finally:
        rig.close()
