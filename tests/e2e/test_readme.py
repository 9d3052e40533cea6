"""The README and the pages of docs/ tell the truth: their sessions are run, their tables are compared with the program, and
their links lead somewhere."""

import re
import subprocess

import pytest

from support import readme


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_each_session_answers_as_the_page_says(fresh_server, binary, tmp_path, page):
    steps = readme.session(page)
    assert len(steps) >= 4
    server = fresh_server()
    for step in steps:
        answer = readme.run(step.command, server.address, binary, tmp_path)
        assert readme.masked(answer) == readme.masked(step.answer), step.command


def test_the_page_of_commands_has_each_of_them(binary):
    listed = subprocess.run([binary, "--help"], capture_output=True, text=True, timeout=60).stdout
    names = re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE)
    assert len(names) > 10
    for name in names:
        assert f"wasm-server {name}" in readme.CLI.read_text(), name


def test_the_masks_hide_only_what_differs():
    assert readme.masked('"created_at":"2026-11-23T00:00:00.000Z","revision":1') == '"created_at":"<time>","revision":1'


def test_every_error_code_that_the_page_lists_is_the_programs():
    """Both ways: the table names what base/result.cc has, with its status."""
    table = dict(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", readme.ERRORS.read_text(), re.MULTILINE))
    source = (readme.ROOT / "src" / "base" / "result.cc").read_text()
    assert table == dict(re.findall(r'\{"([a-z-]+)", (\d{3}), "', source))


def test_every_setting_that_the_page_lists_is_in_the_help(binary):
    text = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True, timeout=60).stdout
    names = re.findall(r"^\| `--([a-z-]+)", readme.SETTINGS.read_text(), re.MULTILINE)
    assert len(names) >= 20
    for name in names:
        assert f"--{name}" in text, name


def anchors(page) -> set[str]:
    """As forges make them from headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*readme.PAGES, readme.ROOT / "ARCHITECTURE.md", readme.ROOT / "CONTRIBUTING.md"],
                         ids=lambda page: page.name)
def test_each_link_leads_to_a_file_or_a_heading(page):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    assert links
    for link in links:
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
