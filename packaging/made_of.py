"""What a build of the program has in it: the crates of its engine, the Debian packages whose headers were compiled in, and
those whose libraries it is linked to."""

import functools
import json
import pathlib
import re
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENGINE = ROOT / "engine-sys"
TARGET = {"amd64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}


def output(*command, **options) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, **options).stdout


@functools.cache
def architecture() -> str:
    return output("dpkg", "--print-architecture").strip()


def _is_linked(package: dict) -> bool:
    """A procedural macro runs in the compiler, with all that it is made of."""
    return not any("proc-macro" in target["kind"] for target in package["targets"])


class Crates:
    """The crates that are linked into the engine's library, by name and version, without our own."""

    def __init__(self) -> None:
        command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET[architecture()]]
        found = json.loads(output(*command, cwd=ENGINE))
        self._packages = {package["id"]: package for package in found["packages"]}
        self._nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
        self.root = found["resolve"]["root"]
        locked = tomllib.loads((ENGINE / "Cargo.lock").read_text())["package"]
        self._checksums = {(package["name"], package["version"]): package.get("checksum") for package in locked}

    def needs(self, id: str) -> list[str]:
        return sorted(dependency["pkg"] for dependency in self._nodes[id]["deps"]
                      if any(kind["kind"] is None for kind in dependency["dep_kinds"])
                      and _is_linked(self._packages[dependency["pkg"]]))

    def linked(self) -> list[dict]:
        seen, left = set(), [self.root]
        while left:
            id = left.pop()
            if id not in seen:
                seen.add(id)
                left += self.needs(id)
        crates = [self._packages[id] for id in seen - {self.root}]
        return sorted(crates, key=lambda crate: (crate["name"], crate["version"]))

    def checksum(self, crate: dict) -> str:
        return self._checksums[crate["name"], crate["version"]]


def licence(crate: dict) -> str:
    """An SPDX expression; old crates write `/` for OR."""
    return re.sub(r"\s*/\s*", " OR ", crate["license"])


def rust_version() -> str:
    return output("rustc", "--version", cwd=ENGINE).split()[1]


@functools.cache
def _owners() -> dict[str, str]:
    """The Debian package of every header and library that is installed."""
    owners = {}
    for listing in pathlib.Path("/var/lib/dpkg/info").glob("*.list"):
        package = listing.stem.split(":")[0]
        for path in listing.read_text().splitlines():
            if "/include/" in path or "/lib/" in path:
                owners[path] = package
    return owners


def _owner(path: pathlib.Path) -> str | None:
    """/lib is a link to /usr/lib, and packages name either."""
    real = str(path.resolve())
    return next((owner for name in (str(path), real, real.removeprefix("/usr"), "/usr" + str(path))
                 if (owner := _owners().get(name))), None)


def compiled_in(binary: pathlib.Path) -> set[str]:
    """Of the headers in the build directory that the binary lies in."""
    listed = output("ninja", "-C", binary.parent, "-t", "deps")
    headers = {line.strip() for line in listed.splitlines() if line.startswith("    /usr/")}
    if not headers:
        raise SystemExit(f"{binary.parent} is not where the program was built: no header is known there")
    return {owner for header in headers if (owner := _owner(pathlib.Path(header)))}


def linked_to(binary: pathlib.Path) -> set[str]:
    """Of the libraries that it names itself."""
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "--dynamic", "--wide", binary)))
    found = re.findall(r"(\S+) => (/\S+)", output("ldd", binary))
    return {owner for name, path in found if name in needed and (owner := _owner(pathlib.Path(path)))}


def debian_version(package: str) -> str:
    return output("dpkg-query", "--show", "--showformat=${Version}\n", package).splitlines()[0]
