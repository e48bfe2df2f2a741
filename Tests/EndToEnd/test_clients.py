"""Clients that behave oddly: half-closed, killed, slow, deaf, or very many.

The others never notice.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import resource
import struct
import time
import unittest

import wire
from harness import ROOT, DaemonCase, wait_until

RESOURCE_EXHAUSTED = 8
UNITS = {"s": 1, "a second": 1, "at once": 1, "MiB": 1 << 20}
# "| `name` | 1,000 units | ..."
DEFAULT = re.compile(rf"^\| `([a-z_]+)` \| ([\d.,]+) ({'|'.join(UNITS)}) \|", re.MULTILINE)


class Clients(DaemonCase):
    arguments = ("--threads", "2")

    def test_half_close_still_gets_the_answers(self):
        with self.daemon.connect() as connection:
            connection.send(b"".join(wire.classify(f"text {number}", stream=2 * number + 1)
                                     for number in range(50)))
            connection.half_close()
            answers = connection.read_all()
        self.assertEqual(sorted(answer.stream for answer in answers), list(range(1, 100, 2)))
        self.assertEqual({answer.code for answer in answers}, {0})

    def test_a_client_that_leaves_is_forgotten(self):
        for _ in range(20):
            with self.daemon.connect() as connection:
                connection.send(b"".join(
                    wire.classify("long text " * 50, stream=2 * number + 1)
                    for number in range(100)))
        wait_until(lambda: self.connections() == 1, "the connections are gone")

    def connections(self):
        """Of now, the asking one included."""
        return wire.fields(self.daemon.status()[6][0]).get(5, [0])[0]

    def test_one_byte_at_a_time(self):
        with self.daemon.connect() as connection:
            for byte in wire.classify("slowly, but surely"):
                connection.send(bytes([byte]))
                time.sleep(0.001)
            self.assertEqual(connection.read().code, 0)

    def test_many_frames_in_one_write(self):
        with self.daemon.connect() as connection:
            connection.send(b"".join(wire.request("Status", stream=2 * number + 1)
                                     for number in range(500)))
            streams = [connection.read().stream for _ in range(500)]
        self.assertEqual(sorted(streams), list(range(1, 1000, 2)))

    def test_the_contract_names_the_defaults(self):
        told = {name: float(number.replace(",", "")) * UNITS[unit] for name, number, unit
                in DEFAULT.findall((ROOT / "Protocol" / "README.md").read_text())}
        limits = map(wire.fields, wire.fields(self.daemon.status()[7][0])[12])
        found = {limit[1][0].decode(): struct.unpack("<d", limit.get(2, [bytes(8)])[0])[0]
                 for limit in limits}
        self.assertGreater(len(told), 10)
        self.assertEqual(told, {name: found.get(name) for name in told})

    def test_every_split_of_a_frame(self):
        size = len(wire.classify("cut me anywhere"))
        with self.daemon.connect() as connection:
            for cut in range(1, size):
                data = wire.classify("cut me anywhere", stream=2 * cut + 1)
                connection.send(data[:cut])
                connection.send(data[cut:])
                self.assertEqual(connection.read().code, 0)

    def test_a_client_that_never_reads_is_bounded(self):
        """It is held back or closed; the daemon's memory does not grow with what it asks."""
        before = self.private_bytes()
        with self.daemon.connect(timeout=1) as deaf:
            request = wire.request("Tokenize", wire.message(f2=["many words " * 2000] * 20))
            try:
                for _ in range(400):
                    deaf.send(request)
            except (TimeoutError, BrokenPipeError, ConnectionResetError):
                pass
            self.assertEqual(self.answer(), self.expected)
            self.assertLess(self.private_bytes() - before, 256 << 20)

    def private_bytes(self):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE).group(1)) << 10

    def test_a_thousand_idle_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
        before = self.private_bytes()
        idle = [self.daemon.connect() for _ in range(1000)]
        try:
            self.assertEqual(self.answer(), self.expected)
            self.assertLess((self.private_bytes() - before) / 1000, 16 << 10, "bytes a connection")
        finally:
            for connection in idle:
                connection.socket.close()
        wait_until(lambda: self.connections() == 1, "the connections are gone")

    def test_a_client_without_a_descriptor_is_told(self):
        """The daemon has as many as it may; of one client it hears, and counts it."""
        process = self.daemon.process.pid
        limits = resource.prlimit(process, resource.RLIMIT_NOFILE)
        before = self.daemon.counters().get("textflix_connections_refused_total", 0)
        with contextlib.ExitStack() as stack:
            watcher = stack.enter_context(self.daemon.connect())
            wait_until(lambda: self.connections_seen_by(watcher) == 1, "the others are gone")
            # Numbers are given out from below: none is left free under the last.
            while len(used := self.descriptors(process)) <= max(used):
                self.assertEqual(
                    stack.enter_context(self.daemon.connect()).call(wire.request("Status")).code, 0)
            resource.prlimit(process, resource.RLIMIT_NOFILE, (len(used), limits[1]))
            stack.callback(resource.prlimit, process, resource.RLIMIT_NOFILE, limits)
            with self.daemon.connect() as connection:
                answer = connection.read()
                self.assertEqual((answer.stream, answer.code), (1, RESOURCE_EXHAUSTED))
                self.assertIsNone(connection.read())
        after = wait_until(self.daemon.counters, "it accepts again")
        self.assertEqual(after["textflix_connections_refused_total"], before + 1)

    @staticmethod
    def connections_seen_by(connection):
        status = wire.fields(connection.call(wire.request("Status")).payload)
        return wire.fields(status[6][0])[5][0]

    @staticmethod
    def descriptors(process):
        return [int(name) for name in os.listdir(f"/proc/{process}/fd")]

    def test_two_clients_at_once(self):
        def ask(seed):
            texts = [f"client {seed} text {number} " * 3 for number in range(300)]
            with self.daemon.connect() as connection:
                alone = [connection.call(wire.classify(text)).results[0] for text in texts[:20]]
                many = connection.call(wire.classify(*texts)).results
                return many[:20] == alone and len(many) == 300

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            self.assertEqual(list(pool.map(ask, range(2))), [True, True])


if __name__ == "__main__":
    unittest.main()
