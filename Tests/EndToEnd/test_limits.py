"""Overload, deadlines, cancellation, answers that are too large: refused at once with the right
code; Status always answers, and what a large request took is given back."""

import json
import statistics
import struct
import time
import unittest

import wire
from harness import Daemon, DaemonCase, run, scratch

DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED, INVALID_ARGUMENT = 4, 1, 8, 3
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


def labelled_model(name, labels):
    folder = scratch() / name
    made = run("textflixlab", "synth", "--arch", "tiny", "--labels", ",".join(labels), folder)
    if made.returncode:
        raise RuntimeError(made.stderr)
    return folder


class ManyLabels(unittest.TestCase):
    """4000 labels of 24 bytes: 0.15 MB of an answer for each text, so 27 texts fit."""

    labels = [f"{number:a>24}" for number in range(4000)]

    def test_what_no_answer_has_room_for_is_not_computed(self):
        texts = ["x"] * 100
        with Daemon(models={"wide": labelled_model("wide", self.labels)}) as daemon:
            with daemon.connect() as connection:
                for refused in (
                        connection.call(wire.classify(*texts)),
                        self.streamed(connection, texts)):
                    self.assertEqual(refused.code, RESOURCE_EXHAUSTED, refused.message)
                    self.assertEqual(refused.details, [], "to try again is of no use")
                    self.assertRegex(refused.message, "100 texts .*4000 labels.* at most 27 at")
                self.assertNotIn("textflix_batches_total", daemon.counters())
                fitting = connection.call(wire.classify(*texts[:27]))
                self.assertEqual((fitting.code, len(fitting.results)), (0, 27), fitting.message)
                unknown = connection.call(wire.request("Explain", wire.message(f2="x", f5="none")))
                self.assertEqual(unknown.code, INVALID_ARGUMENT)
                self.assertIn("it has 4000, among them", unknown.message)
                self.assertLess(len(unknown.message), 500)

    @staticmethod
    def streamed(connection, texts):
        connection.stream += 2
        opening = wire.request("ClassifyStream", wire.message(f2=texts), connection.stream,
                               flags=wire.REMOTE_CLOSED)
        connection.send(opening)
        return connection.read()

    def test_a_label_that_no_request_could_name(self):
        folder = labelled_model("long-label", ["no", "y" * 257])
        with Daemon(models={"long": folder}, ready=False) as daemon:
            self.assertEqual(daemon.process.wait(timeout=60), 78)
            self.assertIn("label 1 has 257 bytes: a label has at most 256", daemon.log)


class LargeText(unittest.TestCase):
    """A linear model of nothing: each mark of a text is a token, all pairs of them are n-grams."""

    @staticmethod
    def model():
        folder = scratch() / "marks"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps({
            "model_type": "textflix-ngrams", "format": 1, "labels": ["no", "yes"],
            "minimum_word_length": 1, "keeps_marks": True, "order": 2, "weighting": "binary",
            "platt_slope": 1, "platt_offset": 0, "bias": 0}))
        table = bytes(2 * 16)
        header = json.dumps({"table": {"dtype": "U64", "shape": [2, 2],
                                       "data_offsets": [0, len(table)]}}).encode()
        header += b" " * (-len(header) % 8)
        (folder / "model.safetensors").write_bytes(
            struct.pack("<Q", len(header)) + header + table)
        return folder

    def test_what_it_took_is_given_back(self):
        with Daemon("--threads", "1", models={"marks": self.model()}) as daemon:
            with daemon.connect() as connection:
                self.assertEqual(connection.call(wire.classify("!")).code, 0)
                before = self.private_bytes(daemon)
                answer = connection.call(wire.classify("!" * 4_000_000))
                self.assertEqual((answer.code, len(answer.results)), (0, 1), answer.message)
            # The set of its n-grams alone had 200 MB.
            self.assertLess(self.private_bytes(daemon) - before, 150 << 20)

    @staticmethod
    def private_bytes(daemon):
        engine = wire.fields(daemon.status()[10][0])
        return engine[4][0]


if __name__ == "__main__":
    unittest.main()
