"""What `contract_table` beside it prints: the HTTP contract's rows and the tests that prove each."""

import contextlib
import io
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent

# The contract's rows, by section. What comes with later issues (multipart, respond-async, jobs, executions,
# idempotency, tokens, metrics, OpenAPI, components) is not listed.
ROWS = """
1: WasmStorage
1: wasm is base64
1: Accept: application/wasm
1: ?wasm=false
1: id
1: run_function
1: param names
1: kind
1: limits
1: state
1: ETag
2: POST /wasm
2: GET /wasm
2: GET /wasm/{id}
2: HEAD /wasm/{id}
2: PUT /wasm/{id}
2: DELETE /wasm/{id}
2: POST /wasm/{id}
2: GET /wasm/{id}/revisions
2: GET /healthz
2: GET /readyz
2: unknown path
2: other method
2: OPTIONS
3: application/wasm
3: text/wat
3: application/json
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
4: i32
4: i64
4: f32 / f64
4: v128
4: results
4: command, JSON
4: command, raw
4: stdout_base64
4: Server-Timing
4: Wasm-Revision
4: ?revision
4: fresh instance
4: Wasm-Timeout-Ms
5: problem+json
5: bad-request
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
5: headers-too-large
5: internal
5: overloaded
5: deadline-exceeded
5: storage-full
5: X-Request-Id
6: serve
6: first line
6: SIGTERM
6: exit code 1
6: exit code 2
6: every setting
""".strip().splitlines()


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
    tests = collect()
    print("| Contract row | Tests |\n|---|---|")
    for row in ROWS:
        print(f"| {row} | {', '.join(tests.get(row, ['**none**']))} |")
    missing = [row for row in ROWS if row not in tests]
    unknown = sorted(set(tests) - set(ROWS))
    if missing:
        print(f"rows without a test: {'; '.join(missing)}", file=sys.stderr)
    if unknown:
        print(f"markers that name no row: {'; '.join(unknown)}", file=sys.stderr)
    return 1 if missing or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
