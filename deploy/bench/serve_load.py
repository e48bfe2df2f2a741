#!/usr/bin/env python3
"""Closed-loop load of N clients on a classifier, ours or a peer over HTTP, and what came of it.

Usage: serve_load.py --vocab FILE (--socket PATH | --port N) [--clients 32] [--seconds 60]
                     [--median 230]

Each client sends one text, waits for its answer, sends the next. Lengths are those of
opponents.py's mixed workload (log-normal, 16 to 512 tokens), scaled to the median; texts are words
of the vocabulary, one token each. Prints one JSON line: requests and tokens a second, latency
percentiles in milliseconds, failures. Warm-up, a tenth of the time, is not counted.
"""

import argparse
import http.client
import json
import pathlib
import random
import sys
import threading
import time

import opponents

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Protocol" / "python"))
import textflix


def texts_of(vocabulary, median):
    """[(text, tokens)], the tokens with [CLS] and [SEP]."""
    words = [w for w in pathlib.Path(vocabulary).read_text().split("\n") if w.isalpha()
             and w.isascii() and w.islower()]
    chooser = random.Random(7)
    lengths = [min(512, max(3, n * median // 230)) for n in opponents.mixed_lengths()]
    return [(" ".join(chooser.choices(words, k=n - 2)), n) for n in lengths]


def ours(path):
    client = textflix.connect(path, timeout=600)

    def ask(text):
        result = client.classify([text]).results[0]
        if result.code:
            raise RuntimeError(result.error)
        return result.tokens
    return ask


def over_http(port):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def ask(text):
        link.request("POST", "/classify", json.dumps({"text": text}),
                     {"Content-Type": "application/json"})
        answer = link.getresponse()
        json.loads(answer.read())["probability"]
        return None
    return ask


class Load:
    def __init__(self, make, texts, clients, seconds):
        self.make, self.texts, self.clients = make, texts, clients
        self.start = time.monotonic()
        self.counted_from = self.start + seconds / 10
        self.end = self.counted_from + seconds
        self.lock = threading.Lock()
        self.latencies, self.tokens, self.failures = [], 0, 0

    def client(self, number):
        ask, turn = self.make(), number
        while (sent := time.monotonic()) < self.end:
            text, tokens = self.texts[turn % len(self.texts)]
            turn += self.clients + 1
            try:
                ask(text)
                self.note(sent, tokens)
            except Exception as error:  # a load test counts whatever goes wrong
                print(error, file=sys.stderr)
                with self.lock:
                    self.failures += 1
                ask = self.make()

    def note(self, sent, tokens):
        now = time.monotonic()
        if self.counted_from <= now <= self.end:
            with self.lock:
                self.latencies.append(now - sent)
                self.tokens += tokens

    def run(self):
        threads = [threading.Thread(target=self.client, args=(n,)) for n in range(self.clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = self.end - self.counted_from
        ordered = sorted(self.latencies) or [float("nan")]

        def percentile(share):
            return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
        return {"requests_per_second": round(len(self.latencies) / seconds, 2),
                "tokens_per_second": round(self.tokens / seconds),
                "p50_ms": percentile(0.5), "p99_ms": percentile(0.99), "failures": self.failures}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocab", required=True)
    parser.add_argument("--socket")
    parser.add_argument("--port", type=int)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--median", type=int, default=230)
    options = parser.parse_args()
    if (options.socket is None) == (options.port is None):
        parser.error("one of --socket and --port")

    def make():
        return over_http(options.port) if options.port else ours(options.socket)
    texts = texts_of(options.vocab, options.median)
    print(json.dumps(Load(make, texts, options.clients, options.seconds).run()))


main()
