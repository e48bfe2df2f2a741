"""A daemon that answers as a test tells it, in frames of the golden vectors or of its own."""

import json
import os
import pathlib
import socket
import struct
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Protocol" / "python"))
sys.dont_write_bytecode = True

import textflix  # noqa: E402  (its folder is on the path only now)

VECTORS = ROOT / "Protocol" / "Vectors"
KINDS = {"request": 1, "response": 2, "data": 3}


def cases(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


FRAMES = {vector["name"]: vector for name in ("frames.json", "errors.json")
          for vector in cases(name)}


def body_of(name):
    return bytes.fromhex(FRAMES[name]["hex"])[10:]


class FakeDaemon:
    """Listens on a socket of its own, in a thread; the first connection runs the first script, as
    `script(peer)`, and is closed, the next the second. After the last nobody listens any more."""

    def __init__(self, *scripts):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "s")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        # One that waits for a connection in vain does not keep a test that failed from ending.
        self.thread = threading.Thread(target=self._serve, args=(scripts,), daemon=True)
        self.thread.start()

    def _serve(self, scripts):
        with self.listener:
            for script in scripts:
                connection, _ = self.listener.accept()
                with connection:
                    script(Peer(connection))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join(10)
        self.listener.close()
        self.folder.cleanup()


class Peer:
    """The daemon's side of one connection, in whole frames."""

    def __init__(self, connection):
        self.file = connection.makefile("rwb")

    def receive(self):
        """(stream, kind, flags, body) of the next frame, or None at the end."""
        header = self.file.read(10)
        if len(header) < 10:
            return None
        length, stream, kind, flags = struct.unpack(">IIBB", header)
        return stream, kind, flags, self.file.read(length)

    def request(self):
        stream, _, _, body = self.receive()
        return stream, textflix.decode("Request", body)

    def write(self, stream, kind, flags=0, body=b""):
        self.file.write(struct.pack(">IIBB", len(body), stream, kind, flags) + body)
        self.file.flush()

    def send(self, stream, vector):
        header = FRAMES[vector]["header"]
        self.write(stream, KINDS[header["kind"]], header["flags"], body_of(vector))

    def batch(self):
        """The texts of the next message of a stream, or None: the client says no more."""
        _, _, flags, body = self.receive()
        no_more = flags & textflix.REMOTE_CLOSED
        return None if no_more else textflix.decode("ClassifyRequest", body).texts

    def label(self, stream, texts):
        """The answer to a message of a stream: each text is its own label."""
        body = textflix.encode("ClassifyResponse", {"results": [{"label": t} for t in texts]})
        self.write(stream, textflix.DATA, 0, body)

    def reply(self, stream, method, **fields):
        """A good answer to a request of that method."""
        payload = textflix.encode(method + "Response", fields)
        self._respond(stream, {"payload": payload})

    def refuse(self, stream, code, message):
        """An answer without a time to try again."""
        self._respond(stream, {"status": {"code": code, "message": message}})

    def _respond(self, stream, envelope):
        self.write(stream, KINDS["response"], 0, textflix.encode("Response", envelope))
