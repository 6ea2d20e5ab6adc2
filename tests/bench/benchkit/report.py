"""Results: one JSON file a run of the bench, written after every measurement, and the table that people read."""
import json
import os
import statistics

CONDITION_KEYS = ("source", "target", "workload", "durable", "tls", "rtt_ms")


class Results:
    """{"machine": …, "settings": …, "runs": […]}; a run is one measurement of one contender."""

    def __init__(self, path, machine=None, settings=None):
        self.path = path
        self.data = {"machine": machine or {}, "settings": settings or {}, "runs": []}

    @classmethod
    def load(cls, path):
        results = cls(path)
        with open(path) as file:
            results.data = json.load(file)
        return results

    @property
    def runs(self):
        return self.data["runs"]

    def add(self, **run):
        self.runs.append(run)
        self.save()

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.data, indent=1) + "\n")
        os.replace(fresh, self.path)


def condition(run):
    return tuple(run[key] for key in CONDITION_KEYS)


def grouped(runs):
    """{condition: {contender: [runs]}} in the order of their first appearance."""
    groups = {}
    for run in runs:
        groups.setdefault(condition(run), {}).setdefault(run["contender"], []).append(run)
    return groups


def median(runs, key):
    values = [run[key] for run in runs if run.get(key) is not None]
    return statistics.median(values) if values else None


def rate(runs):
    """Transactions a second, of the median."""
    rates = [run["transactions"] / run["seconds"] for run in runs if run.get("seconds")]
    return statistics.median(rates) if rates else None


def spread(runs):
    """(max - min) / median of the seconds, in per cent."""
    seconds = [run["seconds"] for run in runs if run.get("seconds")]
    return (max(seconds) - min(seconds)) / statistics.median(seconds) * 100 if len(seconds) > 1 else None


def best_native(contenders):
    """(name, rate) of the fastest native configuration; (None, None) when none was measured."""
    rates = {name: rate(runs) for name, runs in contenders.items() if runs[0]["native"]}
    rates = {name: value for name, value in rates.items() if value}
    name = max(rates, key=rates.get, default=None)
    return name, rates.get(name)


def condition_text(key):
    source, target, workload, durable, tls, rtt_ms = key
    return (f"{workload}, {source} -> {target}, {'durable' if durable else 'relaxed'}, "
            f"{'TLS' if tls else 'no TLS'}, round trip {rtt_ms:g} ms")


HEADER = ("contender", "median s", "spread", "tx/s", "x native", "own CPU s", "target CPU s", "peak MiB", "same")


def _line(name, runs, native):
    tps, deviation = rate(runs), spread(runs)
    good = [run for run in runs if run.get("seconds")]
    if not good:
        return (name, runs[0].get("failure", "failed")[:60].replace("\n", " "), "", "", "", "", "", "", "")
    cpu, target_cpu, peak = (median(runs, key) for key in ("cpu_seconds", "target_cpu_seconds", "peak_bytes"))
    checked = [run["identical"] for run in good if run.get("identical") is not None]
    return (name, f"{median(runs, 'seconds'):.2f}", f"{deviation:.0f} %" if deviation is not None else "-", f"{tps:,.0f}",
            f"{tps / native:.2f}" if native else "-", f"{cpu:.2f}" if cpu is not None else "-",
            f"{target_cpu:.2f}" if target_cpu is not None else "-",
            f"{peak / 2**20:.1f}" if peak else "-", ("yes" if all(checked) else "NO") if checked else "-")


def table(runs):
    """The text of the table: one block a condition."""
    blocks = []
    for key, contenders in grouped(runs).items():
        _, native = best_native(contenders)
        lines = [HEADER] + [_line(name, group, native) for name, group in contenders.items()]
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
        count = max(len(group) for group in contenders.values())
        amount = max(run["transactions"] for group in contenders.values() for run in group)
        text = [f"{condition_text(key)}: {amount:,} transactions, {count} repetition{'s' if count != 1 else ''}"]
        for line in lines:
            text.append("  " + line[0].ljust(widths[0]) + "".join(
                "  " + cell.rjust(width) for cell, width in zip(line[1:], widths[1:])))
        blocks.append("\n".join(text))
    return "\n\n".join(blocks)


def markdown(runs):
    """The same for a page: one line a condition, one column a contender, rates in transactions a second."""
    groups = grouped(runs)
    names = list(dict.fromkeys(name for contenders in groups.values() for name in contenders))
    lines = ["| workload | target | round trip | transactions | " + " | ".join(name.replace("|", "\\|") for name in names) +
             " | to the best native |",
             "|---|---|---|---|" + "---|" * (len(names) + 1)]
    for key, contenders in groups.items():
        _, _, workload, durable, tls, rtt_ms = key
        _, native = best_native(contenders)
        cells = []
        for name in names:
            found = contenders.get(name)
            value = rate(found) if found else None
            deviation = spread(found) if value else None
            cells.append(f"{value:,.0f}" + (f" (±{deviation / 2:.0f} %)" if deviation is not None else "") if value else "–")
        own = rate(contenders["changeling"]) if "changeling" in contenders else None
        amount = max(run["transactions"] for group in contenders.values() for run in group)
        lines.append(f"| {workload} | {'durable' if durable else 'relaxed'}{'' if tls else ', no TLS'} | {rtt_ms:g} ms | "
                     f"{amount:,} | " + " | ".join(cells) + f" | {f'{own / native:.1f}×' if own and native else '–'} |")
    return "\n".join(lines)
