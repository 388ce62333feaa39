"""A program between a client and its PostgreSQL server, which does to their connection what networks do."""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Self

from psycopg.conninfo import conninfo_to_dict

COMMITTED = b"COMMIT\x00"
SLOW_SECONDS = 0.05


class Mode(Enum):
    """What is done with an answer."""

    PASS = auto()
    FREEZE = auto()
    RESET = auto()
    CUT_COMMIT = auto()
    CUT_HALF = auto()
    SLOWLY = auto()


class Between:
    """Listens on loopback and hands on to a server on a socket file. `mode` says what it does with each answer."""

    def __init__(self, server_url: str) -> None:
        """Stand before this server."""
        parts = conninfo_to_dict(server_url)
        self._server, self._user = f"{parts['host']}/.s.PGSQL.5432", parts["user"]
        self.mode = Mode.PASS
        self.connections = 0
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._listen(0)
        return self

    def __exit__(self, *raised: object) -> None:
        """Stop, and close everything."""
        self.refuse()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        """What to connect with."""
        return f"postgresql://{self._user}@127.0.0.1:{self.port}/postgres?sslmode=disable&gssencmode=disable"

    def refuse(self) -> None:
        """Close all connections, and let nobody in: as a server that is not there."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._acceptor.join()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def admit(self) -> None:
        """Listen again, at the same address."""
        self._listen(self.port)

    def _listen(self, port: int) -> None:
        self._door = socket.create_server(("127.0.0.1", port))
        self.port = self._door.getsockname()[1]
        self._acceptor = self._run(self._accept, self._door)

    def _run(self, work: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def _accept(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = door.accept()
                self.connections += 1
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._sockets += [client, server]
                self._run(self._hand_on, client, server)

    def _hand_on(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([client, server], [], [], 0.02)
                if self.mode is Mode.FREEZE:
                    time.sleep(0.02)  # keeps the connection, and says nothing
                    if client in ready and client.recv(1, socket.MSG_PEEK) == b"":
                        return
                    continue
                if client in ready:
                    asked = client.recv(65536)
                    if not asked:
                        return
                    server.sendall(asked)
                if server in ready:
                    answer = server.recv(65536)
                    if not answer or not self._answered(client, answer):
                        return

    def _answered(self, client: socket.socket, answer: bytes) -> bool:
        """Hand on an answer. Returns whether the connection goes on."""
        match self.mode:
            case Mode.RESET:  # a reset, and not a farewell: what the kernel sends without lingering
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case Mode.CUT_HALF:
                client.sendall(answer[: len(answer) // 2])
                return False
            case Mode.CUT_COMMIT if COMMITTED in answer:
                return False
            case Mode.SLOWLY:
                for position in range(len(answer)):
                    client.sendall(answer[position : position + 1])
                    time.sleep(SLOW_SECONDS)
            case _:
                client.sendall(answer)
        return True
