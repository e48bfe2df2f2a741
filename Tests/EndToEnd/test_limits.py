"""Overload, deadlines, cancellation: refused at once with the right code; Status always answers."""

import statistics
import time
import unittest

import wire
from harness import DaemonCase

DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED = 4, 1, 8
RETRY_INFO = b"type.googleapis.com/google.rpc.RetryInfo"
LONG = "many words in a row " * 100
BULK = 1
SLOW = {"TEXTFLIX_FAULT": "slow=5"}  # milliseconds a layer, whatever the machine


def burst(count, **options):
    return b"".join(wire.classify(LONG, stream=2 * number + 1, **options)
                    for number in range(count))


class Overload(DaemonCase):
    """A queue of 128 texts, half of them one user's."""

    arguments = ("--max-queue", "128", "--threads", "1", "--max-batch-tokens", "512")
    environment = SLOW

    def test_a_full_queue_is_said_at_once_and_when_to_come_back(self):
        count = 200
        with self.daemon.connect() as connection:
            connection.send(burst(count))
            answers = [connection.read() for _ in range(count)]
        self.assertEqual(len({answer.stream for answer in answers}), count)
        refused = [answer for answer in answers if answer.code]
        self.assertTrue(refused, "200 texts at once, room for 64 of one user")
        self.assertLess(len(refused), count, "some were answered")
        for answer in refused:
            self.assertEqual(answer.code, RESOURCE_EXHAUSTED, answer.message)
            self.assertIn(RETRY_INFO, answer.details[0])

    def test_status_answers_under_overload(self):
        with self.daemon.connect() as busy:
            busy.send(burst(200))
            times = []
            for _ in range(20):
                began = time.monotonic()
                self.assertIsNotNone(self.daemon.status())
                times.append(time.monotonic() - began)
            # One or another may be held up by others on this machine.
            self.assertLess(statistics.median(times), 0.05)
            self.assertLess(max(times), 1)
            for _ in range(200):
                busy.read()

    def test_textflixctl_tries_again(self):
        with self.daemon.connect() as busy:
            busy.send(burst(200))
            answer = self.daemon.control("classify", "--lines", "--format", "tsv",
                                         input="\n".join(f"line {n}" for n in range(50)) + "\n")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertEqual(len(answer.stdout.splitlines()), 50)
            for _ in range(200):
                busy.read()


class Deadlines(DaemonCase):
    arguments = ("--threads", "1", "--max-batch-tokens", "1024")
    environment = SLOW

    def test_an_expired_request_is_not_computed(self):
        with self.daemon.connect() as connection:
            connection.send(wire.classify(*[LONG] * 400, stream=1)
                            + wire.classify(*[LONG] * 400, stream=3, timeout_ns=1_000_000))
            answers = {answer.stream: answer for answer in (connection.read(), connection.read())}
            self.assertEqual(answers[1].code, 0)
            self.assertEqual(answers[3].code, DEADLINE_EXCEEDED, answers[3].message)

    def test_a_generous_deadline(self):
        with self.daemon.connect() as connection:
            answer = connection.call(wire.classify("x", timeout_ns=20 * 10**9))
            self.assertEqual(answer.code, 0)

    def test_cancel_names_streams_and_spares_the_others(self):
        with self.daemon.connect() as connection:
            connection.send(wire.classify(*[LONG] * 300, stream=1)
                            + wire.classify(*[LONG] * 300, stream=3)
                            + wire.classify("short", stream=5)
                            + wire.request("Cancel", wire.message(f1=[3, 99]), stream=7))
            answers = {}
            while len(answers) < 4:
                answer = connection.read()
                self.assertNotIn(answer.stream, answers, "one end a request")
                answers[answer.stream] = answer
        self.assertEqual([answers[stream].code for stream in (1, 3, 5, 7)], [0, CANCELLED, 0, 0])
        self.assertEqual(wire.fields(answers[7].payload).get(1), [1], "one stream was cancelled")

    def test_an_interactive_text_overtakes_bulk(self):
        with self.daemon.connect() as connection:
            connection.send(b"".join(wire.classify(*[LONG] * 100, stream=2 * number + 1,
                                                   priority=BULK) for number in range(10)))
            connection.send(wire.classify("now", stream=101))
            order = [connection.read().stream for _ in range(11)]
        self.assertLess(order.index(101), 3, order)


if __name__ == "__main__":
    unittest.main()
