"""What Protocol/python's client sends has left it when the caller goes on, or ends the connection.

Usage: python3 -m unittest Tests/Python/test_textflix_sending.py

The texts here are larger than the buffers of a socket.
"""

import pathlib
import sys
import threading
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from fake_daemon import FakeDaemon, textflix  # noqa: E402

LARGE = "a" * (1 << 20)


class FramesInHand(unittest.TestCase):
    def setUp(self):
        self.whole = threading.Event()

    def test_are_sent_before_start_returns(self):
        def script(peer):
            time.sleep(0.1)
            stream, _ = peer.request()
            self.whole.set()
            peer.send(stream, "classify-response")
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            call = client.start("Classify", texts=[LARGE])
            self.assertTrue(self.whole.wait(5), "half a frame is left")
            self.assertEqual(len(call.result().results), 1)

    def test_are_sent_before_a_stream_yields(self):
        def script(peer):
            stream, _ = peer.request()
            peer.batch()
            peer.label(stream, ["first"])
            time.sleep(0.1)
            peer.batch()
            self.whole.set()
            peer.label(stream, ["second"])
            peer.receive()
            peer.send(stream, "stream-end")
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            stream = client.classify_stream([[LARGE], [LARGE]], window=2)
            labels = [next(stream).results[0].label]
            self.assertTrue(self.whole.wait(5), "half a frame is left")
            labels += [answer.results[0].label for answer in stream]
        self.assertEqual(labels, ["first", "second"])

    def test_wait_for_no_daemon_that_waits_for_its_answers_to_be_read(self):
        def script(peer):
            first, _ = peer.request()
            peer.reply(first, "Classify", results=[{"label": LARGE}] * 3)  # Before it reads on.
            second, _ = peer.request()
            peer.reply(second, "Classify", results=[{"label": "second"}])
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            calls = [client.start("Classify", texts=texts) for texts in (["a"], [LARGE] * 3)]
            self.assertEqual([len(call.result().results) for call in calls], [3, 1])

    def test_of_what_was_cancelled_the_connection_takes_along(self):
        """Cancel does not wait for a daemon that hangs, and leaves no half frame."""
        released, received = threading.Event(), []

        def hang(peer):
            peer.receive()
            released.wait(10)
            while frame := peer.receive():
                received.append(frame[1])

        def answer(peer):
            peer.send(peer.request()[0], "classify-response")
        with FakeDaemon(hang, answer) as daemon, textflix.connect(daemon.path) as client:
            with unittest.mock.patch.object(textflix, "GRACE_SECONDS", 0.05):
                call = client.start("Status")
                client._outgoing += bytes(1 << 20)  # As of a frame that Control-C interrupted.
                call.cancel()
            released.set()
            self.assertEqual(len(client.classify("a").results), 1)


class ADaemonThatHangs(unittest.TestCase):
    def test_gets_nothing_of_a_request_whose_time_is_over(self):
        released, received = threading.Event(), []

        def hang(peer):
            released.wait(10)
            while frame := peer.receive():
                received.append(len(frame[3]))

        def answer(peer):
            peer.send(peer.request()[0], "classify-response")
        with FakeDaemon(hang, answer) as daemon, textflix.connect(daemon.path) as client:
            with unittest.mock.patch.object(textflix, "GRACE_SECONDS", 0):
                waiting = client.start("Status")
                with self.assertRaises(textflix.Error) as caught:
                    client.start("Classify", timeout=0.05, texts=[LARGE])
            self.assertEqual(caught.exception.code, textflix.Code.DEADLINE_EXCEEDED)
            self.assertEqual(len(client._outgoing), 0)
            with self.assertRaises(textflix.Error) as caught:
                waiting.result()
            self.assertEqual(caught.exception.code, textflix.Code.UNAVAILABLE)
            released.set()
            self.assertEqual(len(client.classify("a").results), 1)
        self.assertEqual([size for size in received if size > len(LARGE)], [])


if __name__ == "__main__":
    unittest.main()
