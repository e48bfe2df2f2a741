#!/usr/bin/env python3
"""Clients that misbehave, or only ask for much, until they are ended.

Usage: crowd.py KIND SOCKET [--user ID]

    deaf    sends requests on 4 connections and never reads an answer
    slow    the same, and reads a byte a second
    flood   sends requests on 8 connections as fast as they are taken, and reads what comes
    queue   keeps 1000 single texts waiting: 5 connections, 200 requests each

What the daemon closes is opened again. `--user` changes to that user first. Prints nothing; what
the others notice of it is measured by load.py.
"""

import argparse
import os
import pathlib
import selectors
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Protocol" / "python"))
import textflix

TEXT = "a film about people who ask for more than anybody could ever give them " * 2


class Stranger:
    """One connection: what it sends next, and how it reads."""

    def __init__(self, path, texts, most=None, reads=1 << 16):
        self.path, self.most, self.reads = path, most, reads
        payload = textflix.encode("ClassifyRequest", {"texts": [TEXT] * texts})
        self.body = b"\x01\x00" + textflix.encode(
            "Request", {"service": textflix.SERVICE, "method": "Classify", "payload": payload})
        self.head = struct.pack(">I", len(self.body) - 2)
        self.open()

    def open(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(self.path)
        self.socket.setblocking(False)
        self.stream, self.under_way, self.unsent, self.rest = -1, 0, b"", b""

    def fileno(self):
        return self.socket.fileno()

    @property
    def wants_to_send(self):
        return bool(self.unsent) or self.most is None or self.under_way < self.most

    def send(self):
        if not self.unsent:
            count = 64 if self.most is None else self.most - self.under_way
            frames = []
            for _ in range(count):
                self.stream += 2
                frames.append(self.head + struct.pack(">I", self.stream) + self.body)
            self.unsent = b"".join(frames)
            self.under_way += count
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent):]
        except BlockingIOError:
            pass

    def receive(self):
        data = self.socket.recv(self.reads)
        if not data:
            raise ConnectionError
        if self.most is None:
            return
        self.rest += data
        while len(self.rest) >= 10:
            end = 10 + int.from_bytes(self.rest[:4], "big")
            if len(self.rest) < end:
                return
            self.rest = self.rest[end:]
            self.under_way -= 1


def crowd(kind, path):
    """-> the strangers, and the seconds between two reads of each; None: never, 0: always."""
    if kind == "flood":
        return [Stranger(path, 1) for _ in range(8)], 0
    if kind == "queue":
        return [Stranger(path, 1, most=200) for _ in range(5)], 0
    return [Stranger(path, 16, reads=1) for _ in range(4)], 1 if kind == "slow" else None


def turn(stranger, events, may_read):
    try:
        if may_read and events & selectors.EVENT_READ:
            stranger.receive()
        if events & selectors.EVENT_WRITE:
            stranger.send()
        return True
    except (ConnectionError, OSError):
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=("deaf", "slow", "flood", "queue"))
    parser.add_argument("socket")
    parser.add_argument("--user", type=int)
    options = parser.parse_args()
    if options.user:
        os.setgroups([])
        os.setresgid(options.user, options.user, options.user)
        os.setresuid(options.user, options.user, options.user)
    strangers, pause = crowd(options.kind, options.socket)
    read_at = time.monotonic()
    while True:
        ready = selectors.DefaultSelector()
        may_read = pause == 0 or (pause and time.monotonic() >= read_at)
        if may_read and pause:
            read_at += pause
        for stranger in strangers:
            events = (selectors.EVENT_READ if may_read else 0) | (
                selectors.EVENT_WRITE if stranger.wants_to_send else 0)
            if events:
                ready.register(stranger, events)
        found = ready.select(0.1) if ready.get_map() else time.sleep(0.1) or []
        for key, events in found:
            if not turn(key.fileobj, events, may_read):
                key.fileobj.socket.close()
                time.sleep(0.05)
                key.fileobj.open()
        ready.close()


if __name__ == "__main__":
    main()
