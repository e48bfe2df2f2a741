"""ClassifyStream with messages that are wrong: what stands before them is answered first."""

import unittest

import wire
from harness import DaemonCase

import textflix

INVALID_ARGUMENT, NOT_FOUND = 3, 5
# Slow: the answers to what comes before are not out when the wrong message is looked at.
SLOW = {"TEXTFLIX_FAULT": "slow=5"}
GOOD = ["many words in a row " * 20] * 8


def opening(stream=1):
    return wire.request("ClassifyStream", stream=stream, flags=wire.REMOTE_OPEN)


def data(payload, stream=1, flags=0):
    return wire.frame(payload, stream, wire.DATA, flags)


class WrongMessages(DaemonCase):
    arguments = ("--threads", "1")
    environment = SLOW

    def test_each_is_refused_in_its_place(self):
        good = data(wire.message(f2=GOOD))
        for name, wrong, code in (
                ("no texts", b"", INVALID_ARGUMENT),
                ("no message", b"\xff", INVALID_ARGUMENT),
                ("too many texts", wire.message(f2=["x"] * 1025), INVALID_ARGUMENT),
                ("no such priority", wire.message(f2=["x"], f3=9), INVALID_ARGUMENT),
                ("no such model", wire.message(f1="none", f2=["x"]), NOT_FOUND)):
            with self.subTest(name), self.daemon.connect() as connection:
                connection.send(opening() + good * 3 + data(wrong) + good * 2
                                + data(b"", flags=wire.REMOTE_CLOSED | wire.NO_DATA))
                answers = [connection.read() for _ in range(4)]
                self.assertEqual([(answer.kind, answer.code) for answer in answers],
                                 [(wire.DATA, 0)] * 3 + [(wire.RESPONSE, code)],
                                 answers[-1].message)
                # What comes behind has no answer: the next frame is that of another request.
                connection.send(wire.classify("x", stream=3))
                self.assertEqual(connection.read().stream, 3)

    def test_the_client_has_the_answers_before(self):
        with textflix.connect(str(self.daemon.socket)) as client:
            answers = client.classify_stream([GOOD] * 5 + [[]] + [GOOD])
            for _ in range(5):
                self.assertEqual(len(next(answers).results), len(GOOD))
            with self.assertRaises(textflix.Error) as caught:
                next(answers)
            self.assertEqual(caught.exception.code, INVALID_ARGUMENT)
            self.assertEqual(len(client.classify("x").results), 1)


class Reload(DaemonCase):
    def test_it_reads_its_request(self):
        with self.daemon.connect() as connection:
            answer = connection.call(wire.request("Reload", b"\xff"))
            self.assertEqual(answer.code, INVALID_ARGUMENT, answer.message)
            self.assertNotIn("reload asked for", self.daemon.log)


if __name__ == "__main__":
    unittest.main()
