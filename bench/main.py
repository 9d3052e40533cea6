"""Measures the server beside its peers; bench/run installs and builds what is needed and calls this."""

import argparse
import importlib
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from harness import peers, report
from harness.context import Context
from harness.measure import say
from harness.process import Failed
from harness.wrk import busy_seconds

ROOT = pathlib.Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "wasm-server"
QUIET = 0.1  # above this share of all CPU time used by others, a reading is not worth keeping


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--only", default=",".join(report.ORDER), help="of " + ",".join(report.ORDER))
    parser.add_argument("--rounds", type=int, default=5, help="each contestant's turns (default: 5)")
    parser.add_argument("--seconds", type=int, default=3, help="of one turn (default: 3; saves take two thirds of it)")
    parser.add_argument("--quick", action="store_true", help="one short round of each, keeps no results: for CI")
    parser.add_argument("--peers", type=pathlib.Path, help="a file like bench/peers.toml with more peers")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=URL", help="one that runs already")
    parser.add_argument("--no-peers", action="store_true", help="the server alone")
    parser.add_argument("--results", type=pathlib.Path, help="where to write (default: bench/results)")
    return parser.parse_args()


def ready_peers(given: argparse.Namespace) -> dict[str, list]:
    """Those that can be measured here; what the others lack is said. A quick run builds none."""
    found = peers.read_peers([BENCH / "peers.toml"] + ([given.peers] if given.peers else []))
    sources = pathlib.Path(os.environ.get("PEERS_DIR") or ROOT.parent / "shared" / "peers")
    if given.no_peers:
        return {kind: [] for kind in found}
    if not sources.is_dir():
        say("no PEERS_DIR (its default is ../shared/peers beside the checkout): measuring without those peers")
        return {kind: [] for kind in found}
    ready: dict[str, list] = {kind: [] for kind in found}
    for kind, members in found.items():
        for peer in members:
            reason = peer.make_ready(sources, CACHE / "peers", build=not given.quick)
            if reason:
                say(f"without {peer.name}: {reason}")
            else:
                ready[kind].append(peer)
    return ready


def foreign_share(seconds: float = 1) -> float:
    """What others use of all CPU time just now."""
    before = busy_seconds()
    time.sleep(seconds)
    return (busy_seconds() - before) / seconds / os.cpu_count()


def more_descriptors() -> None:
    """For this process and what it starts: 10,000 connections on either side."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def make_context(given: argparse.Namespace, work: pathlib.Path) -> Context:
    ready = ready_peers(given)
    binary = pathlib.Path(os.environ.get("WASM_SERVER_BINARY") or ROOT / "build/release/wasm-server").resolve()
    if not binary.is_file():
        raise Failed(f"there is no {binary}")
    programs = pathlib.Path(os.environ.get("BENCH_PROGRAMS") or ROOT / "build/bench").resolve()
    if not (programs / "engine_bench").is_file():
        say("without the bare engine: the in-process benchmarks are not built")
    return Context(
        root=ROOT, work=work, binary=binary, programs=programs if programs.is_dir() else None,
        rounds=1 if given.quick else given.rounds, seconds=1 if given.quick else given.seconds, quick=given.quick,
        servers=ready["server"], fresh=ready["fresh"], running=dict(entry.split("=", 1) for entry in given.peer))


def measure(context: Context, name: str, results: pathlib.Path) -> None:
    say(f"{name}:")
    noise = foreign_share()
    if noise > QUIET:
        say(f"  others use {noise:.0%} of the CPU: these readings are no measurement")
    rows, plots = importlib.import_module(f"goals.{name}").measure(context)
    if (share := foreign_during(rows)) > QUIET:
        say(f"  others used {share:.0%} of the CPU in between: these readings are no measurement")
    print(report.HEAD + "".join(report.line(row.record()) for row in rows), flush=True)
    report.write(results, ROOT, name, rows, plots,
                 {"rounds": context.rounds, "seconds": context.seconds, "foreign": round(max(noise, foreign_during(rows)), 3)})


def foreign_during(rows: list) -> float:
    """The median of what others used during the runs themselves."""
    shares = [sample["foreign"] for row in rows for sample in row.extra.get("samples", [])]
    return statistics.median(shares) if shares else 0.0


def draw(results: pathlib.Path) -> list[pathlib.Path]:
    python = os.environ.get("BENCH_PLOT_PYTHON")
    if not python:
        return sorted(results.glob("*.svg"))
    done = subprocess.run([python, str(BENCH / "harness" / "plots.py"), str(results)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"the plots could not be drawn: {done.stderr[-800:]}")
    return [pathlib.Path(line) for line in done.stdout.splitlines()]


def main() -> int:
    given = arguments()
    names = given.only.split(",")
    if unknown := set(names) - set(report.ORDER):
        print(f"no such measurement: {', '.join(unknown)}; there are {', '.join(report.ORDER)}", file=sys.stderr)
        return 2
    more_descriptors()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    scratch = ROOT / "build" / "bench-data"
    scratch.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    work.chmod(0o755)
    results = (given.results or (scratch / "quick" if given.quick else BENCH / "results")).resolve()
    failed = []
    try:
        context = make_context(given, work)
        for name in names:
            try:
                measure(context, name, results)
            except Failed as reason:
                say(f"  {name} was not measured: {reason}")
                failed.append(name)
        pictures = draw(results)
        if results == BENCH / "results":
            report.update_readme(BENCH / "README.md", results, pictures)
    except Failed as reason:
        say(f"error: {reason}")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
