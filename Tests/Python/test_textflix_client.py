"""The reference client of Protocol/python against golden vectors and against a small fake daemon.

Usage: python3 -m unittest Tests/Python/test_textflix_client.py

The vectors were made by protobuf's own implementation; the fake daemon answers with their bytes.
What the real daemon does is for the end-to-end tests.
"""

import fcntl
import json
import pathlib
import resource
import socket
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from fake_daemon import FRAMES, ROOT, FakeDaemon, Peer, body_of, cases, textflix  # noqa: E402


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def differences(record, expected, path=""):
    """Paths at which a Record is not what protobuf's JSON says."""
    fields = {camel(field.name): field for field in textflix.MESSAGES[record._name]}
    for name, value in expected.items():
        field = fields[name]
        found = getattr(record, field.name)
        found, value = (found, value) if field.repeated else ([found], [value])
        if len(found) != len(value):
            yield path + name
        for index, (one, other) in enumerate(zip(found, value)):
            if isinstance(one, textflix.Record):
                yield from differences(one, other, f"{path}{name}[{index}].")
            elif one != (int(other) if field.kind in ("uint64", "int64") else other):
                yield f"{path}{name}[{index}]: {one!r} is not {other!r}"


class Vectors(unittest.TestCase):
    def check_message(self, name, raw, expected):
        record = textflix.decode(name, raw)
        self.assertEqual(list(differences(record, expected)), [])
        return record

    def test_frames_are_read_and_written_again(self):
        for name, vector in FRAMES.items():
            with self.subTest(name):
                whole = bytes.fromhex(vector["hex"])
                body, payload = whole[10:], b""
                kind = vector["header"]["kind"]
                if kind == "data":
                    payload = body
                else:
                    envelope = textflix.decode(kind.capitalize(), body)
                    self.assertEqual(textflix.encode(kind.capitalize(), envelope), body)
                    payload = envelope.payload
                if "type" in vector and "textsHex" not in vector:
                    record = self.check_message(vector["type"], payload, vector["message"])
                    self.assertEqual(textflix.encode(vector["type"], record), payload)

    def test_errors_are_typed(self):
        for vector in cases("errors.json"):
            status = textflix.decode("Response", bytes.fromhex(vector["hex"])[10:]).status
            error = textflix._failure(status)
            self.assertEqual(int(error.code), vector["status"]["code"])
            self.assertEqual(error.message, vector["status"]["message"])
            retry = vector["status"].get("retryAfterNanoseconds")
            self.assertEqual(error.retry_after, retry and retry / 1e9)

    def test_what_others_may_write_is_read(self):
        for vector in cases("tolerated.json"):
            with self.subTest(vector["about"]):
                raw = bytes.fromhex(vector["hex"])
                record = self.check_message(vector["type"], raw, vector["message"])
                self.assertEqual(textflix.encode(vector["type"], record).hex(),
                                 vector["canonical"])

    def test_what_is_malformed_is_refused(self):
        for vector in cases("refused.json"):
            with self.subTest(vector["about"]), self.assertRaises(textflix.WireError):
                textflix.decode(vector["type"], bytes.fromhex(vector["hex"]))

    def test_random_messages(self):
        path = ROOT / "Tests" / "Golden" / "protocol" / "random.json"
        for vector in json.loads(path.read_text(encoding="utf-8")):
            raw = bytes.fromhex(vector["hex"])
            record = textflix.decode(vector["type"], raw)
            self.assertEqual(textflix.encode(vector["type"], record), raw)

    def test_texts_may_be_bytes(self):
        body = textflix.encode("ClassifyRequest", {"texts": [b"Fine.", b"Bad \xff!"]})
        self.assertEqual(body, textflix.decode("Request", body_of("classify-invalid-text")).payload)

    def test_the_schema_is_the_proto(self):
        """Every field of textflix.proto stands in the client's table, and none more."""
        proto, message = {}, None
        for line in (ROOT / "Protocol" / "textflix.proto").read_text().splitlines():
            words = line.split("//")[0].replace(";", "").replace("=", "").split()
            if words[:1] == ["message"]:
                message = proto.setdefault(words[1], set())
                if words[-1] == "{}":
                    message = None
            elif words == ["}"] or words[:1] in (["enum"], ["service"]):
                message = None
            elif message is not None and words:
                message.add((words[-2], words[0] == "repeated", int(words[-1])))
        ours = {name: {(f.name, f.repeated, f.number) for f in fields}
                for name, fields in textflix.MESSAGES.items() if name in proto}
        self.assertEqual(ours, proto)


