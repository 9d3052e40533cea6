"""Certificates, and a server that speaks TLS."""

import pathlib
import socket
import ssl
import subprocess
from dataclasses import dataclass

from support.client import Client
from support.server import ServerProcess


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


@dataclass
class Pair:
    certificate: pathlib.Path
    key: pathlib.Path

    def install(self, other: "Pair") -> None:
        """The other's files in place of these, each in one step, as a tool that renews certificates does it."""
        for own, new in ((self.key, other.key), (self.certificate, other.certificate)):
            beside = own.with_suffix(".new")
            beside.write_bytes(new.read_bytes())
            beside.replace(own)


class Authority:
    """Signs certificates; its own is `pair.certificate`."""

    def __init__(self, directory: pathlib.Path, name: str = "authority"):
        self.directory = directory
        self.pair = self._pair(name)
        openssl("req", "-x509", "-new", "-key", self.pair.key, "-subj", f"/CN={name}", "-days", "7",
                "-addext", "keyUsage=critical,keyCertSign", "-out", self.pair.certificate)

    def _pair(self, name: str) -> Pair:
        pair = Pair(self.directory / f"{name}.crt", self.directory / f"{name}.key")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", pair.key)
        return pair

    def issue(self, name: str) -> Pair:
        """For this machine, with `name` as its subject."""
        pair = self._pair(name)
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-new", "-key", pair.key, "-subj", f"/CN={name}", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.pair.certificate, "-CAkey", self.pair.key, "-days", "7",
                "-extfile", extensions, "-out", pair.certificate)
        return pair

    def client_context(self, own: Pair | None = None, **settings) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.pair.certificate)
        if own is not None:
            context.load_cert_chain(own.certificate, own.key)
        for name, value in settings.items():
            setattr(context, name, value)
        return context


class TlsServer(ServerProcess):
    """`connect` gives connections over TLS, so that whatever speaks HTTP by hand does it over that."""

    def __init__(self, binary: pathlib.Path, data: pathlib.Path, authority: Authority, pair: Pair, flags=(), **options):
        self.authority, self.pair = authority, pair
        flags = ("--tls-cert", str(pair.certificate), "--tls-key", str(pair.key), *flags)
        super().__init__(binary, data, flags, **options)

    def connect(self, timeout: float = 20, context: ssl.SSLContext | None = None, **options) -> ssl.SSLSocket:
        plain = self.connect_plain(timeout)
        return (context or self.authority.client_context()).wrap_socket(plain, server_hostname="localhost", **options)

    def connect_plain(self, timeout: float = 20) -> socket.socket:
        return super().connect(timeout)

    def subject(self) -> str:
        """Whose certificate a new connection gets."""
        with self.connect() as connection:
            return dict(item[0] for item in connection.getpeercert()["subject"])["commonName"]

    def client(self, **options) -> Client:
        return Client(self.url, verify=self.authority.client_context(), **options)
