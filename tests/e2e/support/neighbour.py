"""Calls a function of two i32 on and on, from a process of its own, so that what the tests do meanwhile does not show in
its times. Ends when its standard input does; prints {"seconds": [...], "wrong": [...]}.

    python neighbour.py HOST PORT ID
"""

import http.client
import json
import select
import socket
import sys
import time


def main() -> None:
    host, port, id = sys.argv[1:]
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    seconds: list[float] = []
    wrong: list[str] = []
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        start = time.perf_counter()
        connection.request("POST", f"/wasm/{id}", b"[2, 40]", {"Content-Type": "application/json"})
        text = connection.getresponse().read().decode()
        seconds.append(time.perf_counter() - start)
        if text != '{"results":[42]}':
            wrong.append(text)
    json.dump({"seconds": seconds, "wrong": wrong}, sys.stdout)


if __name__ == "__main__":
    main()
