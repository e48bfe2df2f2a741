"""`--whole`: a file, or standard input, is one text, whatever lines it has."""

import json
import unittest

from harness import DaemonCase, scratch


class Whole(DaemonCase):
    TEXT = "It was good.\n\nThen it was not.\n"

    def answers(self, *arguments, **options):
        answer = self.daemon.control(*arguments, "--format", "jsonl", **options)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def test_a_file_and_standard_input(self):
        file = scratch() / "review.txt"
        file.write_text("\ufeff" + self.TEXT)
        expected = self.answers("classify", self.TEXT)
        self.assertEqual(self.answers("classify", "--whole", "--file", file), expected)
        self.assertEqual(self.answers("classify", "--whole", input=self.TEXT), expected)
        self.assertEqual(len(self.answers("classify", "--file", file)), 3)
        explained = self.answers("explain", "--whole", "--file", file)
        self.assertEqual("".join(sorted(
            (feature["text"] for feature in explained[0]["features"]),
            key=self.TEXT.index)), self.TEXT)

    def test_what_is_no_text_or_too_long(self):
        self.assertEqual(len(self.answers("classify", "--whole", input="")), 1)
        for data, said in ((b"a\xff", "invalid UTF-8 at byte 1"), (b"a " * (3 << 20), "longer")):
            answer = self.daemon.control("classify", "--whole", input=data, text=False)
            self.assertEqual(answer.returncode, 1)
            self.assertIn(said, answer.stderr.decode())
        answer = self.daemon.control("classify", "--whole", "--jsonl", input="")
        self.assertEqual(answer.returncode, 64)


if __name__ == "__main__":
    unittest.main()
