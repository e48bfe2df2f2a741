"""Hostile and broken bytes: each gets a clear answer or a closed connection, and the daemon lives.

After every test the case checks that the daemon answers as it did before.
"""

import os
import random
import unittest

import wire
from harness import DaemonCase

INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED = 3, 8, 12
CLASSIFY = "Classify"


class BrokenFraming(DaemonCase):
    """What breaks the framing itself closes that connection, and only that one."""

    def test_a_truncated_header_and_close(self):
        for size in range(1, wire.HEADER.size):
            with self.subTest(size=size), self.daemon.connect() as connection:
                connection.send(wire.classify("x")[:size])
                connection.half_close()
                self.assertIsNone(connection.read())

    def test_a_truncated_body_and_close(self):
        whole = wire.classify("a text that never ends")
        for size in (wire.HEADER.size, wire.HEADER.size + 1, len(whole) - 1):
            with self.subTest(size=size), self.daemon.connect() as connection:
                connection.send(whole[:size])
                connection.half_close()
                self.assertIsNone(connection.read())

    def test_an_oversized_length_is_answered_without_its_body(self):
        for length in (wire.MAX_BODY + 1, 1 << 24, (1 << 32) - 1):
            with self.subTest(length=length), self.daemon.connect() as connection:
                connection.send(wire.header(length, stream=7))
                answers = connection.read_all()
                self.assertEqual([answer.stream for answer in answers], [7])
                self.assertEqual(answers[0].code, RESOURCE_EXHAUSTED, answers[0].message)

    def test_other_protocols_are_closed_at_once(self):
        for name, data in {
            "http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "tls": bytes.fromhex("16030100a5010000a10303") + os.urandom(160),
            "text": b"classify this please\n",
        }.items():
            with self.subTest(name), self.daemon.connect(timeout=5) as connection:
                connection.send(data)
                self.assertLessEqual(len(connection.read_all()), 1)

    def test_random_bytes(self):
        source = random.Random(1)
        for _ in range(200):
            with self.daemon.connect(timeout=5) as connection:
                try:
                    connection.send(source.randbytes(source.randrange(1, 2000)))
                    connection.half_close()
                except (BrokenPipeError, ConnectionResetError):
                    pass
                connection.read_all()

    def test_mutated_requests(self):
        """One byte of a good request changed: an answer, or a closed connection, but an end."""
        source = random.Random(2)
        good = wire.classify("mutate me", stream=3)
        for _ in range(300):
            bad = bytearray(good)
            bad[source.randrange(len(bad))] ^= 1 << source.randrange(8)
            with self.daemon.connect(timeout=5) as connection:
                try:
                    connection.send(bytes(bad))
                    connection.half_close()
                except (BrokenPipeError, ConnectionResetError):
                    pass
                connection.read_all()

    def test_streams_of_the_wrong_number(self):
        """Even, or used before: refused on that number, and the connection goes on."""
        with self.daemon.connect() as connection:
            for stream, code in ((2, INVALID_ARGUMENT), (5, 0), (5, INVALID_ARGUMENT),
                                 (3, INVALID_ARGUMENT), (7, 0)):
                connection.send(wire.classify("x", stream=stream))
                answer = connection.read()
                self.assertEqual((answer.stream, answer.code), (stream, code), answer.message)

    def test_unknown_frame_types(self):
        for kind in (0, wire.RESPONSE, 4, 9, 255):
            with self.subTest(kind=kind), self.daemon.connect() as connection:
                connection.send(wire.frame(b"", kind=kind))
                self.assertEqual(connection.read_all(), [], "closed, unanswered")

    def test_data_for_a_stream_that_never_began(self):
        with self.daemon.connect() as connection:
            connection.send(wire.frame(b"x", stream=99, kind=wire.DATA))
            answer = connection.read()
            self.assertEqual((answer.stream, answer.code), (99, INVALID_ARGUMENT), answer.message)


class BrokenRequests(DaemonCase):
    """Whole frames, wrong inside: an error of that request, and the connection goes on."""

    def refused(self, data, code, *words):
        with self.daemon.connect() as connection:
            answer = connection.call(data)
            self.assertIsNotNone(answer, "closed without an answer")
            self.assertEqual(answer.code, code, answer.message)
            for word in words:
                self.assertIn(word, answer.message)
            self.assertEqual(connection.call(wire.classify("y")).code, 0)

    def test_unknown_method(self):
        self.refused(wire.request("Clasify"), UNIMPLEMENTED, "Clasify")

    def test_unknown_service(self):
        self.refused(wire.request(CLASSIFY, service="textflix.v9.Textflix"), UNIMPLEMENTED,
                     "textflix.v9.Textflix")

    def test_wrong_protobuf_types(self):
        for name, payload in {
            "texts as a varint": wire.field(2, 7),
            "model as fixed32": b"\x0d\x01\x02\x03\x04",
            "priority as bytes": wire.field(3, b"bulk"),
        }.items():
            with self.subTest(name):
                self.refused(wire.request(CLASSIFY, payload), INVALID_ARGUMENT)

    def test_protobuf_that_ends_early(self):
        payload = wire.message(f2=["a text"])
        for cut in (payload[:-1], payload[:1], b"\x12\xff\xff\xff\xff\x0f", b"\xff" * 12):
            with self.subTest(cut.hex()):
                self.refused(wire.request(CLASSIFY, cut), INVALID_ARGUMENT)

    def test_an_envelope_that_is_no_protobuf(self):
        self.refused(wire.frame(b"\xff\xff\xff\xff"), INVALID_ARGUMENT)

    def test_an_empty_envelope(self):
        self.refused(wire.frame(b""), UNIMPLEMENTED)

    def test_unknown_fields_are_skipped(self):
        payload = wire.message(f2=["x"], f99="later", f100=7)
        with self.daemon.connect() as connection:
            self.assertEqual(connection.call(wire.request(CLASSIFY, payload)).code, 0)

    def test_an_unknown_model(self):
        self.refused(wire.classify("x", model="no-such"), 5, "no-such")
        self.assertNotIn("no-such", self.daemon.log, "whatever a client calls a model is its own")

    def test_too_many_texts(self):
        self.refused(wire.classify(*["x"] * 1025), INVALID_ARGUMENT, "1024")


if __name__ == "__main__":
    unittest.main()
