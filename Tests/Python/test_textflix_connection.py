"""Protocol/python's client where its connection is gone, worn or another process's: it makes one.

Usage: python3 -m unittest Tests/Python/test_textflix_connection.py
"""

import os
import pathlib
import select
import sys
import threading
import time
import unittest
import unittest.mock
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from fake_daemon import FakeDaemon, textflix  # noqa: E402


def answer(peer):
    peer.send(peer.request()[0], "classify-response")


def wait_for_the_end(client):
    """Of its connection, without reading."""
    poll = select.poll()
    poll.register(client._link, 0)
    while not poll.poll(1000):
        pass


class ConnectedAnew(unittest.TestCase):
    @staticmethod
    def refuse(peer):
        """One connection too many: told so on stream 1, unasked, and closed."""
        peer.send(1, "error-queue-full")

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

    def failure(self, call):
        with self.assertRaises(textflix.Error) as caught:
            call.result()
        return caught.exception.code.name

    def test_after_being_turned_away(self):
        """What was said before anything was asked is no answer to what is asked now."""
        with (FakeDaemon(self.refuse, self.refuse, self.refuse, answer) as daemon,
              textflix.connect(daemon.path) as client):
            wait_for_the_end(client)
            self.assertEqual(self.codes(client, 3),
                             ["RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", None])

    def test_after_a_restart(self):
        def both(peer):
            peer.receive()
            peer.receive()
        with (FakeDaemon(both, answer) as daemon,
              textflix.connect(daemon.path) as client):
            first, second = client.start("Status"), client.start("Status")
            for call in (first, second):
                with self.assertRaises(textflix.Error) as caught:
                    call.result()
                self.assertEqual(caught.exception.code, textflix.Code.UNAVAILABLE)
            self.assertEqual(self.codes(client, 1), [None])

    def test_when_it_was_idle(self):
        with (FakeDaemon(lambda peer: None, answer) as daemon,
              textflix.connect(daemon.path) as client):
            wait_for_the_end(client)
            self.assertEqual(self.codes(client, 1), [None])

    def test_when_bytes_lie_unread_before_the_end(self):
        """Of a request that was given up, whose answer came late."""
        given_up = threading.Event()

        def late(peer):
            stream = peer.request()[0]
            given_up.wait(10)
            peer.send(stream, "classify-response")
        with (FakeDaemon(late, answer) as daemon, textflix.connect(daemon.path) as client):
            with (unittest.mock.patch.object(textflix, "GRACE_SECONDS", 0),
                  self.assertRaises(textflix.Error) as caught):
                client.classify("a", timeout=0.05)
            self.assertEqual(caught.exception.code, textflix.Code.DEADLINE_EXCEEDED)
            given_up.set()
            wait_for_the_end(client)
            self.assertEqual(self.codes(client, 1), [None])

    def test_not_where_nobody_listens_any_more(self):
        with FakeDaemon(answer) as daemon, textflix.connect(daemon.path) as client:
            self.assertEqual(self.codes(client, 1), [None])
            daemon.thread.join(10)
            with self.assertRaises(textflix.Error) as caught:
                client.classify("a")
            self.assertEqual(caught.exception.code, textflix.Code.UNAVAILABLE)
            self.assertIn(daemon.path, caught.exception.message)

    def test_never_after_it_was_closed(self):
        with FakeDaemon(lambda peer: peer.receive()) as daemon:
            client = textflix.connect(daemon.path)
            call = client.start("Status")
            client.close()
            for failing in (call.result, client.status):
                with self.assertRaisesRegex(textflix.Error, "UNAVAILABLE: the client is closed"):
                    failing()

    def test_a_request_that_was_given_up_stays_so(self):
        """Though its connection is lost afterwards."""
        def silent(peer):
            while peer.receive():
                pass
        with FakeDaemon(silent) as daemon:
            client = textflix.connect(daemon.path)
            call = client.start("Status", timeout=0)
            with unittest.mock.patch.object(call, "_deadline", 0):
                codes = [self.failure(call)]
            client.close()
            self.assertEqual([*codes, self.failure(call)], ["DEADLINE_EXCEEDED"] * 2)


