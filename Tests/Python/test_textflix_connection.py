"""Protocol/python's client after the daemon has closed its connection: the next request makes one.

Usage: python3 -m unittest Tests/Python/test_textflix_connection.py
"""

import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from fake_daemon import FakeDaemon, textflix  # noqa: E402


class ConnectedAnew(unittest.TestCase):
    @staticmethod
    def refuse(peer):
        """One connection too many: told so on stream 1, unasked, and closed."""
        peer.send(1, "error-queue-full")

    @staticmethod
    def answer(peer):
        peer.send(peer.request()[0], "classify-response")

    def codes(self, client, count):
        """What so many requests fail with, None for an answer; it waits as errors tell it to."""
        found = []
        for _ in range(count):
            try:
                client.classify("a")
                found.append(None)
            except textflix.Error as error:
                found.append(error.code.name)
                time.sleep(error.retry_after or 0)
        return found

    @staticmethod
    def wait_for_the_end(client):
        """Of its connection."""
        while client._is_alive():
            time.sleep(0.01)

    def test_after_being_turned_away(self):
        with (FakeDaemon(self.refuse, self.refuse, self.answer) as daemon,
              textflix.connect(daemon.path) as client):
            self.assertEqual(self.codes(client, 3),
                             ["RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", None])

    def test_after_a_restart(self):
        def both(peer):
            peer.receive()
            peer.receive()
        with (FakeDaemon(both, self.answer) as daemon,
              textflix.connect(daemon.path) as client):
            first, second = client.start("Status"), client.start("Status")
            for call in (first, second):
                with self.assertRaises(textflix.Error) as caught:
                    call.result()
                self.assertEqual(caught.exception.code, textflix.Code.UNAVAILABLE)
            self.assertEqual(self.codes(client, 1), [None])

    def test_when_it_was_idle(self):
        with (FakeDaemon(lambda peer: None, self.answer) as daemon,
              textflix.connect(daemon.path) as client):
            self.wait_for_the_end(client)
            self.assertEqual(self.codes(client, 1), [None])

    def test_a_stream_that_broke_takes_no_part_in_it(self):
        """Its numbers name nothing on the next connection."""
        received = []

        def first(peer):
            stream, _ = peer.request()
            peer.receive()
            peer.send(stream, "stream-answer")

        def second(peer):
            while frame := peer.receive():
                received.append(frame[:2])
                if frame[1] == textflix.REQUEST:
                    peer.send(frame[0], "classify-response")
        with (FakeDaemon(first, second) as daemon, textflix.connect(daemon.path) as client):
            stream = client.classify_stream([["a"], ["b"], ["c"]], window=1)
            next(stream)
            self.wait_for_the_end(client)
            self.assertEqual(self.codes(client, 1), [None])
            with self.assertRaises(textflix.Error) as caught:
                next(stream)
            self.assertEqual(caught.exception.code, textflix.Code.UNAVAILABLE)
        self.assertEqual(received[0], (3, textflix.REQUEST))
        self.assertEqual([kind for stream, kind in received if stream > 1], [textflix.REQUEST])

    def test_not_where_nobody_listens_any_more(self):
        with FakeDaemon(self.answer) as daemon, textflix.connect(daemon.path) as client:
            self.assertEqual(self.codes(client, 1), [None])
            daemon.thread.join(10)
            with self.assertRaises(textflix.Error) as caught:
                client.classify("a")
            self.assertEqual(caught.exception.code, textflix.Code.UNAVAILABLE)
            self.assertIn(daemon.path, caught.exception.message)


if __name__ == "__main__":
    unittest.main()
