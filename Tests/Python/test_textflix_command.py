"""The command line of Protocol/python's client against a small fake daemon.

Usage: python3 -m unittest Tests/Python/test_textflix_command.py
"""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True

from fake_daemon import ROOT, FakeDaemon, textflix  # noqa: E402


class Requests:
    """A script for a FakeDaemon: keeps what is asked, and labels each text with itself.

    `seen`: each request's texts, as str; of these more than `most` are refused as too many, and
    to explain one that `is_bad` is refused as invalid.
    """

    def __init__(self, most=1024, is_bad="\ufffd".__eq__):
        self.seen, self.most, self.is_bad = [], most, is_bad

    def __call__(self, peer):
        while frame := peer.receive():
            request = textflix.decode("Request", frame[3])
            asked = textflix.decode(request.method + "Request", request.payload)
            self.seen.append([asked.text] if request.method == "Explain" else asked.texts)
            self.answer(peer, frame[0], request.method)

    def answer(self, peer, stream, method):
        results = [{"label": text[:20]} for text in self.seen[-1]]
        if len(results) > self.most:
            peer.refuse(stream, textflix.Code.RESOURCE_EXHAUSTED, "too many")
        elif method == "Explain" and self.is_bad(self.seen[-1][0]):
            peer.refuse(stream, textflix.Code.INVALID_ARGUMENT, "bad")
        elif method == "Explain":
            peer.reply(stream, method, classification=results[0])
        else:
            peer.reply(stream, method, results=results)


