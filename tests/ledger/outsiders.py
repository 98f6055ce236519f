"""Somebody outside: histories to be signed, witnesses that serve, an authority for timestamps."""

import http.client
import io
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ledger.tlog.note import COSIGNATURE, Checkpoint, Signer, new_signer, sign
from ledger.tlog.tree import Tree
from ledger.transparency.cosigning import Request, Service, Witness

NOON = 1_795_176_000
"""2026-11-20T12:00:00Z, in seconds."""
LOG = new_signer("attendance-ledger/one", b"\1" * 32)
WITNESS = new_signer("trust.example/w1", b"\2" * 32, COSIGNATURE)
OTHER = new_signer("council.example/w1", b"\3" * 32, COSIGNATURE)
_PATIENCE = 20


@dataclass
class History:
    """A log of so many leaves; two with another ``seed`` differ from entry ``forks`` on."""

    seed: str = ""
    forks: int = 0
    signer: Signer = LOG
    tree: Tree = field(init=False)

    def __post_init__(self) -> None:
        names = (f"{n}{self.seed if n >= self.forks else ''}" for n in range(70))
        self.tree = Tree([sha256(name.encode()).digest() for name in names])

    def request(self, old: int, size: int) -> Request:
        checkpoint = Checkpoint(self.signer.name, size, self.tree.root(size))
        proof = tuple(self.tree.consistency(old, size))
        return Request(old, proof, sign(checkpoint, [self.signer]))

    def body(self, old: int, size: int) -> bytes:
        return self.request(old, size).written.encode()


def witness(state: Path, *logs: Signer, key: Signer = WITNESS) -> Witness:
    return Witness(key, [log.verifier for log in logs or (LOG,)], state)


@contextmanager
def serving(one: Witness, clock: Callable[[], int] = lambda: NOON * 10**6) -> Iterator[Service]:
    """Serve, once it has looked at what it remembers."""
    service, ready = Service(one, "127.0.0.1:0", clock, io.StringIO()), threading.Event()
    serve = service.serve_forever
    service.serve_forever = lambda: (ready.set(), serve())
    thread = threading.Thread(target=service.run)
    thread.start()
    assert ready.wait(_PATIENCE)
    try:
        yield service
    finally:
        service.shutdown()
        thread.join()


def post(service: Service, body: bytes, path: str = "/add-checkpoint", method: str = "POST"):
    connection = http.client.HTTPConnection(*service.server_address[:2], timeout=_PATIENCE)
    connection.request(method, path, body)
    reply = connection.getresponse()
    found = (reply.status, reply.read(), reply.headers["Content-Type"])
    connection.close()
    return found


_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
tsa_name = yes
ess_cert_id_alg = sha256
[ext]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


class Authority:
    def __init__(self, place: Path, subject: str = "/O=Example/CN=Example Timestamps") -> None:
        place.mkdir()
        self.place = place
        (place / "tsa.cnf").write_text(_CONFIG)
        (place / "serial").write_text("01\n")
        new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        self.openssl(f"req -x509 {new} -keyout ca.key -out ca.pem -days 30", "-subj", "/CN=Root")
        self.openssl(f"req {new} -keyout tsa.key -out tsa.csr", "-subj", subject)
        self.openssl(
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 "
            "-extfile tsa.cnf -extensions ext -out tsa.pem"
        )

    @property
    def root(self) -> Path:
        return self.place / "ca.pem"

    def openssl(self, line: str, *more: str) -> str:
        command = ["openssl", *line.split(), *more]
        done = subprocess.run(command, cwd=self.place, capture_output=True, text=True, check=True)
        return done.stdout

    def answer(self, query: bytes) -> bytes:
        (self.place / "q.tsq").write_bytes(query)
        self.openssl(
            "ts -reply -config tsa.cnf -section one -queryfile q.tsq -signer tsa.pem "
            "-inkey tsa.key -out r.tsr"
        )
        return (self.place / "r.tsr").read_bytes()


@contextmanager
def answering(status: int, answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """Serve any answer to whatever is posted; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
