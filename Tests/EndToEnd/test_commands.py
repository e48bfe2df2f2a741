"""The command line: JSON lines in and out, order, exit codes, help."""

import json
import re
import shutil
import signal
import subprocess
import time
import unittest

import harness
from harness import Daemon, DaemonCase, copied_model, random_model, run, scratch

SOME_FAILED, USAGE, DATA, NO_INPUT, UNAVAILABLE = 1, 64, 65, 66, 69
PROGRAMS = ("textflixd", "textflixctl", "textflixlab", "textflix-bench")
SCREEN = 24  # lines; and 80 columns


class Help(unittest.TestCase):
    def commands(self, program):
        """The names in the section "Commands" of the program's help."""
        text = run(program, "--help").stdout
        section = re.search(r"(?ms)^Commands:?\n(.*?)(?:^\S|\Z)", text)
        return re.findall(r"(?m)^ {2,4}([a-z][\w-]*)", section.group(1)) if section else []

    def test_help_of_every_command_fits_a_screen(self):
        for program in PROGRAMS:
            for command in [[]] + [[name] for name in self.commands(program)]:
                with self.subTest(program=program, command=command):
                    answer = run(program, *command, "--help")
                    self.assertEqual(answer.returncode, 0, answer.stderr)
                    lines = answer.stdout.splitlines()
                    self.assertLessEqual(len(lines), SCREEN * 2 if not command else SCREEN)
                    self.assertLessEqual(max(map(len, lines)), 100)

    def test_the_contract_has_its_commands(self):
        self.assertLessEqual(
            {"classify", "embed", "tag", "tokenize", "status", "models", "reload"},
            set(self.commands("textflixctl")))

    def test_man_pages_have_every_option(self):
        for program, page in (("textflixd", "textflixd.8"), ("textflixctl", "textflixctl.1"),
                              ("textflixlab", "textflixlab.1")):
            text = (harness.ROOT / "deploy" / "man" / page).read_text().replace("\\-", "-")
            documented = set(re.findall(r"--[a-z][\w-]+", text))
            for command in [[]] + [[name] for name in self.commands(program)]:
                # Examples show options of other programs.
                shown = run(program, *command, "--help").stdout.split("Examples:")[0]
                missing = set(re.findall(r"--[a-z][\w-]+", shown)) - documented
                self.assertEqual(missing, set(), f"{program} {command}: say it in {page}")

    def test_each_command_of_the_laboratory_has_its_own_options_told(self):
        page = (harness.ROOT / "deploy" / "man" / "textflixlab.1").read_text().replace("\\-", "-")
        for name in self.commands("textflixlab"):
            section = re.search(rf"^\.SS {name}\b(.*?)(?=^\.S[SH])", page, re.MULTILINE | re.DOTALL)
            self.assertIsNotNone(section, name)
            shown = run("textflixlab", name, "--help").stdout.split("Examples:")[0]
            missing = (set(re.findall(r"--[a-z][\w-]+", shown))
                       - set(re.findall(r"--[a-z][\w-]+", section[1])))
            self.assertEqual(missing, set(), f"{name}: say it in its section")

    def test_the_configurations_man_page_has_every_limit(self):
        """The daemon names the keys that it knows when it meets another."""
        path = scratch() / "keys.json"
        path.write_text('{ "limits": { "no_such": 1 } }')
        known = run("textflixd", "--config", path, "--check-config").stderr
        self.assertIn("known are", known)
        page = (harness.ROOT / "deploy" / "man" / "textflixd.json.5").read_text()
        keys = re.findall(r"\b[a-z_]+\b", known.split("known are", 1)[1])
        self.assertGreater(len(keys), 10)
        for key in keys:
            self.assertIn(f"{key} ", page, "say what it does")

    def test_completions_of_all_programs(self):
        for program in PROGRAMS[:3]:
            for shell in ("bash", "zsh", "fish"):
                with self.subTest(program=program, shell=shell):
                    answer = run(program, "--completions", shell)
                    self.assertEqual(answer.returncode, 0, answer.stderr)
                    self.assertIn(program, answer.stdout)
                    if shutil.which(shell):
                        checked = subprocess.run([shell, "-n"], input=answer.stdout, text=True,
                                                 capture_output=True, check=False)
                        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_versions(self):
        versions = {run(program, "--version").stdout.split()[-1] for program in PROGRAMS[:2]}
        self.assertEqual(len(versions), 1, versions)

    def test_mistakes_are_told_with_a_guess(self):
        for arguments, word in [(["clasify"], "classify"), (["classify", "--formt", "tsv"],
                                                            "--format")]:
            answer = run("textflixctl", *arguments)
            self.assertEqual(answer.returncode, USAGE)
            self.assertIn(word, answer.stderr)


