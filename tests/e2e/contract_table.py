"""What `contract_table` beside it prints: the HTTP contract's rows and the tests that prove each."""

import contextlib
import io
import json
import pathlib
import subprocess
import sys

import pytest
from support.server import find_binary

HERE = pathlib.Path(__file__).resolve().parent

# The contract's rows, by section, beside those of its routes, which the program lists. What comes with later issues
# (multipart, respond-async, jobs, executions, idempotency) is not listed.
ROWS = """
1: WasmStorage
1: wasm is base64
1: Accept: application/wasm
1: ?wasm=false
1: id
1: run_function
1: param names
1: kind
1: component names
1: limits
1: state
1: ETag
2: unknown path
2: other method
2: OPTIONS
3: application/wasm
3: text/wat
3: application/json
3: sniffed uploads
3: Content-Encoding
3: PUT keeps what is left out
3: rollback
3: query parameters
3: unknown JSON field
3: function not exported
3: param_type mismatch
3: validated before it is stored
3: answered after commit
3: If-Match / If-None-Match
3: id exists
3: equal bytes stored once
4: JSON object
4: JSON array
4: raw body
4: JSON without a type
4: Content-Encoding
4: i32
4: i64
4: f32 / f64
4: v128
4: results
4: component values
4: command, JSON
4: command, raw
4: nosniff and sandbox
4: output_types
4: stdout_base64
4: output of functions
4: output of failures
4: Server-Timing
4: Wasm-Revision
4: ?revision
4: fresh instance
4: Wasm-Timeout-Ms
5: problem+json
5: bad-request
5: unauthorized
5: forbidden
5: not-found
5: function-not-found
5: method-not-allowed
5: not-acceptable
5: conflict
5: precondition-failed
5: payload-too-large
5: unsupported-media-type
5: invalid-module
5: guest-trap
5: output-limit
5: memory-limit
5: rate-limited
5: headers-too-large
5: internal
5: overloaded
5: not-ready
5: bad-guest-answer
5: deadline-exceeded
5: storage-full
5: X-Request-Id
6: TLS
6: serve
6: first line
6: missing streams
6: SIGTERM
6: exit code 1
6: exit code 2
6: every setting
7: bodies
7: 100 Continue
7: failing midway
7: a client that leaves
7: sandbox
7: egress
8: Host
8: origin
8: CORS
8: tokens
8: operator
8: rates
8: beyond loopback
""".strip().splitlines()


def route_rows() -> list[str]:
    """A row for each status of each route: "PUT /wasm/{id} 412". HEAD is GET without the body: one row."""
    printed = subprocess.run([find_binary(), "routes"], capture_output=True, text=True, check=True, timeout=60)
    rows = []
    for route in json.loads(printed.stdout)["routes"]:
        rows += [f"{route['method']} {route['pattern']} {status}" for status in route["statuses"]]
        if route["method"] == "GET":
            rows.append(f"HEAD {route['pattern']}")
    return rows


class Collector:
    def __init__(self):
        self.tests: dict[str, list[str]] = {}

    def pytest_collection_modifyitems(self, items):
        for item in items:
            name = f"{pathlib.Path(item.fspath).name}::{item.originalname}"
            for marker in item.iter_markers("contract"):
                for row in marker.args:
                    names = self.tests.setdefault(row, [])
                    if name not in names:
                        names.append(name)


def collect() -> dict[str, list[str]]:
    collector = Collector()
    with contextlib.redirect_stdout(io.StringIO()) as output:
        code = pytest.main(["--collect-only", "-q", "-c", str(HERE.parent / "pytest.ini"), str(HERE)], [collector])
    if code != 0:
        sys.exit(f"collection failed:\n{output.getvalue()}")
    return collector.tests


def main() -> int:
    rows = ROWS + route_rows()
    tests = collect()
    print("| Contract row | Tests |\n|---|---|")
    for row in rows:
        print(f"| {row} | {', '.join(tests.get(row, ['**none**']))} |")
    missing = [row for row in rows if row not in tests]
    unknown = sorted(set(tests) - set(rows))
    if missing:
        print(f"rows without a test: {'; '.join(missing)}", file=sys.stderr)
    if unknown:
        print(f"markers that name no row: {'; '.join(unknown)}", file=sys.stderr)
    return 1 if missing or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
