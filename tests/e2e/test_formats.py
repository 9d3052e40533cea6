"""What former versions wrote is read: tests/fixtures has a data directory and a backup of each (tests/fixtures/make)."""

import gzip
import json
import tarfile

import pytest

from support.cli import Cli
from support.client import Client
from support.modules import distinct
from support.server import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
VERSIONS = sorted(path.parent.name for path in FIXTURES.glob("*/expected.json"))


def test_this_version_has_a_fixture(binary, tmp_path):
    version = Cli(binary, None, tmp_path).ok("version", "--json").json["version"]
    assert version in VERSIONS


@pytest.fixture(params=VERSIONS)
def fixture(request):
    return FIXTURES / request.param


def expect_all_of(fixture, server) -> None:
    expected = json.loads((fixture / "expected.json").read_text())
    headers = {"Authorization": f"Bearer {expected['token']}"}
    with Client(server.url) as client:
        client.headers.update(headers)
        listed = {item["id"] for item in client.get("/wasm").json()["items"]}
        assert listed == set(expected["modules"])
        for id, revisions in expected["modules"].items():
            found = client.get(f"/wasm/{id}/revisions").json()["items"]
            assert [[one["meta_data"][name] for name in ("revision", "digest", "created_at", "labels")]
                    for one in found] == revisions
            for revision, *_ in revisions:
                answer = client.get(f"/wasm/{id}", params={"revision": revision}, headers={"Accept": "application/wasm"})
                assert answer.status_code == 200
        assert client.results("add", [2, 40]) == [42]
        client.add(distinct(77, 50_000), "later")


def test_a_data_directory_is_opened(fixture, fresh_server, binary, tmp_path):
    data = tmp_path / "data"
    with tarfile.open(fixture / "store.tar.gz") as tar:
        tar.extractall(data)
    assert Cli(binary, None, tmp_path).ok("check", data).out.endswith(", 0 damaged\n")
    server = fresh_server(data=data)
    expect_all_of(fixture, server)
    with Client(server.restart().url) as client:
        assert client.get("/wasm").status_code == 401


def test_a_backup_is_restored(fixture, fresh_server, binary, tmp_path):
    cli = Cli(binary, None, tmp_path)
    backup = gzip.decompress((fixture / "backup.gz").read_bytes())
    cli.ok("restore", "-", "--data", tmp_path / "data", input=backup)
    expect_all_of(fixture, fresh_server(data=tmp_path / "data"))
