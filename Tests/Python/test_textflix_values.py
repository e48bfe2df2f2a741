"""What Protocol/python's client takes as a text, a time and a window, and what its errors carry.

Usage: python3 -m unittest Tests/Python/test_textflix_values.py
"""

import copy
import pathlib
import pickle
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from fake_daemon import FakeDaemon, textflix  # noqa: E402

METHODS = ("classify", "embed", "tag", "tokenize")


class Echo:
    """A script that answers every request with nothing, and keeps them in `seen`."""

    def __init__(self):
        self.seen = []

    def __call__(self, peer):
        while frame := peer.receive():
            request = textflix.decode("Request", frame[3])
            self.seen.append(request)
            if request.method != "ClassifyStream":
                peer.reply(frame[0], request.method)


class Texts(unittest.TestCase):
    def asked(self, ask):
        """The payloads of the requests that `ask(client)` makes."""
        echo = Echo()
        with FakeDaemon(echo) as daemon, textflix.connect(daemon.path) as client:
            ask(client)
        return [request.payload for request in echo.seen]

    def test_a_lone_surrogate_is_left_to_the_daemon(self):
        """Which fails that text, as no UTF-8, and no other."""
        payloads = self.asked(lambda client: client.classify(["good", "bad \ud83d!", "film"]))
        self.assertEqual(payloads, [textflix.encode(
            "ClassifyRequest", {"texts": [b"good", b"bad \xed\xa0\xbd!", b"film"]})])

    def test_no_other_string_may_have_one(self):
        with FakeDaemon(Echo()) as daemon, textflix.connect(daemon.path) as client:
            with self.assertRaises(UnicodeEncodeError):
                client.classify("a", model="\ud83d")

    def test_bytes_of_every_kind_are_one_text(self):
        for text in (b"film", bytearray(b"film"), memoryview(b"film")):
            payloads = self.asked(lambda client, text=text: [
                getattr(client, method)(text) for method in METHODS]
                + [client.start("Classify", texts=text).result(), client.explain(text)])
            expected = [textflix.encode(method.capitalize() + "Request", {"texts": ["film"]})
                        for method in (*METHODS, "classify")]
            expected.append(textflix.encode("ExplainRequest", {"text": "film"}))
            self.assertEqual(payloads, expected)

    def test_nothing_else_is_a_text_and_its_place_is_named(self):
        def ask(client):
            for other in (3, None, 0.5, float("nan"), ["nested"], True):
                name = type(other).__name__
                for method in METHODS:
                    with self.assertRaisesRegex(TypeError, rf"^texts\[1\] .* {name}$"):
                        getattr(client, method)(["a", other])
                with self.assertRaisesRegex(TypeError, "^text is "):
                    client.explain(other)
                with self.assertRaisesRegex(TypeError, rf"^texts\[1\] .* {name}$"):
                    next(client.classify_stream([["a", other]]))
            with self.assertRaisesRegex(TypeError, "^model is "):
                client.classify("a", model=3)
            client.status()
        # Of each stream its opening and its Cancel, and the status.
        self.assertEqual(len(self.asked(ask)), 2 * 6 + 1)


class Errors(unittest.TestCase):
    def test_arrive_whole_in_another_process(self):
        error = textflix.Error(textflix.Code.RESOURCE_EXHAUSTED, "the queue is full", 0.25)
        for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            self.assertEqual((other.code, other.message, other.retry_after, str(other)),
                             (error.code, error.message, error.retry_after, str(error)))


class Times(unittest.TestCase):
    def test_that_no_int64_holds_are_the_longest_that_does(self):
        echo = Echo()
        with FakeDaemon(echo) as daemon, textflix.connect(daemon.path) as client:
            for timeout in (1e9, 1e10, 1e300, float("inf"), None):
                client.status(timeout=timeout)
        self.assertEqual([request.timeout_nano for request in echo.seen],
                         [10 ** 18, 2 ** 63 - 1, 2 ** 63 - 1, 0, 0])

    def test_of_a_stream_too(self):
        times = []

        def script(peer):
            for _ in range(2):
                stream, request = peer.request()
                times.append(request.timeout_nano)
                peer.receive()
                peer.send(stream, "stream-end")
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            for timeout in (1e10, float("inf")):
                self.assertEqual(list(client.classify_stream([], timeout=timeout)), [])
        self.assertEqual(times, [2 ** 63 - 1, 0])

    def test_that_are_no_number_are_refused(self):
        with FakeDaemon(Echo()) as daemon, textflix.connect(daemon.path) as client:
            with self.assertRaises(ValueError):
                client.status(timeout=float("nan"))


class Windows(unittest.TestCase):
    def test_without_room_for_a_batch_are_refused_at_once(self):
        with FakeDaemon(Echo()) as daemon, textflix.connect(daemon.path) as client:
            for window in (0, -1):
                with self.assertRaisesRegex(ValueError, f"a window of {window};"):
                    client.classify_stream([["a"]], window=window)


if __name__ == "__main__":
    unittest.main()
