"""ClassifyStream of Protocol/python's client over connections that break: it is opened anew.

Usage: python3 -m unittest Tests/Python/test_textflix_resuming.py
"""

import pathlib
import sys
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from fake_daemon import FakeDaemon, textflix  # noqa: E402

BATCHES = [["a"], ["b"], ["c"], ["d"]]


class Scripts:
    """Scripts for a FakeDaemon, which keep what they received in `seen`, a list a stream."""

    def __init__(self):
        self.seen, self.numbers, self.times = [], [], []

    def open(self, peer):
        stream, request = peer.request()
        assert request.method == "ClassifyStream", request.method
        self.seen.append([])
        self.numbers.append(stream)
        self.times.append(request.timeout_nano)
        return stream

    def take(self, peer):
        if texts := peer.batch():
            self.seen[-1].append(texts)
        return texts

    def answer_some(self, count, then):
        """Receives that many batches, and answers them, then receives `then` more."""
        def script(peer):
            stream = self.open(peer)
            for texts in [self.take(peer) for _ in range(count)]:
                peer.label(stream, texts)
            for _ in range(then):
                self.take(peer)
        return script

    def answer_all(self, peer):
        stream = self.open(peer)
        while texts := self.take(peer):
            peer.label(stream, texts)
        peer.send(stream, "stream-end")

    def refuse(self, vector):
        def script(peer):
            stream = self.open(peer)
            self.take(peer)
            peer.send(stream, vector)
        return script


class Resumed(unittest.TestCase):
    def labels(self, scripts, **options):
        with FakeDaemon(*scripts) as daemon, textflix.connect(daemon.path) as client:
            return [answer.results[0].label
                    for answer in client.classify_stream(BATCHES, **options)]

    def test_with_what_is_not_answered(self):
        for window in (1, 2, 3):
            scripts = Scripts()
            found = self.labels([scripts.answer_some(1, window), scripts.answer_all], window=window)
            self.assertEqual(found, list("abcd"))
            self.assertEqual(scripts.seen[1], BATCHES[1:])

    def test_not_with_what_is_answered_and_not_yet_taken(self):
        scripts = Scripts()
        found = self.labels([scripts.answer_some(3, 0), scripts.answer_all], window=3)
        self.assertEqual(found, list("abcd"))
        self.assertEqual(scripts.seen, [BATCHES[:3], BATCHES[3:]])

    def test_when_the_client_has_connected_anew_for_another_request(self):
        scripts = Scripts()

        def second(peer):
            peer.send(peer.request()[0], "classify-response")
            scripts.answer_all(peer)
        with (FakeDaemon(scripts.answer_some(1, 0), second) as daemon,
              textflix.connect(daemon.path) as client):
            stream = client.classify_stream(BATCHES, window=1)
            labels = [next(stream).results[0].label]
            while client._is_alive():
                time.sleep(0.01)
            self.assertEqual(len(client.classify("z").results), 1)
            labels += [answer.results[0].label for answer in stream]
        self.assertEqual(labels, list("abcd"))
        self.assertEqual(scripts.seen, [BATCHES[:1], BATCHES[1:]])
        self.assertEqual(scripts.numbers, [1, 5])  # Of the request between them: 3.

    def test_as_often_as_there_is_progress(self):
        scripts = Scripts()
        each = [scripts.answer_some(1, 0)] * 3 + [scripts.answer_all]
        self.assertEqual(self.labels(each, window=2), list("abcd"))

    def test_when_a_busy_daemon_says(self):
        """On the same connection, as one that is busy need not close it."""
        scripts = Scripts()

        def script(peer):
            scripts.refuse("error-queue-full")(peer)
            scripts.answer_all(peer)
        began = time.monotonic()
        self.assertEqual(self.labels([script], window=1), list("abcd"))
        self.assertGreater(time.monotonic() - began, 0.25)
        self.assertEqual(scripts.seen, [BATCHES[:1], BATCHES])

    def test_in_the_time_that_is_left(self):
        scripts = Scripts()
        found = self.labels([scripts.answer_some(1, 1), scripts.answer_all], timeout=20, window=2)
        self.assertEqual(found, list("abcd"))
        self.assertLess(scripts.times[1], scripts.times[0])
        self.assertGreater(scripts.times[1], 10e9)

    def test_not_after_the_last_answer(self):
        scripts = Scripts()
        found = self.labels([scripts.answer_some(len(BATCHES), 1)])
        self.assertEqual(found, list("abcd"))


class GivenUp(unittest.TestCase):
    def failure(self, client, answers=0, **options):
        """The error that ends a stream after so many answers, and how long that took."""
        began, stream = time.monotonic(), client.classify_stream(BATCHES, **options)
        for _ in range(answers):
            next(stream)
        with self.assertRaises(textflix.Error) as caught:
            next(stream)
        return caught.exception, time.monotonic() - began

    def test_when_patience_ends(self):
        with (FakeDaemon(Scripts().answer_some(1, 1)) as daemon,
              textflix.connect(daemon.path) as client,
              unittest.mock.patch.object(textflix, "PATIENCE", 0.3)):
            error, seconds = self.failure(client, answers=1, window=2)
            self.assertEqual(error.code, textflix.Code.UNAVAILABLE)
            self.assertIn(daemon.path, error.message)
            self.assertGreater(seconds, 0.1)
            self.assertLess(seconds, 5)

    def test_when_its_own_time_ends(self):
        with (FakeDaemon(Scripts().answer_some(1, 1)) as daemon,
              textflix.connect(daemon.path) as client):
            error, seconds = self.failure(client, answers=1, window=2, timeout=0.3)
            self.assertEqual(error.code, textflix.Code.UNAVAILABLE)
            self.assertLess(seconds, 5)

    def test_at_once_without_a_path(self):
        with (FakeDaemon(Scripts().answer_some(1, 1)) as daemon,
              textflix.Client(textflix._link(daemon.path)) as client):
            error, seconds = self.failure(client, answers=1, window=2)
            self.assertEqual(error.code, textflix.Code.UNAVAILABLE)
            self.assertLess(seconds, 5)

    def test_at_once_where_the_first_stream_cannot_be_opened(self):
        with FakeDaemon(lambda peer: None) as daemon, textflix.connect(daemon.path) as client:
            daemon.thread.join(10)
            self.assertLess(self.failure(client)[1], 5)

    def test_at_once_with_what_will_not_pass(self):
        with (FakeDaemon(Scripts().refuse("error-not-found")) as daemon,
              textflix.connect(daemon.path) as client):
            self.assertEqual(self.failure(client)[0].code, textflix.Code.NOT_FOUND)


if __name__ == "__main__":
    unittest.main()