class Forward(unittest.TestCase):
    def test_lines_that_are_no_token_ids(self):
        """Nothing is computed, and the line is named."""
        for ids, line in (("101 102\n\n101\n", 2), ("2 x 3\n", 1), ("1\n2\n4294967295\n", 3),
                          ("1\r\n \r\n", 2)):
            with self.subTest(ids):
                answer = run("textflixlab", "forward", random_model(), input=ids)
                self.assertEqual((answer.returncode, answer.stdout), (DATA, ""), answer.stderr)
                self.assertIn(f"line {line}:", answer.stderr)
        answer = run("textflixlab", "forward", random_model(), input="1 2\r\n3")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(len(answer.stdout.splitlines()), 2)


class Classify(DaemonCase):
    def classify(self, *arguments, **options):
        return self.daemon.control("classify", *arguments, **options)

    def lines(self, answer):
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def test_arguments(self):
        answer = self.classify("--format", "jsonl", "one text", "another text")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        first, second = self.lines(answer)
        self.assertLessEqual({"label", "probability", "scores", "tokens", "truncated"}, set(first))
        self.assertIn(first["label"], first["scores"])
        self.assertAlmostEqual(sum(first["scores"].values()), 1, places=4)
        self.assertNotEqual(first["scores"], second["scores"])

    def test_lines_on_standard_input_keep_their_order(self):
        texts = [f"line {number} {'word ' * (number % 50)}" for number in range(500)]
        answer = self.classify("--format", "jsonl", input="\n".join(texts) + "\n")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        rows = self.lines(answer)
        self.assertEqual(len(rows), 500)
        for number in (0, 250, 499):
            alone = self.classify("--format", "jsonl", texts[number])
            self.assertEqual(self.lines(alone)[0]["scores"], rows[number]["scores"])

    def test_json_lines_carry_other_fields_through(self):
        line = '{"text": "a text", "id": "x/1", "n": 1.50, "deep": {"a": [null, "\\u00e9"]}}\n'
        answer = self.classify("--jsonl", "--format", "jsonl", input=line)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        row = self.lines(answer)[0]
        self.assertEqual((row["id"], row["n"], row["deep"]), ("x/1", 1.5, {"a": [None, "é"]}))
        self.assertIn("1.50", answer.stdout, "byte for byte")

    def test_another_text_field(self):
        answer = self.classify("--jsonl", "--text-field", "body", "--format", "jsonl",
                               input='{"body": "b", "text": 7}\n')
        self.assertEqual(answer.returncode, 0, answer.stderr)
        answer = self.classify("--text-field", "body", input='{"body": "b"}\n')
        self.assertEqual((answer.returncode, answer.stdout), (USAGE, ""))

    def test_bad_lines_are_reported_with_their_number_and_skipped(self):
        lines = ['{"text": "good"}', "{not json", '{"other": 1}', '{"text": "good too"}']
        answer = self.classify("--jsonl", "--format", "jsonl", input="\n".join(lines) + "\n")
        self.assertEqual(answer.returncode, SOME_FAILED, answer.stderr)
        self.assertRegex(answer.stderr, r"\b2\b")
        self.assertRegex(answer.stderr, r"\b3\b")
        labels = [row for row in self.lines(answer) if "label" in row]
        self.assertEqual(len(labels), 2)

    def test_strict_stops_at_the_first(self):
        answer = self.classify("--jsonl", "--strict", "--format", "jsonl",
                               input='{"text": "good"}\n{bad\n{"text": "never"}\n')
        self.assertEqual(answer.returncode, DATA, answer.stderr)

    def test_only_line_feeds_end_a_line(self):
        answer = self.classify("--format", "jsonl", input="a\u2028b\u0085c\nd\n")
        self.assertEqual(len(self.lines(answer)), 2)

    def test_crlf_and_no_newline_at_the_end(self):
        answer = self.classify("--format", "jsonl", input="a\r\nb")
        self.assertEqual(len(self.lines(answer)), 2)

    def test_a_line_that_is_not_utf8(self):
        answer = self.classify("--format", "jsonl", input=b"good\nb\xffd\ngood\n", text=False)
        self.assertEqual(answer.returncode, SOME_FAILED)
        self.assertIn(b"2", answer.stderr)

    def test_a_file(self):
        path = scratch() / "texts.txt"
        path.write_text("one\ntwo\n")
        answer = self.classify("--file", path, "--format", "tsv")
        self.assertEqual(len(answer.stdout.splitlines()), 2)
        missing = self.classify("--file", "/no/such/file")
        self.assertEqual(missing.returncode, NO_INPUT)
        self.assertIn("/no/such/file", missing.stderr)

    def test_other_commands_answer(self):
        for arguments in (["embed", "x"], ["tokenize", "--format", "ids", "x"], ["status"],
                          ["status", "--format", "json"], ["status", "--format", "prometheus"],
                          ["models"], ["reload"]):
            with self.subTest(arguments):
                answer = self.daemon.control(*arguments)
                self.assertEqual(answer.returncode, 0, answer.stderr)
                self.assertTrue(answer.stdout.strip())
        json.loads(self.daemon.control("status", "--format", "json").stdout)

    def test_tagging_with_a_model_that_cannot(self):
        answer = self.daemon.control("tag", "x")
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("tiny", answer.stderr)

    def test_interrupted(self):
        with subprocess.Popen([harness.PROGRAMS / "textflixctl", "--socket", self.daemon.socket,
                               "classify"], stdin=subprocess.PIPE, env=harness.ENVIRONMENT,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=10), 130)

    def test_a_stalled_reader_and_a_signal(self):
        """It ends, and what was written is the beginning of the output in whole lines."""
        lines = "".join(json.dumps({"id": n, "text": "a", "pad": "x" * 2000}) + "\n"
                        for n in range(3000))
        path = harness.scratch() / "padded.jsonl"
        path.write_text(lines)
        with subprocess.Popen([harness.PROGRAMS / "textflixctl", "--socket", self.daemon.socket,
                               "tokenize", "--jsonl", "--format", "jsonl", "--file", path],
                              env=harness.ENVIRONMENT, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            first = process.stdout.readline()
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=10), 143)
            *rows, torn = (first + process.stdout.read()).split(b"\n")
        self.assertEqual([json.loads(row)["id"] for row in rows], list(range(len(rows))))
        self.assertLess(len(torn), 4096, "a stalled reader may tear the last line alone")

    def test_output_that_cannot_be_written(self):
        for arguments in (["status", "--format", "json"], ["models"], ["classify", "x"],
                          ["completions", "bash"]):
            with self.subTest(arguments), open("/dev/full", "w", encoding="utf-8") as full:
                answer = subprocess.run(
                    [harness.PROGRAMS / "textflixctl", "--socket", self.daemon.socket, *arguments],
                    env=harness.ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, check=False)
                self.assertEqual(answer.returncode, 74, answer.stderr)
                self.assertIn(b"writing", answer.stderr)

    def test_a_stream_that_is_closed(self):
        """It is no place for the daemon's socket."""
        for redirection, words, status in ((">&-", "good", 74), ("<&-", "", 74), ("<&-", "x", 0),
                                           ("2>&-", "good", 0), ("<&- >&- 2>&-", "good", 74)):
            with self.subTest(redirection, words=words):
                command = f'"$0" --socket "$1" classify {words} {redirection}'
                answer = subprocess.run(
                    ["sh", "-c", command, harness.PROGRAMS / "textflixctl", self.daemon.socket],
                    env=harness.ENVIRONMENT, capture_output=True, timeout=60, check=False)
                self.assertEqual(answer.returncode, status, answer.stderr)

    def test_a_pipe_is_not_compared(self):
        answer = run("textflixctl", "--socket", self.daemon.socket, "compare", "--models",
                     "tiny,other", "--jsonl", "/dev/stdin", input="{}\n")
        self.assertEqual(answer.returncode, 64, answer.stderr)
        self.assertIn("no pipe", answer.stderr)

    def test_a_reader_that_stops(self):
        """`textflixctl classify | head`: no traceback, no hang."""
        command = (f"yes 'some words' | head -n 20000 | {harness.PROGRAMS}/textflixctl --socket"
                   f" {self.daemon.socket} classify --format tsv | head -n 1")
        answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60,
                                env=harness.ENVIRONMENT, check=False)
        self.assertEqual(len(answer.stdout.splitlines()), 1)
        self.assertNotIn("Fatal", answer.stderr)


class RefusedReload(unittest.TestCase):
    def test_a_model_that_still_answers_is_still_measured(self):
        folder = copied_model("refused-reload")
        path = scratch() / "refused.jsonl"
        path.write_text('{"text": "a", "label": "positive"}\n{"text": "b", "label": "negative"}\n')
        with Daemon(models={"m": folder}) as daemon:
            (folder / "broken").write_text("{")
            (folder / "broken").rename(folder / "config.json")
            self.assertNotEqual(daemon.control("reload").returncode, 0)
            answer = daemon.control("evaluate", "--jsonl", path)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertEqual(json.loads(answer.stdout)["texts"], 2)


class Unreachable(unittest.TestCase):
    def test_nobody_listens(self):
        answer = run("textflixctl", "--socket", "/tmp/no-such.sock", "classify", "x")
        self.assertEqual(answer.returncode, UNAVAILABLE)
        self.assertIn("/tmp/no-such.sock", answer.stderr)

    def test_start_up_time(self):
        """The client alone, best of 20: under 15 ms."""
        times = []
        for _ in range(20):
            began = time.monotonic()
            run("textflixctl", "--version")
            times.append(time.monotonic() - began)
        self.assertLess(min(times), 0.015)


if __name__ == "__main__":
    unittest.main()