class CommandLine(unittest.TestCase):
    def run_main(self, *arguments, lines=b"", out=None):
        """(exit code, standard output, standard error) with `lines` on standard input."""
        out, err = out or io.StringIO(), io.StringIO()
        given = io.TextIOWrapper(io.BytesIO(lines))
        with (contextlib.redirect_stdout(out), contextlib.redirect_stderr(err),
              unittest.mock.patch.object(sys, "stdin", given)):
            code = textflix.main(list(arguments))
        return code, out.getvalue(), err.getvalue()

    def ask(self, script, *arguments, **options):
        """(exit code, records printed) with `script` as the daemon."""
        with FakeDaemon(script) as daemon:
            code, out, _ = self.run_main("--socket", daemon.path, *arguments, **options)
        return code, [json.loads(line) for line in out.splitlines()]

    def test_one_json_object_a_text(self):
        code, records = self.ask(lambda peer: peer.send(peer.request()[0], "classify-partly"),
                                 "classify", "Bad.", "")
        self.assertEqual(code, 1)
        self.assertEqual(records[0]["probability"], 0.75)
        self.assertEqual(records[1]["error"], "invalid UTF-8 at byte 4")

    def test_exit_codes(self):
        with FakeDaemon(lambda peer: peer.send(peer.request()[0], "error-queue-full")) as daemon:
            self.assertEqual(self.run_main("--socket", daemon.path, "status")[0], 75)
        code, _, err = self.run_main("--socket", "/nonexistent/socket", "status")
        self.assertEqual(code, 69)
        self.assertIn("/nonexistent/socket", err)
        code, _, err = self.run_main("--socket", "/long" * 100, "status")
        self.assertEqual(code, 69)
        self.assertIn("too long", err)

    def test_exit_codes_are_textflixctl_s(self):
        sources = ROOT / "Sources"
        text = (sources / "Syscalls" / "ExitStatus.swift").read_text(encoding="utf-8")
        numbers = dict(re.findall(r"case (\w+) = (\d+)", text))
        text = (sources / "TextRuns" / "Failure.swift").read_text(encoding="utf-8")
        theirs = {}
        for names, status in re.findall(r"case (.*): \.(\w+)$",
                                        text.partition("extension StatusCode")[2], re.M):
            for name in re.findall(r"\.(\w+)", names):
                theirs[re.sub("([A-Z])", r"_\1", name).upper()] = int(numbers[status])
        ours = {code.name: textflix.EXIT_CODES.get(code, 70) for code in textflix.Code}
        self.assertEqual(ours, theirs | {"OK": 70})  # which is no error

    def test_where_the_socket_is(self):
        with tempfile.TemporaryDirectory() as runtime:
            own = os.path.join(runtime, "textflix", "textflix.sock")
            os.mkdir(os.path.dirname(own))
            with unittest.mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": runtime}, clear=True):
                self.assertEqual(textflix.socket_path(), "/run/textflix/textflix.sock")
                pathlib.Path(own).touch()
                self.assertEqual(textflix.socket_path(), own)
                os.environ["TEXTFLIX_SOCKET"] = "/a"
                self.assertEqual(textflix.socket_path(), "/a")
                self.assertEqual(textflix.socket_path("/b"), "/b")

    def test_many_lines_go_in_groups_and_are_printed_as_answers_come(self):
        requests, out, printed = Requests(), io.StringIO(), []

        def script(peer):
            answer = requests.answer
            requests.answer = lambda *given: (
                printed.append(out.getvalue().count("\n")), answer(*given))
            requests(peer)
        texts = [f"text {index}" for index in range(2500)]
        code, records = self.ask(script, "classify", lines="\n".join(texts).encode(), out=out)
        self.assertEqual(code, 0)
        self.assertEqual([record["label"] for record in records], texts)
        self.assertEqual([len(group) for group in requests.seen], [1024, 1024, 452])
        self.assertEqual(printed, [0, 1024, 2048])

    def test_long_lines_go_in_groups_of_what_a_request_holds(self):
        requests, half = Requests(), b"a" * (textflix.TEXT_BYTES // 2)
        code, records = self.ask(requests, "tag", lines=b"\n".join([half, half, b"b", half]))
        self.assertEqual((code, len(records)), (0, 4))
        self.assertEqual([len(group) for group in requests.seen], [2, 2])

    def test_a_line_that_no_request_holds_fails_alone(self):
        for command in ("classify", "explain"):
            requests = Requests()
            code, records = self.ask(requests, command, lines=b"a\n" + b"b" * (5 << 20) + b"\nc\n")
            failures = [record.get("classification", record)["code"] for record in records]
            self.assertEqual((code, failures), (1, [0, 8, 0]))
            self.assertEqual(requests.seen, [["a"], ["c"]])

    def test_what_is_too_much_at_once_is_asked_in_halves(self):
        requests = Requests(most=2)
        code, records = self.ask(requests, "classify", "a", "b", "c", "d", "e")
        self.assertEqual((code, [record["label"] for record in records]), (0, list("abcde")))
        self.assertEqual([len(group) for group in requests.seen], [5, 2, 3, 1, 2])

    def test_a_text_that_cannot_be_explained_fails_alone(self):
        code, records = self.ask(Requests(), "explain", lines=b"good film\n\xff\nbad film\n")
        found = [record["classification"] for record in records]
        self.assertEqual(code, 1)
        self.assertEqual([each["label"] for each in found], ["good film", "", "bad film"])
        self.assertEqual([(each["code"], each["error"]) for each in found],
                         [(0, ""), (3, "bad"), (0, "")])

    def test_an_error_that_is_no_text_s_ends_it(self):
        for command in ("classify", "explain"):
            code, records = self.ask(
                lambda peer: peer.send(peer.request()[0], "error-not-found"), command, "a", "b")
            self.assertEqual((code, records), (64, []))

    def test_no_lines_are_no_request(self):
        for command in ("classify", "explain", "embed", "tag", "tokenize"):
            requests = Requests()
            self.assertEqual(self.ask(requests, command), (0, []))
            self.assertEqual(requests.seen, [])

    def test_an_argument_goes_as_the_bytes_it_is(self):
        payloads = []

        def script(peer):
            stream, request = peer.request()
            payloads.append(request.payload)
            peer.send(stream, "classify-partly")
        code, records = self.ask(script, "--model", os.fsdecode(b"m\xfe"), "classify",
                                 os.fsdecode(b"Bad \xff!"), "é")
        self.assertEqual((code, len(records)), (1, 2))
        self.assertEqual(payloads, [textflix.encode(
            "ClassifyRequest", {"model": b"m\xfe", "texts": [b"Bad \xff!", "é"]})])


class Streams(unittest.TestCase):
    """Standard input and output that fail, in a process of its own."""

    def run_program(self, redirection, command="classify a", stdout=subprocess.DEVNULL):
        """(exit code, standard error) of the program, its streams as the shell's `redirection`."""
        with FakeDaemon(Requests()) as daemon:
            program = [sys.executable, textflix.__file__, "--socket", daemon.path]
            done = subprocess.run(
                ["sh", "-c", f'exec "$@" {redirection}', "sh", *program, *command.split()],
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True,
                timeout=30, check=False)
        return done.returncode, done.stderr

    def test_a_reader_that_has_gone_ends_it_quietly(self):
        reading, writing = os.pipe()
        os.close(reading)
        self.addCleanup(os.close, writing)
        for command in ("classify a", "explain a b"):
            self.assertEqual(self.run_program("", command, stdout=writing), (141, ""))

    def test_a_full_disk_is_not_the_socket_s_fault(self):
        self.assertEqual(self.run_program("> /dev/full"), (
            74, "textflix.py: standard output: No space left on device\n"))

    def test_a_closed_output(self):
        self.assertEqual(self.run_program(">&-"), (
            74, "textflix.py: standard output: Bad file descriptor\n"))

    def test_an_input_that_cannot_be_read(self):
        self.assertEqual(self.run_program("0> /dev/null", "classify"), (
            74, "textflix.py: standard input: Bad file descriptor\n"))


if __name__ == "__main__":
    unittest.main()
