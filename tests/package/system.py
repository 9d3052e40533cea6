"""A root directory of its own: this system's, with all changes in memory, or a Debian that was made for it."""

import contextlib
import pathlib
import re
import subprocess
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent

# In a mount namespace that ends with this shell. $1 is the directory, $2 the archive of a fresh root, or empty.
SET_UP = """
set -e
mount -t tmpfs none "$1"
mkdir "$1/root"
if [ -n "$2" ]; then
    mount --bind "$1/root" "$1/root"
    tar -xf "$2" -C "$1/root"
else
    mkdir "$1/upper" "$1/work"
    mount -t overlay none -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
fi
mount -t proc none "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mkdir -p "$1/root/exchange"
mount --bind "$3" "$1/root/exchange"
if [ -n "$2" ]; then
    cp /etc/resolv.conf "$1/root/etc/resolv.conf"
    cp -r /etc/apt/. "$1/root/etc/apt/"
    printf '#!/bin/sh\\nexit 101\\n' >"$1/root/usr/sbin/policy-rc.d"
    chmod 755 "$1/root/usr/sbin/policy-rc.d"
fi
echo ready
read -r _
"""


class Machine(contextlib.AbstractContextManager):
    def __init__(self, directory: pathlib.Path, fresh: bool):
        self.fresh = fresh
        self.exchange = pathlib.Path(tempfile.mkdtemp(dir=directory))  # is /exchange in it
        self.root = directory / "mounts"
        self.root.mkdir()
        archive = self._fresh_archive(directory) if fresh else ""
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", SET_UP, "sh", self.root, archive, self.exchange],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == "ready\n"

    @staticmethod
    def _fresh_archive(directory: pathlib.Path) -> pathlib.Path:
        archive = directory / "bookworm.tar"
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3-seccomp,systemd", "bookworm",
                        archive], check=True)
        return archive

    def __exit__(self, *_):
        self.holder.communicate("\n")

    def command(self, *arguments) -> list:
        inside = ["chroot", self.root / "root", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"]
        return ["nsenter", "--target", str(self.holder.pid), "--mount", *inside, *arguments]

    def run(self, *arguments, check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        assert done.returncode == 0 or not check, (arguments, done.stdout)
        return done

    def says(self, *arguments) -> str:
        return self.run(*arguments).stdout.strip()

    def has(self, path: str) -> bool:
        return self.run("test", "-e", path, check=False).returncode == 0

    def install(self, deb: pathlib.Path) -> str:
        name = self.exchange / deb.name
        if not name.exists():
            name.write_bytes(deb.read_bytes())
        if self.fresh:
            self.run("apt-get", "update", "-qq")
            return self.says("apt-get", "install", "-y", "--allow-downgrades", f"/exchange/{deb.name}")
        return self.says("dpkg", "--install", f"/exchange/{deb.name}")


class Service(contextlib.AbstractContextManager):
    """The server, started in the machine as the unit says (as_unit)."""

    def __init__(self, machine: Machine):
        (machine.exchange / "as_unit").write_bytes((HERE / "as_unit").read_bytes())
        self.log = machine.exchange / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(machine.command("/usr/bin/python3", "/exchange/as_unit"), stdout=subprocess.PIPE,
                                            stderr=log, text=True)
        line = self.process.stdout.readline()
        match = re.fullmatch(r"listening on (http://\S+)\n", line)
        assert match, (line, self.log.read_text())
        self.url = match[1]

    def get(self, path: str, body: bytes | None = None, type: str = "application/json") -> str:
        request = urllib.request.Request(self.url + path, data=body, headers={"Content-Type": type})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read().decode()

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(timeout=120) == 0, self.log.read_text()
