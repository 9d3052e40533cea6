"""Runs cases on a server and gives each its verdict."""

import collections
import concurrent.futures
import dataclasses
import json
import pathlib

import oracle
from cases import Case
from client import Connections
from values import from_json, matches, to_json

# The suite's words for a trap, and the contract's. Where two kinds stand, both are right: the suite's text is coarser.
TRAPS = {
    "integer divide by zero": ["integer-divide-by-zero"],
    "integer overflow": ["integer-overflow"],
    "invalid conversion to integer": ["bad-conversion-to-integer"],
    "out of bounds memory access": ["out-of-bounds-memory"],
    "out of bounds table access": ["out-of-bounds-table"],
    "undefined element": ["out-of-bounds-table"],
    "undefined": ["out-of-bounds-table"],
    "uninitialized element": ["indirect-call-to-null"],
    "uninitialized": ["indirect-call-to-null"],
    "indirect call type mismatch": ["bad-signature"],
    "indirect call": ["bad-signature"],
    "unreachable": ["unreachable"],
    "call stack exhausted": ["stack-overflow"],
}

PASSED = "passed"
REFERENCES = "references cannot be passed in JSON"
IMPORTS = "the module needs an import that this server does not offer"
STATE = "depends on an earlier call in the same instance; every execution gets a fresh one"
WRONG = "wrong"
EXPLAINED = {REFERENCES, IMPORTS, STATE}


@dataclasses.dataclass
class Verdict:
    case: Case
    reason: str
    detail: str = ""


def _type(module: pathlib.Path) -> str:
    return "application/wasm" if module.suffix == ".wasm" else "text/wat"


class Checker:
    def __init__(self, url: str, prefix: str = "spec"):
        self._http = Connections(url)
        self._prefix = prefix
        self._refused: dict[pathlib.Path, str] = {}

    def run(self, cases: list[Case], threads: int = 8) -> list[Verdict]:
        modules = sorted({case.module for case in cases if case.kind != "refuse"})
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(self._upload, modules))
            return list(pool.map(self._check, cases))

    def _id(self, module: pathlib.Path) -> str:
        return f"{self._prefix}-{module.stem}"

    def _upload(self, module: pathlib.Path) -> None:
        status, text = self._http.request("POST", f"/wasm?id={self._id(module)}", module.read_bytes(), _type(module))
        if status != 201:
            self._refused[module] = f"{status} {text}"

    def _check(self, case: Case) -> Verdict:
        if case.kind == "refuse":
            return self._check_refusal(case)
        if not case.typed():
            return Verdict(case, REFERENCES)
        if case.module in self._refused:
            return Verdict(case, WRONG, f"module not stored: {self._refused[case.module][:300]}")
        body = f'{{"function":{json.dumps(case.field)},"args":[{",".join(map(to_json, case.args))}]}}'
        status, text = self._http.request("POST", f"/wasm/{self._id(case.module)}", body.encode(), "application/json")
        return self._judge(case, status, text)

    def _check_refusal(self, case: Case) -> Verdict:
        status, text = self._http.request("POST", "/wasm", case.module.read_bytes(), _type(case.module))
        if status == 422 and json.loads(text)["code"] == "invalid-module":
            return Verdict(case, PASSED)
        return Verdict(case, WRONG, f"{case.text!r} expected, answered {status} {text[:200]}")

    def _judge(self, case: Case, status: int, text: str) -> Verdict:
        document = json.loads(text)
        if status == 200:
            outcome: str | list[str] = from_json(text)
            right = case.kind == "return" and len(outcome) == len(case.expected) and all(
                map(matches, outcome, case.expected))
        elif status == 422 and document["code"] == "guest-trap":
            outcome = "trap"
            kinds = TRAPS.get(case.text)
            right = case.kind in ("trap", "exhaustion") and (kinds is None or document["trap"] in kinds)
        else:
            needs_import = status == 422 and document["code"] == "invalid-module" and "import" in document["detail"]
            return Verdict(case, IMPORTS if needs_import else WRONG, f"{status} {text[:300]}")
        if right:
            return Verdict(case, PASSED)
        state = case.kind == "return" and oracle.agrees(case, outcome) or case.kind == "trap" and status == 200 and (
            oracle.agrees(dataclasses.replace(case, expected=[{"type": "i64"}] * len(outcome)), outcome))
        return Verdict(case, STATE if state else WRONG, f"{status} {text[:300]}")


def table(verdicts: list[Verdict]) -> str:
    """Passed and not, by kind of case, and the reasons with their numbers."""
    kinds = {"return": "assert_return", "trap": "assert_trap", "exhaustion": "assert_exhaustion",
             "refuse": "assert_invalid, assert_malformed"}
    lines = []
    for kind, name in kinds.items():
        mine = [verdict for verdict in verdicts if verdict.case.kind == kind]
        reasons = collections.Counter(verdict.reason for verdict in mine)
        lines.append(f"{name}: {reasons.pop(PASSED, 0)} of {len(mine)} passed")
        lines += [f"    {count} not: {reason}" for reason, count in reasons.most_common()]
    return "\n".join(lines)
