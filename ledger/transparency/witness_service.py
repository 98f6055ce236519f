"""A witness over HTTP: ``POST /add-checkpoint`` as C2SP tlog-witness has it."""

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from typing import TextIO

from ledger.clock import SECOND, Clock, iso
from ledger.errors import Refused
from ledger.store.folder import refusal
from ledger.transparency.cosigning import MOST_BYTES, PLAIN, Reply, Witness

_PATH = "/add-checkpoint"
_SECONDS = 20
_PORTS = range(65_536)


def place(listen: str) -> tuple[str, int]:
    """Read ``HOST:PORT`` (an IPv6 address in brackets), or refuse it."""
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and int(port) in _PORTS):
        what = f"{listen!r} is not an address to listen at"
        raise Refused("listen", what, "write HOST:PORT, for example 127.0.0.1:8339")
    return host.removeprefix("[").removesuffix("]"), int(port)


class Service(ThreadingHTTPServer):
    """The service at an address; each request in a thread, one at a time signs."""

    daemon_threads = True

    def __init__(self, witness: Witness, listen: str, clock: Clock, log: TextIO) -> None:
        self.witness, self.clock, self.log = witness, clock, log
        host, port = place(listen)
        if ":" in host:
            self.address_family = AF_INET6
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            what = f"nothing can listen at {listen}: {error.strerror or error}"
            raise Refused("listen", what, "name an address of this computer") from None
        self.bound = f"[{host}]" if ":" in host else host

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{self.bound}:{self.server_address[1]}"

    def run(self) -> None:
        """Serve until Ctrl-C."""
        self.say(f"{self.witness.key.name} listens at {self.url}")
        for origin in self.witness.origins:
            self.say(f"signs for {origin}")
        try:
            self.serve_forever()
        except KeyboardInterrupt:
            self.say("stopped")
        finally:
            self.server_close()

    def say(self, line: str) -> None:
        """Write a line of the log."""
        self.log.write(f"{iso(self.clock() // SECOND * SECOND)} {line}\n")
        self.log.flush()

    def handle_error(self, request: object, client_address: object) -> None:
        """Note that a client went away, or broke off; the service goes on."""
        del request
        self.say(f"{client_address}: broken off: {type(sys.exc_info()[1]).__name__}")


class _Handler(BaseHTTPRequestHandler):
    """One client's requests."""

    server: Service
    protocol_version = "HTTP/1.1"
    server_version = "attendance-witness"
    sys_version = ""
    timeout = _SECONDS

    def do_POST(self) -> None:
        """Answer a request to sign."""
        if self.path != _PATH:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
            return
        if len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self._answer(self._asked(body))

    def do_GET(self) -> None:
        """Refuse to be read: what was seen is told in answers only."""
        here = self.path == _PATH
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED if here else HTTPStatus.NOT_FOUND)

    do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def _asked(self, body: bytes) -> Reply:
        try:
            return self.server.witness.add(body, self.server.clock() // SECOND)
        except Exception as error:  # noqa: BLE001 - whatever the disk does, an answer is given
            why = refusal(self.server.witness.path, error)
            self.server.say(why.what)
            return Reply(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness cannot sign now\n")

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer without having read what was sent, and end the connection."""
        self.close_connection = True
        self._answer(Reply(status, f"{status.phrase}\n", PLAIN))

    def _answer(self, reply: Reply) -> None:
        body = reply.text.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Note who asked and what was answered, nothing of what they sent."""
        del size
        self.server.say(f"{self.client_address[0]} {self.command} {int(str(code))}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Note what http.server itself refuses."""
        text = (format % args).encode("ascii", "backslashreplace").decode()
        self.server.say("".join(each if each.isprintable() else "?" for each in text))
