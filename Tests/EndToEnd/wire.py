"""Frames and protobuf by hand, so that a test can also say what no client would ever send.

Nothing is checked here: lengths, types and flags are whatever the test asks for. Well-formed calls
are made with the reference client, Protocol/python/textflix.py.
"""

import socket
import struct

REQUEST, RESPONSE, DATA = 1, 2, 3
REMOTE_CLOSED, REMOTE_OPEN, NO_DATA = 1, 2, 4
SERVICE = "textflix.v1.Textflix"
HEADER = struct.Struct(">IIBB")
MAX_BODY = 4 << 20


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """One field: int as varint, str and bytes length-delimited; a list repeats."""
    if isinstance(value, list):
        return b"".join(field(number, each) for each in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(**fields):
    """message(f1="a", f2=[b"b"]) -> bytes"""
    return b"".join(field(int(name[1:]), value) for name, value in fields.items())


def header(length, stream=1, kind=REQUEST, flags=REMOTE_CLOSED):
    return HEADER.pack(length, stream, kind, flags)


def frame(body, stream=1, kind=REQUEST, flags=0):
    return header(len(body), stream, kind, flags) + body


def request(method, payload=b"", stream=1, timeout_ns=0, service=SERVICE, flags=0):
    body = message(f1=service, f2=method, f3=payload)
    return frame(body + (field(4, timeout_ns) if timeout_ns else b""), stream, flags=flags)


WINDOWS = 3  # of Truncation


def classify(*texts, stream=1, model="", priority=0, truncation=0, timeout_ns=0):
    payload = message(f1=model, f2=list(texts)) + b"".join(
        field(number, value) for number, value in ((3, priority), (4, truncation)) if value)
    return request("Classify", payload, stream, timeout_ns)


def fields(data):
    """{number: [values]} of a message; length-delimited values stay bytes."""
    found, position = {}, 0

    def number():
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(data):
        key = number()
        if key & 7 == 0:
            value = number()
        else:
            size = {1: 8, 5: 4}.get(key & 7)
            if size is None:
                size = number()
            value, position = bytes(data[position:position + size]), position + size
        found.setdefault(key >> 3, []).append(value)
    return found


class Answer:
    """A response frame: gRPC code, message, details and payload."""

    def __init__(self, stream, kind, flags, body):
        self.stream, self.kind, self.flags = stream, kind, flags
        envelope = fields(body) if kind == RESPONSE else {}
        status = fields(envelope.get(1, [b""])[0])
        self.code = status.get(1, [0])[0]
        self.message = status.get(2, [b""])[0].decode()
        self.details = status.get(3, [])
        self.payload = envelope.get(2, [b""])[0] if kind == RESPONSE else body

    @property
    def results(self):
        """Of a ClassifyResponse: a fields dictionary a text."""
        return [fields(each) for each in fields(self.payload).get(1, [])]


class Connection:
    """A blocking socket that sends bytes as they are and reads frames."""

    def __init__(self, path, timeout=20):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self.pending = b""
        self.stream = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def read(self):
        """The next frame; None when the daemon has closed the connection."""
        while True:
            if len(self.pending) >= HEADER.size:
                length, stream, kind, flags = HEADER.unpack(self.pending[:HEADER.size])
                end = HEADER.size + length
                if len(self.pending) >= end:
                    body, self.pending = self.pending[HEADER.size:end], self.pending[end:]
                    return Answer(stream, kind, flags, body)
            try:
                more = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.pending += more

    def call(self, data):
        """Sends one frame, its stream renumbered (streams rise on a connection), and reads one."""
        self.stream += 2
        self.send(data[:4] + struct.pack(">I", self.stream) + data[8:])
        return self.read()

    def read_all(self):
        """Every frame until the daemon closes."""
        found = []
        while (answer := self.read()) is not None:
            found.append(answer)
        return found
