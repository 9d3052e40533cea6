"""Which server a client command talks to, and `wasm-server config`."""

import pathlib
import re
import subprocess

import pytest

from support.cli import LOCAL, USAGE, Cli
from support.client import fresh_id
from support.modules import ADD


def write_client_file(cli: Cli, text: str, mode: int = 0o600) -> pathlib.Path:
    path = cli.home / ".config" / "wasm-server" / "client.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def bare(binary, tmp_path) -> Cli:
    """Without a server in the environment."""
    return Cli(binary, None, tmp_path)


def test_named_servers_stand_in_a_file(bare, server, client):
    id = client.add(ADD, id=fresh_id("named"))
    write_client_file(bare, f'server = "here"\n[servers.here]\nurl = "{server.url}/"\n'
                            '[servers.gone]\nurl = "http://127.0.0.1:1"\n')
    assert bare.ok("ls", id, "-q").out == f"{id}\n"
    assert "127.0.0.1:1" in bare.refused(122, "ls", "--server", "gone")
    assert bare.ok("ls", id, "-q", "--server", server.url, env={"WASM_SERVER_URL": "http://127.0.0.1:1"}).out == f"{id}\n"
    assert 'no server "hree"' in bare.refused(LOCAL, "ls", "--server", "hree")
    assert 'did you mean "here"?' in bare.refused(LOCAL, "ls", "--server", "hree")


def test_a_token_in_a_file_is_its_owners_alone(bare, server):
    path = write_client_file(bare, f'[servers.here]\nurl = "{server.url}"\ntoken = "wsk_x"\n', 0o644)
    assert f"chmod 600 {path}" in bare.refused(LOCAL, "ls", "--server", "here")
    path.chmod(0o600)
    bare.ok("ls", "--server", "here")


def test_config_client_says_which_server_and_why(bare, server):
    path = write_client_file(bare, f'server = "here"\n[servers.here]\nurl = "{server.url}"\ntoken = "wsk_hidden"\n')
    done = bare.ok("config", "--client", "--json")
    assert done.json["settings"] == [{"name": "server", "value": server.url, "from": str(path)},
                                     {"name": "token", "value": "(secret)", "from": str(path)}]
    assert "wsk_hidden" not in bare.ok("config", "--client").out
    assert "WASM_SERVER_URL" in bare.ok("config", "--client", env={"WASM_SERVER_URL": "http://x:1"}).out


def settings(done) -> dict:
    return {setting["name"]: (setting["value"], setting["from"]) for setting in done.json["settings"]}


def test_config_says_where_each_setting_comes_from(bare, tmp_path):
    file = tmp_path / "server.toml"
    file.write_text('max-body-bytes = "1MiB"\nworkers = 3\ngrace-ms = 5\n')
    env = {"WASM_SERVER_WORKERS": "2", "WASM_SERVER_CONFIG": str(file)}
    found = settings(bare.ok("config", "--json", "--grace-ms", "7", env=env))
    assert found["grace-ms"] == ("7", "flag")
    assert found["workers"] == ("2", "WASM_SERVER_WORKERS")
    assert found["max-body-bytes"] == ("1048576", str(file))
    assert found["listen"] == ("127.0.0.1:8080", "default")
    table = bare.ok("config", "--config", str(file)).out
    assert re.search(rf"^grace-ms +5 +{re.escape(str(file))}$", table, re.MULTILINE)


def test_config_has_every_setting_of_serve(bare):
    help_text = bare.ok("serve", "--help").out
    named = set(re.findall(r"WASM_SERVER_([A-Z_]+)", help_text)) - {"CONFIG"}
    shown = settings(bare.ok("config", "--json"))
    assert {name.upper().replace("-", "_") for name in shown} == named


@pytest.mark.parametrize("command", ["serve", "config"])
def test_an_unknown_key_is_refused_with_the_nearest_name(bare, tmp_path, command):
    file = tmp_path / "server.toml"
    file.write_text("max-body-byte = 5\n")
    said = bare.refused(USAGE, command, "--config", str(file))
    assert 'unknown setting "max-body-byte"' in said and 'did you mean "max-body-bytes"?' in said
    file.write_text("[http]\nmax-body-bytes = 5\n")
    assert "unknown setting" in bare.refused(USAGE, command, "--config", str(file))
    assert 'did you mean "--max-body-bytes"?' in bare.refused(USAGE, command, "--max-body-byte", "5")


def test_the_library_of_the_client_is_no_part_of_the_server(binary):
    """It would make every start of the server and of its compile workers longer."""
    needed = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, timeout=60).stdout
    assert "librocksdb" in needed and "libcurl" not in needed


def test_the_template_has_every_setting_with_its_default(bare, tmp_path):
    """With each line uncommented, the file says what would be in force without it."""
    text = bare.ok("config", "--template").out
    assert "# Body of one request (BYTES)\n#max-body-bytes = \"128MiB\"\n" in text
    file = tmp_path / "all.toml"
    file.write_text(re.sub(r"^#(?=[a-z])", "", text, flags=re.MULTILINE))
    found = settings(bare.ok("config", "--json", "--config", str(file)))
    assert {origin for _, origin in found.values()} == {str(file)}
    assert values_in_bytes(bare, "--config", str(file)) == values_in_bytes(bare)


def values_in_bytes(bare, *arguments: str) -> dict:
    """The settings, sizes as numbers, flags that are off as nothing."""
    units = {"KiB": 10, "MiB": 20, "GiB": 30}
    values = {}
    for name, (value, _) in settings(bare.ok("config", "--json", *arguments)).items():
        size = re.fullmatch(r"(\d+)([KMG]iB)", value)
        values[name] = str(int(size[1]) << units[size[2]]) if size else "" if value == "false" else value
    return values


def test_the_template_keeps_what_is_set(bare, tmp_path):
    file = tmp_path / "some.toml"
    given = ["--data", "/srv/a \"b\"", "--grace-ms", "5", "--access-log", "--cors-origin", "https://a.example",
             "--cors-origin", "https://b.example"]
    file.write_text(bare.ok("config", "--template", *given).out)
    found = settings(bare.ok("config", "--json", "--config", str(file)))
    assert {name: value for name, (value, origin) in found.items() if origin == str(file)} == {
        "data": "/srv/a \"b\"", "grace-ms": "5", "access-log": "true",
        "cors-origin": "https://a.example,https://b.example"}
