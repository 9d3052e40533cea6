"""What the package has in it, and what others say about it."""

import gzip
import json
import os
import pathlib
import re
import subprocess

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = pathlib.Path(__file__).resolve().parents[2]


def output(*command, **options) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, **options).stdout


@pytest.fixture(scope="module")
def program(files) -> pathlib.Path:
    return files / "usr" / "bin" / "wasm-server"


@pytest.fixture(scope="module")
def sbom(files) -> dict:
    return json.loads((files / "usr/share/doc/wasm-server/sbom.cdx.json").read_text())


def field(deb, name: str) -> str:
    return output("dpkg-deb", "--field", deb, name).strip()


def test_lintian_has_nothing_to_say(deb):
    done = subprocess.run(["lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", deb],
                          capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "", done.stdout + done.stderr


def test_each_file_is_roots_and_as_readable_as_it_should_be(deb):
    lines = output("dpkg-deb", "--contents", deb).splitlines()
    assert len(lines) > 30
    for line in lines:
        mode, owner, *_, path = line.split()
        assert owner == "root/root", line
        assert mode == ("-rwxr-xr-x" if path == "./usr/bin/wasm-server" or mode[0] == "d" else "-rw-r--r--").replace(
            "-", mode[0], 1), line


def test_each_command_has_a_manual_page(files, program):
    names = re.findall(r"^  ([a-z]+) ", output(program, "--help"), re.MULTILINE)
    pages = {path.name for path in (files / "usr/share/man/man1").iterdir()}
    assert len(names) > 10
    assert pages == {"wasm-server.1.gz", *(f"wasm-server-{name}.1.gz" for name in names)}
    text = gzip.decompress((files / "usr/share/man/man1/wasm-server-serve.1.gz").read_bytes()).decode()
    assert "max\\-body\\-bytes" in text


@pytest.mark.parametrize("shell, path", [
    ("bash", "bash-completion/completions/wasm-server"), ("zsh", "zsh/vendor-completions/_wasm-server"),
    ("fish", "fish/vendor_completions.d/wasm-server.fish")])
def test_the_completions_are_the_programs(files, program, shell, path):
    assert (files / "usr/share" / path).read_text() == output(program, "completion", shell)


def test_the_settings_are_a_conffile_that_the_program_takes(deb, files, program, tmp_path):
    assert output("dpkg-deb", "--info", deb, "conffiles") == "/etc/wasm-server/wasm-server.toml\n"
    file = files / "etc/wasm-server/wasm-server.toml"
    env = {name: value for name, value in os.environ.items() if not name.startswith("WASM_SERVER_")}
    found = json.loads(output(program, "config", "--json", "--config", file, env=env))["settings"]
    assert {s["name"]: s["value"] for s in found if s["from"] != "default"} == {"data": "/var/lib/wasm-server"}


def test_what_it_needs_is_named(deb, program):
    needs = field(deb, "Depends")
    assert "adduser" in needs and "librocksdb7.8" in needs and re.search(r"libc6 \(>= ", needs)
    assert field(deb, "Recommends") == "libcurl4, ca-certificates"


def test_the_dashboard_is_there(files):
    assert json.loads((files / "usr/share/wasm-server/grafana-dashboard.json").read_text())["panels"]


def test_where_it_was_built_is_not_in_it(files):
    for path in [path for path in files.rglob("*") if path.is_file()]:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        assert str(ROOT).encode() not in data, path


def test_the_bill_of_materials_is_valid(sbom, files):
    text = (files / "usr/share/doc/wasm-server/sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    refs = [component["bom-ref"] for component in sbom["components"]]
    assert len(refs) == len(set(refs))
    assert {ref for entry in sbom["dependencies"] for ref in entry["dependsOn"]} == set(refs)


def test_the_bill_of_materials_has_what_is_in_the_program(sbom, deb):
    linkage = {component["name"]: component.get("properties", [{}])[0].get("value") for component in sbom["components"]}
    assert linkage["wasmtime"] == linkage["cranelift-codegen"] == linkage["rust-std"] == "static"
    assert "serde_derive" not in linkage  # runs in the compiler
    assert linkage["libboost1.81-dev"] == linkage["libcli11-dev"] == "headers"
    # spdlog's package provides a name that says which fmt it was built with.
    depended = {name.split()[0].removesuffix("-fmt9") for name in field(deb, "Depends").split(", ")} - {"adduser"}
    assert {name for name, value in linkage.items() if value == "dynamic"} == depended
    lock = (ROOT / "engine-sys/Cargo.lock").read_text()
    for component in sbom["components"]:
        if component["purl"].startswith("pkg:cargo/"):
            assert component["hashes"][0]["content"] in lock, component["name"]


def test_the_notices_of_others_are_there(files, sbom):
    text = gzip.decompress((files / "usr/share/doc/wasm-server/third-party.txt.gz").read_bytes()).decode()
    for component in sbom["components"]:
        if component["properties"][0]["value"] != "dynamic":
            assert f"{component['name']} {component['version']}" in text, component["name"]
    assert "Boost Software License" in text and "LLVM Exceptions" in text
