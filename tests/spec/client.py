"""Keep-alive connections of the standard library's client: quick enough, and one per thread."""

import http.client
import threading
import urllib.parse


class Connections:
    def __init__(self, url: str):
        parts = urllib.parse.urlsplit(url)
        self._host, self._port = parts.hostname, parts.port
        self._local = threading.local()

    def request(self, method: str, path: str, body: bytes = b"", type: str = "") -> tuple[int, str]:
        """Asks again where a module is still being compiled: on a machine that is busy the largest take their time."""
        status, text = self._request(method, path, body, type)
        for _ in range(20):
            if status != 503 or '"not-ready"' not in text:
                break
            status, text = self._request(method, path, body, type)
        return status, text

    def _request(self, method: str, path: str, body: bytes, type: str) -> tuple[int, str]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self._host, self._port, timeout=120)
        headers = {"Content-Type": type} if type else {}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (http.client.HTTPException, OSError):
            connection.close()
            raise