class AgainstAFakeDaemon(unittest.TestCase):
    def test_one_request_in_golden_bytes(self):
        received = []

        def script(peer):
            received.append(peer.receive())
            peer.send(1, "classify-response")
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            answer = client.classify("A fine film.", timeout=2)
        self.assertEqual(received, [(1, 1, 0, body_of("classify-request"))])
        self.assertEqual([result.label for result in answer.results], ["positive"])
        self.assertEqual(answer.results[0].probability, 0.9375)
        self.assertEqual(answer.timing.batch_tokens, 6)

    def test_every_unary_method(self):
        pairs = {"explain": "text", "embed": "texts", "tag": "texts", "tokenize": "texts"}

        def script(peer):
            for _ in range(7):
                stream, request = peer.request()
                peer.send(stream, request.method.lower() + "-response")
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            answers = {name: getattr(client, name)("One.") for name in pairs}
            self.assertEqual(answers["explain"].features[0].text, "Great end.")
            self.assertEqual(answers["embed"].embeddings[0].values, [0.5, -0.25, 0.0])
            self.assertEqual(answers["tag"].results[0].spans[0].label, "WORK")
            self.assertEqual(answers["tokenize"].results[0].ids, [101, 2986, 1012, 102])
            self.assertEqual(client.status().models[0].labels, ["negative", "positive"])
            self.assertEqual(client.cancel([1, 3]).cancelled, 0)
            self.assertEqual(client.reload().models[0].precision, "int8")

    def test_answers_in_another_order(self):
        def script(peer):
            first, second = peer.request()[0], peer.request()[0]
            peer.send(second, "error-not-found")
            peer.send(first, "classify-response")
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            first = client.start("Classify", texts=["a"])
            second = client.start("Classify", texts=["b"], model="reviews")
            with self.assertRaises(textflix.Error) as caught:
                second.result()
            self.assertEqual(caught.exception.code, textflix.Code.NOT_FOUND)
            self.assertEqual(len(first.result().results), 1)

    def test_when_to_try_again(self):
        def script(peer):
            peer.send(peer.request()[0], "error-queue-full")
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            with self.assertRaises(textflix.Error) as caught:
                client.classify("a")
        self.assertEqual(caught.exception.retry_after, 0.25)
        self.assertEqual(str(caught.exception), "RESOURCE_EXHAUSTED: the queue is full")

    def test_no_answer_in_time(self):
        def script(peer):
            peer.receive()
            peer.receive()
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            began = time.monotonic()
            with self.assertRaises(textflix.Error) as caught:
                client.classify("a", timeout=0.05)
            self.assertEqual(caught.exception.code, textflix.Code.DEADLINE_EXCEEDED)
            self.assertLess(time.monotonic() - began, 5)

    def test_a_daemon_that_goes_away(self):
        with FakeDaemon(Peer.receive) as daemon, textflix.connect(daemon.path) as client:
            for _ in range(2):
                with self.assertRaises(textflix.Error) as caught:
                    client.classify("a")
                self.assertEqual(caught.exception.code, textflix.Code.UNAVAILABLE)

    def test_a_peer_that_speaks_something_else(self):
        def script(peer):
            peer.receive()
            peer.file.write(b"HTTP/1.1 400 Bad Request\r\n")
            peer.file.flush()
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            with self.assertRaises(textflix.Error) as caught:
                client.classify("a")
        self.assertIn("ttrpc", str(caught.exception))

    def test_nobody_listens(self):
        with self.assertRaises(FileNotFoundError):
            textflix.connect("/nonexistent/socket")

    def test_a_descriptor_above_those_of_select(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if 0 <= hard <= 1024:
            self.skipTest(f"no more than {hard} descriptors are allowed")
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with (FakeDaemon(lambda peer: peer.send(peer.request()[0], "classify-response")) as daemon,
              socket.socket(socket.AF_UNIX) as link):
            link.connect(daemon.path)
            high = socket.socket(fileno=fcntl.fcntl(link, fcntl.F_DUPFD_CLOEXEC, 1024))
            with textflix.Client(high, timeout=1e9) as client:  # longer than poll() can wait
                self.assertEqual(len(client.classify("a").results), 1)
                with self.assertRaises(textflix.Error) as caught:  # it knows no path
                    client.classify("a")
                self.assertEqual(caught.exception.code, textflix.Code.UNAVAILABLE)

    def test_too_large_a_request_never_leaves(self):
        with FakeDaemon(Peer.receive) as daemon, textflix.connect(daemon.path) as client:
            with self.assertRaises(textflix.Error) as caught:
                client.classify("a" * (5 << 20))
            self.assertEqual(caught.exception.code, textflix.Code.RESOURCE_EXHAUSTED)


class MisspeltOptions(unittest.TestCase):
    def test_name_themselves_and_send_nothing(self):
        received = []
        with (FakeDaemon(lambda peer: received.append(peer.receive())) as daemon,
              textflix.connect(daemon.path) as client):
            for method in ("classify", "explain", "embed", "tag", "tokenize"):
                with self.assertRaisesRegex(TypeError, f"^{method.capitalize()} .* modle$"):
                    getattr(client, method)(["a film"], modle="nosuch")
            with self.assertRaisesRegex(TypeError, "^Tokenize .* truncation, unti$"):
                client.start("Tokenize", texts=["a"], unti="word", truncation="head")
        self.assertEqual(received, [None])

    def test_of_a_stream_before_it_begins(self):
        received = []
        with (FakeDaemon(lambda peer: received.append(peer.receive())) as daemon,
              textflix.connect(daemon.path) as client):
            with self.assertRaisesRegex(TypeError, "^ClassifyStream .* modle$"):
                client.classify_stream([["a film"]], modle="nosuch")
            with self.assertRaisesRegex(TypeError, "texts"):
                client.classify_stream([["a film"]], texts=["another"])
        self.assertEqual(received, [None])

    def test_the_time_of_a_request_may_be_named(self):
        received = []

        def script(peer):
            stream, request = peer.request()
            received.append((request.timeout_nano, request.payload))
            peer.send(stream, "explain-response")
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            client.start("Explain", timeout=2, text="a", method="lime").result()
        self.assertEqual(received, [(2_000_000_000, textflix.encode(
            "ExplainRequest", {"text": "a", "method": "lime"}))])


class Streams(unittest.TestCase):
    @staticmethod
    def answer_all(peer, seen, depth):
        """Answers each message; records how many were waiting at most, and the end."""
        stream, _ = peer.request()
        waiting = 0
        while True:
            _, kind, flags, body = peer.receive()
            if flags & textflix.REMOTE_CLOSED:
                break
            seen.append(textflix.decode("ClassifyRequest", body).texts)
            waiting += 1
            if waiting == depth:
                peer.send(stream, "stream-answer")
                waiting -= 1
        for _ in range(waiting):
            peer.send(stream, "stream-answer")
        peer.send(stream, "stream-end")

    def test_a_response_a_batch_within_the_window(self):
        seen = []
        with FakeDaemon(lambda peer: self.answer_all(peer, seen, 4)) as daemon:
            with textflix.connect(daemon.path) as client:
                batches = ([f"text {index}"] for index in range(50))
                answers = list(client.classify_stream(batches, window=4))
        self.assertEqual(len(answers), 50)
        self.assertEqual(seen, [[f"text {index}"] for index in range(50)])

    def test_an_empty_stream(self):
        with FakeDaemon(lambda peer: self.answer_all(peer, [], 1)) as daemon:
            with textflix.connect(daemon.path) as client:
                self.assertEqual(list(client.classify_stream([])), [])

    def test_an_error_ends_it_after_the_answers_before(self):
        def script(peer):
            stream, _ = peer.request()
            peer.receive()
            peer.send(stream, "stream-answer")
            peer.receive()
            peer.send(stream, "error-not-found")
            peer.receive()
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            stream = client.classify_stream([["a"], ["b"]], window=1)
            self.assertEqual(next(stream).results[0].label, "positive")
            with self.assertRaises(textflix.Error) as caught:
                next(stream)
            self.assertEqual(caught.exception.code, textflix.Code.NOT_FOUND)

    def test_one_that_is_refused_comes_after_the_answers_before(self):
        def script(peer):
            stream, _ = peer.request()
            for _ in range(3):
                peer.receive()
            for _ in range(2):
                peer.send(stream, "stream-answer")
            peer.send(stream, "error-not-found")
            while peer.receive():
                pass
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            self.check_two_answers_and(textflix.Code.NOT_FOUND, client, [["a"], ["b"], []])

    def test_so_does_one_that_no_frame_holds(self):
        self.check_not_sent(textflix.Code.RESOURCE_EXHAUSTED, ["c" * (5 << 20)])

    def test_and_one_that_holds_no_texts(self):
        self.check_not_sent(None, [3])

    def check_not_sent(self, code, batch):
        """Two batches are on their way when it is found to be wrong."""
        seen = []

        def script(peer):
            stream, _ = peer.request()
            seen.extend([peer.batch(), peer.batch()])
            for _ in range(2):
                peer.send(stream, "stream-answer")
            seen.append(peer.request()[1].method)
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            self.check_two_answers_and(code, client, [["a"], ["b"], batch, ["d"]])
        self.assertEqual(seen, [["a"], ["b"], "Cancel"])

    def check_two_answers_and(self, code, client, batches):
        """`code` None: the error is Python's own."""
        stream = client.classify_stream(batches)
        self.assertEqual([next(stream).results[0].label for _ in range(2)], ["positive"] * 2)
        with self.assertRaises(textflix.Error if code else TypeError) as caught:
            next(stream)
        self.assertEqual(getattr(caught.exception, "code", None), code)

    def test_leaving_early_cancels(self):
        cancelled = []

        def script(peer):
            stream, _ = peer.request()
            peer.receive()
            peer.send(stream, "stream-answer")
            request = peer.request()[1]
            cancelled.append(textflix.decode("CancelRequest", request.payload).streams == [stream])
        with FakeDaemon(script) as daemon, textflix.connect(daemon.path) as client:
            stream = client.classify_stream([["a"], ["b"]], window=1)
            next(stream)
            stream.close()
        self.assertEqual(cancelled, [True])


if __name__ == "__main__":
    unittest.main()
