"""The client commands that keep modules: put, ls, show, get, rm."""

import base64
import pathlib

import pytest

from support.cli import LOCAL, REFUSED, USAGE
from support.client import fresh_id
from support.modules import ADD, ADD_SUB, SUB, distinct, wasm


@pytest.fixture
def add_file(tmp_path) -> pathlib.Path:
    path = tmp_path / f"{fresh_id('add')}.wasm"
    path.write_bytes(wasm(ADD))
    return path


def test_put_stores_a_file_under_its_name_and_waits_until_it_is_ready(cli, client, add_file):
    done = cli.ok("put", add_file)
    assert done.out == f"{add_file.stem}: revision 1, {add_file.stat().st_size} B, ready\n"
    assert done.err == ""
    assert client.meta(add_file.stem)["state"] == "ready"
    assert base64.b64decode(client.get(f"/wasm/{add_file.stem}").json()["wasm"]) == add_file.read_bytes()


def test_put_sends_nothing_that_is_there_and_makes_a_revision_of_what_is_new(cli, client, add_file):
    cli.ok("put", add_file)
    assert cli.ok("put", add_file).out.endswith(", ready, unchanged\n")
    add_file.write_bytes(wasm(SUB))
    assert cli.ok("put", add_file).out.startswith(f"{add_file.stem}: revision 2, ")
    assert client.results(add_file.stem, [5, 3]) == [2]


def test_put_takes_text_labels_and_a_function(cli, client, tmp_path):
    path = tmp_path / f"{fresh_id('both')}.wat"
    path.write_text(ADD_SUB)
    cli.ok("put", path, "--label", "team=maths", "--label", "tier=a=b", "--function", "sub")
    meta = client.meta(path.stem)
    assert meta["labels"] == {"team": "maths", "tier": "a=b"} and meta["run_function"] == "sub"


def test_put_labels_binary_code_in_one_revision(cli, client, add_file):
    done = cli.ok("put", add_file, "--label", "team=maths", "--json").json
    assert done["id"] == add_file.stem and done["meta_data"]["revision"] == 1
    assert client.meta(add_file.stem)["labels"] == {"team": "maths"}
    assert cli.ok("put", add_file, "--label", "team=maths").out.endswith("unchanged\n")
    assert "revision 2" in cli.ok("put", add_file, "--label", "team=logic").out


def test_put_reads_standard_input(cli, client):
    id = fresh_id("in")
    cli.ok("put", "-", "--id", id, input=ADD.encode())
    assert client.results(id, [2, 40]) == [42]
    made = cli.ok("put", "-", "--json", input=wasm(SUB)).json["id"]
    assert client.results(made, [2, 40]) == [-38]


def test_put_says_what_is_wrong_with_a_file(cli, tmp_path):
    (tmp_path / "page.html").write_text("<!DOCTYPE html><html></html>")
    assert "HTML" in cli.refused(REFUSED, "put", "page.html")
    (tmp_path / "bad.wasm").write_bytes(b"\0asm\x01\0\0\0\xff")
    cli.refused(REFUSED, "put", "bad.wasm")
    assert cli.refused(LOCAL, "put", "gone.wasm") == "gone.wasm: No such file or directory"
    (tmp_path / "empty.wasm").touch()
    assert cli.refused(LOCAL, "put", "empty.wasm") == "empty.wasm: is empty"
    assert cli.refused(LOCAL, "put", ".", "--id", "x") == ".: Is a directory"
    (tmp_path / "odd name.wasm").write_bytes(wasm(ADD))
    assert "--id gives one" in cli.refused(USAGE, "put", "odd name.wasm")
    assert "is no id" in cli.refused(USAGE, "put", "odd name.wasm", "--id", "../x")


def test_put_reports_a_module_that_can_never_run(cli, tmp_path):
    path = tmp_path / f"{fresh_id('needs')}.wat"
    path.write_text('(module (import "nowhere" "nothing" (func)) (func (export "f")))')
    said = cli.refused(REFUSED, "put", path)
    assert "cannot run here" in said and "nowhere" in said


