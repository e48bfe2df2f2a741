#!/usr/bin/env python3
"""Closed-loop load of N clients on a classifier, ours or a peer over HTTP, and what came of it.

Usage: serve_load.py --vocab FILE (--socket PATH | --port N) [--clients 32] [--seconds 60]
                     [--lengths mixed | N | A-B] [--warm-up S] [--timing]

Each client sends one text, waits for its answer, sends the next. `mixed` lengths are those of
opponents.py (log-normal, 16 to 512 tokens); a number is the length of all, A-B is a range. Texts
are words of the vocabulary, one token each. Prints one JSON line: requests and tokens a second,
latency percentiles in milliseconds, failures, the share of a processor that this program took, and
with --timing the latency beyond computing, by what the server says that it computed.

One thread and one selector for all clients, requests made beforehand, answers only skimmed: the
same few microseconds a request on either wire, since the load shares the machine with the server.
"""

import argparse
import json
import pathlib
import random
import re
import selectors
import socket
import struct
import sys
import time

import opponents

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Protocol" / "python"))
import textflix


def texts_of(vocabulary, lengths):
    """[(text, tokens)], the tokens with [CLS] and [SEP]."""
    words = [word for word in pathlib.Path(vocabulary).read_text().split("\n")
             if word.isalpha() and word.isascii() and word.islower()]
    chooser = random.Random(7)
    if lengths == "mixed":
        counts = opponents.mixed_lengths()
    else:
        first, _, last = str(lengths).partition("-")
        counts = [chooser.randint(int(first), int(last or first)) for _ in range(256)]
    return [(" ".join(chooser.choices(words, k=count - 2)), count) for count in counts]


class Ours:
    """Frames of the Textflix protocol on a Unix socket."""

    family = socket.AF_UNIX

    def __init__(self, path, timing):
        self.address, self.timing = path, timing

    @staticmethod
    def request(text):
        payload = textflix.encode("ClassifyRequest", {"texts": [text]})
        body = textflix.encode("Request", {"service": textflix.SERVICE, "method": "Classify",
                                           "payload": payload})
        return struct.pack(">I", len(body)), b"\x01\x00" + body

    @staticmethod
    def numbered(request, turn):
        """The frame, its stream number put in: odd, and rising on a connection."""
        return request[0] + struct.pack(">I", 2 * turn + 1) + request[1]

    def answer(self, received):
        """None: not whole yet; else (good, nanoseconds of computing or None)."""
        if len(received) < 10 or len(received) < 10 + int.from_bytes(received[:4], "big"):
            return None
        if received[10] != 0x12:  # field 2 is the payload, field 1 a status
            return False, None
        if not self.timing:
            return True, None
        response = textflix.decode("Response", received[10:])
        return True, textflix.decode("ClassifyResponse", response.payload).timing.compute_ns


class OverHTTP:
    """The same question as JSON over HTTP/1.1, keep-alive."""

    family = socket.AF_INET
    length = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
    compute = re.compile(rb'"compute_ns": *(\d+)')

    def __init__(self, port, timing):
        self.address, self.timing = ("127.0.0.1", port), timing

    @staticmethod
    def request(text):
        body = json.dumps({"text": text}).encode()
        return (b"POST /classify HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)) + body

    @staticmethod
    def numbered(request, _):
        return request

    def answer(self, received):
        head, found, body = received.partition(b"\r\n\r\n")
        if not found or len(body) < int(self.length.search(head).group(1)):
            return None
        compute = self.compute.search(body) if self.timing else None
        return b'"probability"' in body, int(compute.group(1)) if compute else None


class Client:
    def __init__(self, wire, number):
        self.wire, self.turn, self.next_text = wire, 0, number
        self.socket = socket.socket(wire.family, socket.SOCK_STREAM)
        self.socket.connect(wire.address)
        if wire.family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received, self.sent, self.tokens = b"", 0.0, 0

    def send(self, requests, step):
        request, self.tokens = requests[self.next_text % len(requests)]
        self.next_text += step
        self.sent = time.monotonic()
        self.socket.sendall(self.wire.numbered(request, self.turn))
        self.turn += 1
        self.received = b""

    def receive(self):
        """What `answer` says of all that came."""
        more = self.socket.recv(1 << 16)
        if not more:
            raise ConnectionError("the server closed the connection")
        self.received += more
        return self.wire.answer(self.received)


class Load:
    def __init__(self, wire, texts, clients, seconds, warm_up):
        self.requests = [(wire.request(text), tokens) for text, tokens in texts]
        self.clients = [Client(wire, number) for number in range(clients)]
        self.seconds, self.warm_up = seconds, warm_up
        self.latencies, self.beyond, self.tokens, self.failures = [], [], 0, 0

    def run(self):
        ready = selectors.DefaultSelector()
        used = time.process_time()
        start = time.monotonic()
        for client in self.clients:
            ready.register(client.socket, selectors.EVENT_READ, client)
            client.send(self.requests, len(self.clients) + 1)
        first, end = start + self.warm_up, start + self.warm_up + self.seconds
        while (now := time.monotonic()) < end:
            for key, _ in ready.select(end - now):
                answer = key.data.receive()
                if answer is not None:
                    self.note(key.data, answer, first)
                    key.data.send(self.requests, len(self.clients) + 1)
        return self.result((time.process_time() - used) / (time.monotonic() - start))

    def note(self, client, answer, first):
        now = time.monotonic()
        if now < first:
            return
        good, compute = answer
        if not good:
            self.failures += 1
            return
        self.latencies.append(now - client.sent)
        self.tokens += client.tokens
        if compute is not None:
            self.beyond.append(now - client.sent - compute / 1e9)

    def result(self, share):
        def percentile(values, part):
            ordered = sorted(values) or [float("nan")]
            return round(1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))], 3)
        result = {"requests_per_second": round(len(self.latencies) / self.seconds, 2),
                  "tokens_per_second": round(self.tokens / self.seconds),
                  "p50_ms": percentile(self.latencies, 0.5),
                  "p99_ms": percentile(self.latencies, 0.99), "failures": self.failures,
                  "generator_share": round(share, 3)}
        if self.beyond:
            result |= {"beyond_p50_ms": percentile(self.beyond, 0.5),
                       "beyond_p99_ms": percentile(self.beyond, 0.99)}
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocab", required=True)
    parser.add_argument("--socket")
    parser.add_argument("--port", type=int)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm-up", type=float, default=6)
    parser.add_argument("--lengths", default="mixed")
    parser.add_argument("--timing", action="store_true")
    options = parser.parse_args()
    if (options.socket is None) == (options.port is None):
        parser.error("one of --socket and --port")
    wire = (OverHTTP(options.port, options.timing) if options.port
            else Ours(options.socket, options.timing))
    texts = texts_of(options.vocab, options.lengths)
    print(json.dumps(Load(wire, texts, options.clients, options.seconds, options.warm_up).run()))


if __name__ == "__main__":
    main()
