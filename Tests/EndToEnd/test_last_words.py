"""A daemon that cannot start tells everybody why who waits on the socket that it was given, whoever
of them is silent."""

import contextlib
import socket
import subprocess
import sys
import unittest

import harness
import wire

CONFIG, FAILED_PRECONDITION = 78, 9
# As a service manager does it: the socket is descriptor 3, and the process is told its own number.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class LastWords(unittest.TestCase):
    def hear(self, *sent):
        """(stream, code) of what each client hears that sent such bytes before it was started."""
        broken = harness.scratch() / "unstartable.json"
        broken.write_text('{ "modles": {} }')
        path = harness.scratch() / "waiting"
        self.addCleanup(path.unlink)
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            listener.bind(str(path))
            listener.listen(64)
            clients = [stack.enter_context(wire.Connection(path)) for _ in sent]
            for client, data in zip(clients, sent):
                client.send(data)
            number = listener.fileno()
            process = subprocess.run(
                [sys.executable, "-c", ACTIVATE, str(number),
                 str(harness.PROGRAMS / "textflixd"), "--config", str(broken)],
                pass_fds=(number,), env=harness.ENVIRONMENT, capture_output=True, text=True,
                timeout=harness.PATIENCE, check=False)
            self.assertEqual(process.returncode, CONFIG, process.stderr)
            listener.close()  # else who was not accepted would wait on
            return [[(answer.stream, answer.code) for answer in client.read_all()]
                    for client in clients]

    def test_all_are_told(self):
        one = wire.classify("x")
        several = (wire.classify("x", stream=3) + wire.classify("y", stream=5)
                   + wire.request("Status", stream=7))
        heard = self.hear(b"", one[:5], one[:30], one, several, several + one[:30], one)
        told = [[(stream, FAILED_PRECONDITION) for stream in streams]
                for streams in ([1], [1], [1], [1], [3, 5, 7], [3, 5, 7, 1], [1])]
        self.assertEqual(heard, told)

    def test_but_who_speaks_something_else(self):
        good, large = wire.classify("x"), wire.header(wire.MAX_BODY + 1, stream=9)
        heard = self.hear(b"GET / HTTP/1.1\r\n\r\n", good, large)
        self.assertEqual(heard, [[], [(1, FAILED_PRECONDITION)], [(9, FAILED_PRECONDITION)]])

    def test_who_asks_on_and_on_is_told_as_often_as_he_may_ask(self):
        streams = range(1, 2 * 2000, 2)
        many = b"".join(wire.header(0, stream) for stream in streams)
        heard = self.hear(many, wire.classify("x"))
        self.assertEqual(heard, [[(stream, FAILED_PRECONDITION) for stream in streams[:256]],
                                 [(1, FAILED_PRECONDITION)]])


if __name__ == "__main__":
    unittest.main()
