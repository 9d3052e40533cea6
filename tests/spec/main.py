"""Command line of tests/spec/run."""

import argparse
import collections
import contextlib
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import cases  # noqa: E402
from check import EXPLAINED, PASSED, Checker, Verdict, table  # noqa: E402
from support.server import ROOT, ServerProcess  # noqa: E402


@contextlib.contextmanager
def server_at(url: str | None, binary: pathlib.Path):
    if url:
        yield url
        return
    if not binary.is_file():
        sys.exit(f"{binary} is missing: `make build` makes it (or name a server with --server URL)")
    with tempfile.TemporaryDirectory(prefix="wasm-spec-") as directory:
        process = ServerProcess(binary, pathlib.Path(directory) / "data").start()
        try:
            yield process.url
        finally:
            process.stop()


def explain(verdicts: list[Verdict], everything: bool) -> None:
    """Every case that did not pass: one by one when asked for or when it is wrong, else by file."""
    for reason in sorted({verdict.reason for verdict in verdicts} - {PASSED}):
        mine = [verdict for verdict in verdicts if verdict.reason == reason]
        print(f"\n{reason}: {len(mine)}")
        if everything or reason not in EXPLAINED:
            for verdict in mine:
                print(f"  {verdict.case.name()} {verdict.case.kind} {verdict.case.field!r}: {verdict.detail}")
        else:
            files = collections.Counter(verdict.case.file for verdict in mine)
            print("  " + ", ".join(f"{file} {count}" for file, count in sorted(files.items())))


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/spec/run", description="The spec's typed cases through HTTP.")
    parser.add_argument("--server", metavar="URL", help="a server that runs; default: starts the release binary")
    parser.add_argument("--files", help="only these files of the suite, by name, separated by commas")
    parser.add_argument("--simd", action="store_true", help="the vector instructions' files instead (v128)")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--all", action="store_true", help="name every case that did not pass, with its answer")
    options = parser.parse_args()
    only = set(options.files.split(",")) if options.files else None
    suite = cases.load(cases.obtain(), only, options.simd)
    with server_at(options.server, pathlib.Path(
            os.environ.get("WASM_SERVER_BINARY", ROOT / "build" / "release" / "wasm-server"))) as url:
        start = time.monotonic()
        verdicts = Checker(url, f"spec-{time.time_ns():x}").run(suite, options.threads)
        seconds = time.monotonic() - start
    print(table(verdicts))
    explain(verdicts, options.all)
    passed = sum(verdict.reason == PASSED for verdict in verdicts)
    wrong = [verdict for verdict in verdicts if verdict.reason not in EXPLAINED | {PASSED}]
    print(f"\n{passed} of {len(verdicts)} passed, {len(verdicts) - passed - len(wrong)} cannot by design, "
          f"{len(wrong)} wrong, {seconds:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