def test_ls_lists_in_a_table_with_filters(cli, client):
    prefix = fresh_id("list")
    for name, label in (("a", "x"), ("b", "y"), ("c", "x")):
        client.add_ready(ADD, id=f"{prefix}-{name}", labels={"k": label})
    lines = cli.ok("ls", prefix).out.splitlines()
    assert lines[0].split() == ["ID", "KIND", "STATE", "REVISION", "SIZE", "UPDATED", "LABELS"]
    assert [line.split()[0] for line in lines[1:]] == [f"{prefix}-{name}" for name in "abc"]
    assert all(line.index("module") == lines[0].index("KIND") for line in lines[1:])
    assert cli.ok("ls", prefix, "--label", "k=x", "-q").out.split() == [f"{prefix}-a", f"{prefix}-c"]
    assert cli.ok("ls", prefix, "--limit", "2", "-q").out.split() == [f"{prefix}-a", f"{prefix}-b"]
    assert cli.ok("ls", prefix, "--kind", "command", "-q").out == ""
    items = cli.ok("ls", prefix, "--json").json["items"]
    assert [item["id"] for item in items] == [f"{prefix}-{name}" for name in "abc"]
    assert items[0] == client.get("/wasm", params={"prefix": f"{prefix}-a"}).json()["items"][0]


def test_ls_reads_all_pages(cli, client):
    prefix = fresh_id("pages")
    for number in range(230):
        client.add(ADD, id=f"{prefix}-{number:03}")
    assert cli.ok("ls", prefix, "-q").out.split() == [f"{prefix}-{number:03}" for number in range(230)]
    assert len(cli.ok("ls", prefix, "--limit", "150", "--json").json["items"]) == 150


def test_show_tells_a_module_and_its_older_revisions(cli, client):
    id = client.add_ready(ADD, labels={"team": "maths"})
    client.put(f"/wasm/{id}", json={"labels": {"team": "logic"}})
    text = cli.ok("show", id).out
    for line in ("state      ready", "functions  add(a: i32, b: i32) -> i32", "labels     team=logic",
                 "revision   2"):
        assert line in text.splitlines(), text
    assert "team=maths" in cli.ok("show", id, "--revision", "1").out
    assert cli.ok("show", id, "--json").json == client.get(f"/wasm/{id}", params={"wasm": "false"}).json()


def test_get_gives_the_code_byte_for_byte(cli, client, tmp_path):
    code = distinct(7, 3_000_000)
    id = client.add(code)
    assert cli.ok("get", id).out_bytes == code
    (tmp_path / "out.wasm").write_bytes(b"before")
    assert cli.ok("get", id, "-o", "out.wasm").out == ""
    assert (tmp_path / "out.wasm").read_bytes() == code
    cli.refused(REFUSED, "get", id, "--revision", "9", "-o", "other.wasm")
    assert sorted(path.name for path in tmp_path.glob("o*")) == ["out.wasm"], "nothing half done stays"
    assert "/no/such" in cli.refused(LOCAL, "get", id, "-o", "/no/such/out.wasm")


def test_rm_deletes(cli, client):
    ids = [client.add(ADD), client.add(ADD)]
    assert cli.ok("rm", *ids, "--json").json == {"deleted": ids}
    assert [client.get(f"/wasm/{id}").status_code for id in ids] == [404, 404]
    assert cli.refused(REFUSED, "rm", ids[0]).startswith(f'there is no module "{ids[0]}"')


def test_a_mistyped_word_is_answered_with_what_was_meant(cli, client):
    id = client.add(ADD, id=fresh_id("fibonacci"))
    wrong = id.replace("fibonacci", "fibonaci")
    for command in (["show", wrong], ["get", wrong], ["rm", wrong], ["run", wrong]):
        assert cli.refused(REFUSED, *command).endswith(f'did you mean "{id}"?'), command
    assert 'did you mean "show"?' in cli.refused(USAGE, "shwo", id)
    assert 'unknown option "--jsno"; did you mean "--json"?' in cli.refused(USAGE, "show", id, "--jsno")
    assert "ID is required" in cli.refused(USAGE, "show")
    assert "one argument too many" in cli.refused(USAGE, "show", id, "more")
    assert "NAME=VALUE" in cli.refused(USAGE, "put", "x.wasm", "--label", "team")


@pytest.mark.parametrize("id", ["../healthz", "a/b", "a b", "%41", "a?x=1", "ä", "-", "a" * 300, "a\nb\x1b[2J"])
def test_an_odd_id_stays_one_part_of_the_path(cli, id):
    done = cli.run("show", "--", id)
    assert done.code == REFUSED, done.err
    assert "\x1b" not in done.err and done.err.count("\n") == 1


def test_help_is_there_for_every_command(cli):
    for name in ("put", "ls", "show", "get", "run", "rm", "version", "serve", "check"):
        text = cli.ok(name, "--help").out
        assert f"Usage: wasm-server {name}" in text and "--help" in text
        assert f"\n  {name} " in cli.ok("--help").out
    assert cli.ok("version").out == cli.ok("--version").out
    assert "0." in cli.ok("version", "--json").json["version"]
