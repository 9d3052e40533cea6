"""Measures two builds of the server in turns, and prints each row's ratio of the second one to the first.

    bench/compare BASE_BINARY [NEW_BINARY] [--only execute,save] [--rounds 5] [--seconds 3]

A figure holds for one machine, and this machine for a while only: so the builds take turns, a whole measurement each, and
the ratio of a row is the median of its rounds' own. Measurements are the ones of bench/run, without its peers. Rows of
the in-process benchmarks say nothing here, since those are no part of the binary.
"""

import argparse
import importlib
import json
import pathlib
import shutil
import statistics
import sys
import tempfile

from harness import report
from harness.context import Context
from harness.measure import say
from harness.process import Failed
from main import ROOT, foreign_share, more_descriptors

DEFAULT = "execute,save,mixed,read,isolation,flood,start,memory,first_answer,idle"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__.split("\n\n")[0])
    parser.add_argument("base", type=pathlib.Path, help="the binary to compare with")
    parser.add_argument("new", type=pathlib.Path, nargs="?", default=ROOT / "build/release/wasm-server")
    parser.add_argument("--only", default=",".join(n for n in report.ORDER if n in DEFAULT.split(",")))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of one run")
    parser.add_argument("--json", type=pathlib.Path, help="keeps every value in this file")
    return parser.parse_args()


def one_turn(name: str, binary: pathlib.Path, work: pathlib.Path, seconds: float) -> dict[tuple, float]:
    """What one build's rows say: {(goal, what, unit): our value}. What an older build cannot do has no row."""
    context = Context(root=ROOT, work=work, binary=binary.resolve(), programs=None, rounds=1, seconds=seconds)
    try:
        rows, _ = importlib.import_module(f"goals.{name}").measure(context)
    except Failed as reason:
        say(f"  {name} was not measured with {binary}: {reason}")
        return {}
    return {(row.goal, row.what, row.unit): row.ours[0] for row in rows if row.ours}


def compare(name: str, given: argparse.Namespace, work: pathlib.Path) -> list[dict]:
    turns = [{key: one_turn(name, binary, work, given.seconds) for key, binary in
              (("base", given.base), ("new", given.new))} for _ in range(given.rounds)]
    keys = [key for key in turns[0]["new"] if all(key in turn[side] for turn in turns for side in turn)]
    return [{"goal": goal, "what": what, "unit": unit,
             "base": [turn["base"][goal, what, unit] for turn in turns],
             "new": [turn["new"][goal, what, unit] for turn in turns]} for goal, what, unit in keys]


def ratios(row: dict) -> list[float]:
    return [new / base for new, base in zip(row["new"], row["base"]) if base]


def line(row: dict) -> str:
    found = ratios(row)
    ratio = f"{statistics.median(found):.3f} ({min(found):.2f}-{max(found):.2f})" if found else "-"
    return (f"| {row['goal']} | {row['what']} | {row['unit']} | {report.spread(row['base'])} | "
            f"{report.spread(row['new'])} | {ratio} |")


def main() -> int:
    given = arguments()
    more_descriptors()
    scratch = ROOT / "build" / "bench-data"
    scratch.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    work.chmod(0o755)
    kept = []
    print("| # | Measure | unit | base | new | new / base |\n|---|---|---|---|---|---|", flush=True)
    try:
        for name in given.only.split(","):
            say(f"{name}: others use {foreign_share():.0%} of the CPU")
            rows = compare(name, given, work)
            kept += rows
            print("\n".join(map(line, rows)), flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if given.json:
            given.json.write_text(json.dumps(kept, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
