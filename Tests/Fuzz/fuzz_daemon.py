#!/usr/bin/env python3
"""Talks to a live daemon as an enemy would, for so many rounds or so long.

Usage: fuzz_daemon.py [--rounds N | --seconds S] [--seed N] [--threads N]

Each round is one conversation of `hostile.py`; its seed is the first seed plus its number, so
`--rounds 1 --seed N` repeats what failed. Several run at once. $TEXTFLIX_PROGRAMS names the
programs, for example those that `sanitize` builds. What must hold:

    whatever is answered is frames of the protocol: known kinds, bounded, a known code
    of whole requests on rising numbers each has one end, and no other stream has any
    every conversation ends: with its answers, or closed
    the daemon lives, answers as before, has no text and no connection left over, and has not grown
"""

import argparse
import array
import itertools
import os
import pathlib
import re
import socket
import sys
import threading
import time

import hostile  # puts the folder of wire and harness on the path
import wire
from harness import Daemon, random_model, wait_until

PATIENCE = 60  # seconds: for an end of a conversation, also with a sanitizer on a busy machine
CHECK_EVERY = 200  # rounds
GROWTH = 192 << 20  # bytes: sixteen megabytes of output for each of some connections
CODES = range(17)


class Enemy:
    def __init__(self, daemon, first_seed):
        self.daemon, self.first_seed, self.maker = daemon, first_seed, hostile.Maker()
        self.expected = self.answer()
        self.start_bytes = self.private_bytes()
        self.faults, self.answers, self.rounds = [], 0, 0
        self.lock = threading.Lock()

    def round(self, number):
        seed = self.first_seed + number
        try:
            self.hold(self.maker.conversation(seed))
        except AssertionError as error:
            self.faults.append(f"--rounds 1 --seed {seed}: {error}")
        except TimeoutError:
            self.faults.append(f"--rounds 1 --seed {seed}: no end within {PATIENCE} s")

    def hold(self, talk):
        with wire.Connection(self.daemon.socket, timeout=PATIENCE) as connection:
            try:
                for what, data in talk.steps:
                    self.step(connection, what, data)
                connection.half_close()
                frames = connection.read_all()
            except (BrokenPipeError, ConnectionResetError, OSError) as error:
                if isinstance(error, TimeoutError):
                    raise
                return  # closed on us, which is an end
        self.judge(talk, frames)

    @staticmethod
    def step(connection, what, data):
        if what == "send":
            connection.send(data)
        elif what == "half_close":
            connection.half_close()
        elif what == "pause":
            time.sleep(0.01)
        else:
            files = array.array("i", [0, 1])
            connection.socket.sendmsg(
                [data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])

    def judge(self, talk, frames):
        ended = []
        for frame in frames:
            assert frame.kind in (wire.RESPONSE, wire.DATA), f"a frame of kind {frame.kind}"
            assert frame.code in CODES, f"code {frame.code}"
            if frame.kind == wire.RESPONSE or frame.flags & wire.REMOTE_CLOSED:
                ended.append(frame.stream)
        if talk.is_clean:
            assert sorted(ended) == talk.streams, f"{talk.streams} were asked, {ended} ended"
        with self.lock:
            self.answers += len(frames)

    # MARK: the daemon itself

    def answer(self):
        with self.daemon.connect(timeout=PATIENCE) as connection:
            answer = connection.call(wire.classify("the daemon is still there"))
            assert answer is not None and answer.code == 0, answer and answer.message
            return answer.results

    def private_bytes(self):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE).group(1)) << 10

    def left_over(self):
        """Whether nothing is: no text, no connection but the one that asks."""
        queue = wire.fields(self.daemon.status()[6][0])
        return not any(queue.get(number, [0])[0] for number in (1, 2, 3, 4)) and queue[5] == [1]

    def check(self, growth=GROWTH):
        assert self.daemon.process.poll() is None, f"the daemon died:\n{self.daemon.log[-4000:]}"
        assert self.answer() == self.expected, "the same text has another answer"
        wait_until(self.left_over, "no text and no connection is left over", PATIENCE)
        grown = self.private_bytes() - self.start_bytes
        assert grown < growth, f"grown by {grown >> 20} MiB"

    def work(self, numbers, until):
        while not self.faults and self.daemon.process.poll() is None:
            with self.lock:
                number = next(numbers, None)
                self.rounds += number is not None
            if number is None or (until and time.monotonic() > until):
                return
            self.round(number)


def fuzz(daemon, rounds=None, seconds=None, seed=0, threads=4, growth=GROWTH):
    """-> (rounds held, frames answered); raises AssertionError with the seed that failed."""
    enemy = Enemy(daemon, seed)
    until = time.monotonic() + seconds if seconds else None
    numbers = iter(range(rounds)) if rounds else itertools.count()
    while True:
        part = itertools.islice(numbers, CHECK_EVERY)
        before = enemy.rounds
        workers = [threading.Thread(target=enemy.work, args=(part, until))
                   for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not enemy.faults, "\n".join(enemy.faults)
        enemy.check(growth)
        if enemy.rounds == before or (until and time.monotonic() > until):
            return enemy.rounds, enemy.answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--growth", type=int, default=GROWTH >> 20, help="MiB that are allowed")
    options = parser.parse_args()
    options.seconds = options.seconds or (None if options.rounds else 60)
    # A sanitizer's own settings are the caller's.
    passed = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    with Daemon(models={"tiny": random_model()}, environment=passed) as daemon:
        try:
            rounds, answers = fuzz(daemon, options.rounds, options.seconds, options.seed,
                                   options.threads, options.growth << 20)
        except AssertionError as error:
            sys.exit(f"{error}\n{daemon.log[-4000:]}")
        status = daemon.stop()
        if status:
            sys.exit(f"the daemon ended with {status}:\n{daemon.log[-8000:]}")
    print(f"{rounds} conversations, {answers} frames answered, nothing wrong")


if __name__ == "__main__":
    main()
