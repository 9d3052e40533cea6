"""Completion in the real shells, and manual pages through the real formatter."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from support.cli import USAGE
from support.client import fresh_id
from support.modules import ADD


def need(program: str) -> str:
    found = shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not installed")
    return found


@pytest.fixture
def shell_env(cli, tmp_path_factory) -> dict:
    """The program is called by its name, as a person does."""
    programs = tmp_path_factory.mktemp("programs")
    (programs / "wasm-server").symlink_to(cli.binary)
    return {**cli.env, "PATH": f"{programs}:{os.environ['PATH']}"}


def bash_answers(shell_env, cwd, line: str) -> list[str]:
    script = f"""
source <(wasm-server completion bash)
COMP_LINE={line!r} COMP_POINT={len(line)}
read -ra COMP_WORDS <<<"$COMP_LINE"; COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_wasm_server
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run([need("bash"), "--norc", "-c", script], env=shell_env, cwd=cwd, capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def fish_answers(shell_env, cwd, line: str) -> list[str]:
    script = f"wasm-server completion fish | source; complete -C {line!r}"
    done = subprocess.run([need("fish"), "--no-config", "-c", script], env=shell_env, cwd=cwd, capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [answer.split("\t")[0] for answer in done.stdout.splitlines()]


def type_into(shell: list[str], env: dict, cwd, lines: list[str], until: str) -> str:
    """What an interactive shell shows while these lines are typed, up to where it shows `until`. They are typed once it
    reads keys itself, which it says by asking the terminal to bracket what is pasted."""
    master, slave = pty.openpty()
    process = subprocess.Popen(shell, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=cwd, start_new_session=True)
    os.close(slave)
    shown, end = "", time.monotonic() + 60

    def read_until(text: str) -> None:
        nonlocal shown
        while text not in shown and time.monotonic() < end:
            if select.select([master], [], [], 1)[0]:
                shown += os.read(master, 65536).decode(errors="replace")

    try:
        read_until("\x1b[?2004h")
        for line in lines:
            os.write(master, line.encode())
        read_until(until)
    except OSError:
        pass
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert until in shown, shown
    return shown


def test_bash_completes_commands_options_ids_and_files(cli, client, shell_env, tmp_path):
    id = client.add(ADD, id=fresh_id("bash"))
    (tmp_path / "some file.wasm").touch()
    ask = lambda line: bash_answers(shell_env, tmp_path, line)  # noqa: E731
    assert ask("wasm-server roll") == ["rollback"]
    assert {"put", "run", "serve"} <= set(ask("wasm-server "))
    assert ask("wasm-server show --js") == ["--json"]
    assert ask(f"wasm-server show {id[:-3]}") == [id]
    assert ask(f"wasm-server rm other {id[:-3]}") == [id]
    assert ask("wasm-server ls --kind=comp") == ["component"]
    assert ask("wasm-server put some") == ["some", "file.wasm"]
    assert ask("wasm-server show --server http://127.0.0.1:9 x") == []


def test_bash_completes_what_is_typed(cli, client, shell_env, tmp_path):
    id = client.add(ADD, id=fresh_id("typed"))
    env = {**shell_env, "PS1": "> "}
    shown = type_into([need("bash"), "--norc", "-i"], env, tmp_path,
                      ["source <(wasm-server completion bash)\n", f"wasm-server show {id[:-3]}\t -q; echo en''ded\n"], "ended")
    assert id in shown


def test_zsh_completes_what_is_typed(cli, client, shell_env, tmp_path):
    id = client.add(ADD, id=fresh_id("zsh"))
    env = {**shell_env, "PS1": "> ", "ZDOTDIR": str(tmp_path)}
    (tmp_path / ".zshrc").write_text("autoload -Uz compinit; compinit -u -D\nsource <(wasm-server completion zsh)\n")
    for begun, whole in ((f"wasm-server show {id[:-3]}", f"wasm-server show {id}"),
                         ("wasm-server rollb", "wasm-server rollback"),
                         ("wasm-server ls --quie", "wasm-server ls --quiet")):
        # The line as it became, printed instead of run: its start and end are put around it.
        typed = [f"{begun}\t\x01print -r -- 'so: \x05'$((1+1))\n"]
        type_into([need("zsh"), "-i"], env, tmp_path, typed, f"so: {whole}2")


def test_fish_completes_commands_options_ids_and_files(cli, client, shell_env, tmp_path):
    id = client.add(ADD, id=fresh_id("fish"))
    (tmp_path / "some.wasm").touch()
    ask = lambda line: fish_answers(shell_env, tmp_path, line)  # noqa: E731
    assert ask("wasm-server roll") == ["rollback"]
    assert ask("wasm-server show --js") == ["--json"]
    assert ask(f"wasm-server show {id[:-3]}") == [id]
    assert ask("wasm-server put som") == ["some.wasm"]


def test_an_unknown_shell_is_refused(cli):
    cli.refused(USAGE, "completion", "csh")


def commands_of(cli) -> list[str]:
    return re.findall(r"^  ([a-z]+) ", cli.ok("--help").out, re.MULTILINE)


def test_manual_pages_are_clean(cli, tmp_path):
    mandoc = need("mandoc")
    names = commands_of(cli)
    assert {"put", "serve", "man"} <= set(names)
    for name in ["", *names]:
        page = cli.ok("man", *filter(None, [name])).out
        lint = subprocess.run([mandoc, "-T", "lint", "-W", "style"], input=page, capture_output=True, text=True, timeout=60)
        assert lint.returncode == 0 and lint.stdout == "", (name, lint.stdout)
    assert 'did you mean "rollback"?' in cli.refused(USAGE, "man", "rolback")


def test_manual_pages_say_what_the_help_says(cli):
    mandoc = need("mandoc")
    for name in commands_of(cli):
        text = subprocess.run([mandoc, "-T", "ascii"], input=cli.ok("man", name).out, capture_output=True, text=True,
                              timeout=60).stdout.replace("_\b", "")
        text = "".join(c for i, c in enumerate(text) if c != "\b" and text[i + 1:i + 2] != "\b")
        for word in cli.ok(name, "--help").out.split():
            if word.startswith("--"):
                assert word.split("=")[0].strip(",.;)") in text, (name, word)
