"""Odd texts: empty, huge, not UTF-8, full of special tokens. One bad text fails alone."""

import json
import re
import struct
import time
import unittest

import wire
from harness import DaemonCase, ENVIRONMENT, PROGRAMS, scratch
from terminal import Terminal

INVALID_ARGUMENT = 3


class Texts(DaemonCase):
    def results(self, *texts, **options):
        with self.daemon.connect() as connection:
            answer = connection.call(wire.classify(*texts, **options))
            self.assertEqual(answer.code, 0, answer.message)
            self.assertEqual(len(answer.results), len(texts))
            return answer.results

    def test_no_text_at_all(self):
        with self.daemon.connect() as connection:
            answer = connection.call(wire.classify())
            self.assertEqual(answer.code, INVALID_ARGUMENT, answer.message)

    def test_an_empty_text_has_a_defined_answer(self):
        for text in ("", " \n\t", "\x00\x01"):
            with self.subTest(repr(text)):
                result = self.results(text)[0]
                self.assertEqual(result[4], [2], "[CLS] and [SEP] alone")
                self.assertNotIn(8, result)

    def test_invalid_utf8_says_at_which_byte_and_fails_alone(self):
        good = self.results("good")[0]
        for bad, offset in [(b"ab\xffcd", 2), (b"\xc3", 0), (b"x\xed\xa0\x80", 1),
                            (b"abc\xf4\x90\x80\x80", 3), (b"\xc0\xaf", 0)]:
            with self.subTest(bad):
                results = self.results("good", bad, "good")
                self.assertEqual([results[0], results[2]], [good, good])
                self.assertEqual(results[1][8], [INVALID_ARGUMENT])
                self.assertIn(f"byte {offset}", results[1][9][0].decode())

    def test_four_megabytes(self):
        """The protocol promises 4 MiB less 64 KiB. One endless word is one unknown piece."""
        size = (4 << 20) - (64 << 10)
        for text, truncated in [(b"a" * size, None), (b"a " * (size // 2), [1]),
                                ("ÿ".encode() * (size // 2), None), (b"\n" * size, None),
                                ("\u4e00".encode() * (size // 3), [1])]:
            with self.subTest(text[:3]):
                began = time.monotonic()
                result = self.results(text)[0]
                self.assertEqual(result.get(5), truncated)
                self.assertNotIn(8, result)
                self.assertLess(time.monotonic() - began, 10)

    def test_four_megabytes_in_windows(self):
        """Refused, unless there is next to nothing in them; soon in any case."""
        size = (4 << 20) - (64 << 10)
        for text, code in [(b"a" * size, None), (b"\n" * size, None), (b",\n" * (size // 2), [3]),
                           (b"A b. " * (size // 5), [3]),
                           (b"\n" * (size - 1000) + b"a " * 500, None)]:
            with self.subTest(text[:5]):
                began = time.monotonic()
                result = self.results(text, truncation=wire.WINDOWS)[0]
                self.assertEqual(result.get(8), code)
                self.assertLess(time.monotonic() - began, 10)

    def test_special_tokens_in_a_text_are_text(self):
        plain, special = self.results("a b", "a [SEP] b")
        self.assertGreater(special[4][0], plain[4][0] + 1, "[ SEP ] as pieces, not one token")

    def test_json_lines_do_not_command_the_terminal(self):
        """What is escaped there says the same; in a pipe it stays as it was."""
        controls = "\x7f\x9b\u200f\u202e\u2066"
        path = scratch() / "commanding.jsonl"
        path.write_text(
            f'{{"id": "x{controls}31m", "text": "good", "no{controls}te": "{controls}"}}\n',
            encoding="utf-8")
        arguments = ["classify", "--format", "jsonl", "--jsonl", "--file", str(path)]
        plain = self.daemon.control(*arguments)
        self.assertEqual(plain.returncode, 0, plain.stderr)
        self.assertEqual(plain.stdout.count(controls), 3)
        terminal = Terminal(
            [str(PROGRAMS / "textflixctl"), "--socket", str(self.daemon.socket), *arguments],
            ENVIRONMENT | {"TERM": "xterm"})
        self.assertEqual(terminal.wait(), 0, terminal.shown)
        for control in controls:
            self.assertNotIn(control, terminal.shown)
        line = re.search(r"\{.*\}", terminal.shown)[0]
        self.assertIn(r"x\u007f\u009b\u200f\u202e\u206631m", line)
        self.assertEqual(json.loads(line), json.loads(plain.stdout))

    def test_the_same_alone_and_in_company(self):
        """Bit for bit: a probability does not depend on who shares the batch."""
        texts = [f"text {number} " * (number % 7 + 1) for number in range(40)]
        together = self.results(*texts)
        for text, expected in zip(texts, together):
            self.assertEqual(self.results(text)[0], expected)

    def test_windows_are_read_whole_and_averaged(self):
        """A sentence of 100 pieces fills a window of 128. The text is sent beside its sentences, so
        that every one of them shares batches with the others."""
        sentences = ["A" + f" {letter}" * 100 + ". " for letter in "abcde"]
        found = self.results("".join(sentences), *sentences, "short", truncation=wire.WINDOWS)
        whole, parts = found[0], found[1:6]
        self.assertEqual(whole[11], [len(sentences)])
        self.assertNotIn(5, whole, "nothing is truncated")
        self.assertEqual(whole[4][0], sum(part[4][0] for part in parts))
        self.assertEqual(whole[7][0], whole[4][0] - 2 * (len(sentences) - 1))
        for part in [*parts, found[6]]:
            self.assertNotIn(11, part)
        for label in range(2):
            mean = sum(self.probability(part, label) for part in parts) / len(parts)
            self.assertAlmostEqual(self.probability(whole, label), mean, delta=1e-6)

    def probability(self, result, label):
        return struct.unpack("<f", wire.fields(result[3][label])[2][0])[0]

    def test_a_text_of_too_many_windows_fails_alone(self):
        good, bad = self.results("good", "a " * 40_000, truncation=wire.WINDOWS)
        self.assertNotIn(8, good)
        self.assertEqual(bad[8], [INVALID_ARGUMENT])
        self.assertIn("more than 64", bad[9][0].decode())

    def test_a_thousand_texts_keep_their_order(self):
        texts = [f"{'word ' * (number % 90)}{number}" for number in range(1000)]
        together = self.results(*texts)
        for number in (0, 1, 499, 998, 999):
            self.assertEqual(self.results(texts[number])[0], together[number])


if __name__ == "__main__":
    unittest.main()
