"""The sessions of the README and of other pages as something that can be run: their commands, their answers, and what
may differ in them."""

import dataclasses
import os
import pathlib
import re
import subprocess

from support.server import ROOT

README = ROOT / "README.md"
CLI = ROOT / "docs" / "cli.md"
ERRORS = ROOT / "docs" / "errors.md"
SETTINGS = ROOT / "docs" / "settings.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]  # each has a session
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
# What docs/http.md says differs from run to run, and nothing else.
VOLATILE = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "<time>"),
    (re.compile(r"dur=[0-9.]+"), "dur=<ms>"),
    (re.compile(r'"request_id":"[0-9a-f-]+"'), '"request_id":"<id>"'),
    (re.compile(r'"[0-9a-f]{16}[jmw]"'), '"<entity tag>"'),
    (re.compile(r'"state":"(compiling|ready)"'), '"state":"<state>"'),
    (re.compile(r"(?im)^(x-request-id|date): .*$"), r"\1: <...>"),
]


@dataclasses.dataclass
class Step:
    command: str  # may have several lines
    answer: str


def session(page: pathlib.Path = README) -> list[Step]:
    steps: list[Step] = []
    for block in BLOCK.findall(page.read_text()):
        lines = block.splitlines()
        while lines:
            command = [lines.pop(0).removeprefix("$ ")]
            while lines and lines[0].startswith("> "):
                command.append(lines.pop(0).removeprefix("> "))
            answer = []
            while lines and not lines[0].startswith("$ "):
                answer.append(lines.pop(0))
            steps.append(Step("\n".join(command), "\n".join(answer)))
    return steps


def run(command: str, address: str, binary: pathlib.Path, home: pathlib.Path) -> str:
    """What the command prints when the server listens at `address`; addresses in it are written as on the page."""
    (home / "bin").mkdir(exist_ok=True)
    if not (program := home / "bin" / "wasm-server").exists():
        program.symlink_to(binary)
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "WASM_SERVER_URL": f"http://{address}",
           "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    done = subprocess.run(["bash", "-c", command.replace("127.0.0.1:8080", address)], cwd=ROOT, capture_output=True,
                          text=True, timeout=60, env=env)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout.replace("\r", "").replace(address, "127.0.0.1:8080").rstrip("\n")


def masked(text: str) -> str:
    for pattern, replacement in VOLATILE:
        text = pattern.sub(replacement, text)
    return text
