"""The type torture: every type, character set, key and row image, on every source and to every target, by HEX."""
import pytest

from torture import Settings, Side, Torture, left_out

SOURCES = ["maria1011", "maria118", "mysql97", "mysql56"]
TARGETS = ["maria1011", "maria118", "mysql97"]
PAIRS = [(source, target) for source in SOURCES for target in TARGETS]
# what a whole run has done: the last test looks at it
DONE = {}


@pytest.mark.parametrize("number", range(len(PAIRS)), ids=lambda number: "-to-".join(PAIRS[number]))
def test_types(pairing, seed, number):
    p = pairing(*PAIRS[number])
    # one worker and several, merging and not, each on some pair of each source
    settings = Settings(seed, workers=(1, 4, 3)[(number + number // 3) % 3], merge=(number + number // 3) % 4 != 2)
    DONE[PAIRS[number]] = Torture(p, settings).run()


def test_it_was_enough():
    """The share of every run: at least 200 tables and 20,000 changed rows over all pairs."""
    if len(DONE) < len(PAIRS):
        pytest.skip(f"only {len(DONE)} of {len(PAIRS)} pairs were run")
    assert sum(tables for tables, _, _ in DONE.values()) >= 200
    assert sum(rows for _, rows, _ in DONE.values()) >= 20000
    assert all(compared > 100 for _, _, compared in DONE.values()), DONE


@pytest.mark.parametrize("kinds", PAIRS, ids=lambda kinds: "-to-".join(kinds))
def test_only_what_the_table_names_is_left_out(pool, kinds):
    """A character set that the source has and the target has not stands in the table of what is left out."""
    source, target = (Side.of(pool.get(kind, role))
                      for kind, role in zip(kinds, ("master", "rds")))
    named = {what.split(" ")[1] for what, _ in left_out(source, target) if what.startswith("charset ")}
    assert source.charsets - target.charsets - named == set()
