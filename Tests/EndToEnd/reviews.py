#!/usr/bin/env python3
"""Classifies the 5,000 IMDB test reviews through daemon and client, and says what came of it.

Usage: Tests/EndToEnd/reviews.py [--model DIR] [--threads N] [--precision P] [--data FILE]
The default model is the one deploy/get-model lays down; FILE is imdb-test-5k.jsonl.gz of
$TEXTFLIX_SHARED/data or ../shared/data. Three runs: one client (order, accuracy, calibration,
tokens a second), two clients at once (the same answers), and SIGTERM in the middle (everything that
was answered is right, the client says what is missing). Exit code 1 when one of them is not so.
"""

import argparse
import concurrent.futures
import gzip
import json
import os
import pathlib
import signal
import sys
import time

import harness

BINS = 15


def reviews_file():
    shared = pathlib.Path(os.environ.get("TEXTFLIX_SHARED", harness.ROOT.parent / "shared"))
    return shared / "data" / "imdb-test-5k.jsonl.gz"


def classify(daemon, path):
    """-> (rows, seconds)"""
    began = time.monotonic()
    answer = daemon.control("classify", "--jsonl", "--file", path, "--format", "jsonl",
                            timeout=3600)
    seconds = time.monotonic() - began
    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    return answer, rows, seconds


def expected_calibration_error(rows, right):
    bins = [[] for _ in range(BINS)]
    for row, hit in zip(rows, right):
        bins[min(int(row["probability"] * BINS), BINS - 1)].append((row["probability"], hit))
    return sum(abs(sum(p - hit for p, hit in each)) for each in bins) / len(rows)


def one_client(daemon, path, reviews):
    answer, rows, seconds = classify(daemon, path)
    assert answer.returncode == 0, answer.stderr
    assert [row["id"] for row in rows] == [review["id"] for review in reviews], "the order"
    right = [row["label"] == review["label"] for row, review in zip(rows, reviews)]
    tokens = sum(row["tokens"] for row in rows)
    print(f"{len(rows)} reviews in order: accuracy {sum(right) / len(right):.4f},"
          f" ECE {expected_calibration_error(rows, right):.4f};"
          f" {tokens} tokens in {seconds:.1f} s: {tokens / seconds:,.0f} tokens/s,"
          f" {sum(row['truncated'] for row in rows)} truncated")
    return rows


def two_clients(daemon, path, rows):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda _: classify(daemon, path), range(2)))
        seconds = time.monotonic() - began
    assert all(other == rows for _, other, _ in answers), "the same answers"
    tokens = 2 * sum(row["tokens"] for row in rows)
    print(f"two clients at once: the same answers, {tokens / seconds:,.0f} tokens/s together")


def terminated(daemon, path, rows):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(classify, daemon, path)
        time.sleep(3)
        daemon.signal(signal.SIGTERM)
        answer, answered, _ = running.result()
    code = daemon.process.wait(timeout=60)
    assert code == 0, f"the daemon ended with {code}: {daemon.log}"
    known = {row["id"]: row for row in rows}
    good = [row for row in answered if "label" in row and "error" not in row]
    assert all(row == known[row["id"]] for row in good), "what was answered is right"
    assert len(good) == len(rows) or answer.returncode != 0, "the client must say it"
    print(f"SIGTERM in the middle: {len(good)} answered, all right; daemon exit 0, client exit"
          f" {answer.returncode}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2].removeprefix("Usage: "))
    parser.add_argument("--model", type=pathlib.Path, default=harness.default_model())
    parser.add_argument("--threads", default="2")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--data", type=pathlib.Path, default=reviews_file())
    arguments = parser.parse_args()
    for what, needed in (("the reviews", arguments.data), ("the model", arguments.model)):
        if needed is None or not needed.exists():
            print(f"SKIPPED: reviews: {what}: {needed} is not there")
            return 0
    path = harness.scratch() / "reviews.jsonl"
    path.write_bytes(gzip.decompress(arguments.data.read_bytes()))
    reviews = [json.loads(line) for line in path.read_text().split("\n") if line]
    with harness.Daemon("--threads", arguments.threads, "--precision", arguments.precision,
                        models={"m": arguments.model}) as daemon:
        rows = one_client(daemon, path, reviews)
        two_clients(daemon, path, rows)
        terminated(daemon, path, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