class StreamNumbers(unittest.TestCase):
    @staticmethod
    def echo_number(received):
        """A script that keeps the numbers of requests and answers them to the end."""
        def script(peer):
            while frame := peer.receive():
                received.append(frame[0])
                peer.send(frame[0], "classify-response")
        return script

    def test_begin_anew_with_a_connection_before_they_run_out(self):
        first, second = [], []
        with FakeDaemon(self.echo_number(first), self.echo_number(second)) as daemon:
            with textflix.connect(daemon.path) as client:
                client._stream = textflix.WORN_STREAM - 2
                client.classify("a")
                calls = [client.start("Classify", texts=[text]) for text in "bc"]
                self.assertEqual([len(call.result().results) for call in calls], [1, 1])
        self.assertEqual((first, second), ([textflix.WORN_STREAM], [1, 3]))

    def test_go_on_while_calls_are_open_and_name_the_end(self):
        received = []

        def script(peer):
            while frame := peer.receive():
                received.append(frame[0])
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            client._stream = textflix.LAST_STREAM - 4
            client._calls[1] = textflix.Call(client, 1, "Classify", None)
            client.start("Classify", texts=["a"])
            client.start("Classify", texts=["b"])
            with self.assertRaisesRegex(textflix.Error, "UNAVAILABLE: the stream numbers"):
                client.start("Classify", texts=["c"])
        self.assertEqual(received, [textflix.LAST_STREAM - 2, textflix.LAST_STREAM])


class Forked(unittest.TestCase):
    """A child leaves its parent's connection alone."""

    def in_child(self, work):
        """Runs `work` in a forked process; what is returned waits, and fails unless it was true."""
        with warnings.catch_warnings():
            # The fake daemon's thread is not needed in the child.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            code = 1
            try:
                code = int(not work())
            finally:
                os._exit(code)
        return lambda: self.assertEqual(os.waitpid(child, 0)[1], 0)

    @staticmethod
    def name(name, go_on=None):
        """A script that labels one request so, when it may."""
        def script(peer):
            stream, _ = peer.request()
            if go_on:
                go_on.wait(10)
            peer.reply(stream, "Classify", results=[{"label": name}])
        return script

    def test_each_process_gets_its_own_answer(self):
        go_on = threading.Event()
        with (FakeDaemon(self.name("parent's", go_on), self.name("child's")) as daemon,
              textflix.connect(daemon.path) as client):
            call = client.start("Classify", texts=["a"])

            def work():
                try:
                    call.result()
                except textflix.Error as error:
                    first = error.code == textflix.Code.UNAVAILABLE
                return first and client.classify("b").results[0].label == "child's"
            wait = self.in_child(work)
            time.sleep(0.2)  # So that a child that reads here would take the parent's answer.
            go_on.set()
            self.assertEqual(call.result().results[0].label, "parent's")
            wait()

    def test_without_a_path_it_has_none(self):
        with FakeDaemon(self.name("parent's")) as daemon:
            with textflix.Client(textflix._link(daemon.path)) as client:
                def work():
                    try:
                        client.classify("b")
                    except textflix.Error as error:
                        return error.code == textflix.Code.UNAVAILABLE and "forked" in str(error)
                self.in_child(work)()
                self.assertEqual(client.classify("a").results[0].label, "parent's")

    def test_a_stream_that_the_child_drops_goes_on_in_the_parent(self):
        received = []

        def script(peer):
            stream, _ = peer.request()
            while texts := peer.batch():
                received.append(texts)
                peer.label(stream, texts)
            peer.send(stream, "stream-end")
            received.append(peer.receive())  # No Cancel.
        with FakeDaemon(script) as daemon:
            with textflix.connect(daemon.path) as client:
                stream = client.classify_stream([["a"], ["b"]], window=1)
                labels = [next(stream).results[0].label]
                self.in_child(lambda: stream.close() is None)()
                labels += [answer.results[0].label for answer in stream]
        self.assertEqual(labels, ["a", "b"])
        self.assertEqual(received, [["a"], ["b"], None])


if __name__ == "__main__":
    unittest.main()
