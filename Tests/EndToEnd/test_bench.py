"""Benchmarks run (`--smoke`), the encoder allocates nothing once it is warm, and a load test that
is stopped claims nothing that it did not measure."""

import json
import os
import re
import shutil
import signal
import subprocess
import unittest

from harness import (Daemon, ENVIRONMENT, PATIENCE, PROGRAMS, ROOT, random_model, run, scratch,
                     wait_until)
from terminal import Terminal

COUNTER = ROOT / "Tests" / "EndToEnd" / "count_allocations.c"


class Smoke(unittest.TestCase):
    def test_kernels(self):
        answer = run("textflix-bench", "kernels", "--smoke")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        result = json.loads(answer.stdout)
        self.assertEqual({p["precision"] for p in result["products"]}, {"f32", "bf16", "int8"})
        self.assertGreater(result["memory_gb_per_second"], 0)

    def test_encoder(self):
        for precision in ("f32", "bf16", "int8"):
            answer = run("textflix-bench", "encoder", "--smoke", "--model", random_model(),
                         "--precision", precision)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            for workload in json.loads(answer.stdout)["workloads"]:
                self.assertGreater(workload["tokens_per_second"], 0)


class Allocations(unittest.TestCase):
    """Counted by a library that stands before malloc: what ten more rounds add."""

    def library(self):
        clang = shutil.which("cc") or shutil.which("clang")
        if clang is None:
            self.skipTest("no C compiler to build the counter with")
        path = scratch() / "count_allocations.so"
        subprocess.run([clang, "-shared", "-fPIC", "-O1", COUNTER, "-o", path, "-ldl"], check=True)
        return path

    def count(self, library, precision, rounds):
        answer = run("textflix-bench", "encoder", "--model", random_model(), "--precision",
                     precision, "--workloads", "1x16,32x128", "--rounds", rounds,
                     env=ENVIRONMENT | {"LD_PRELOAD": str(library)})
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return int(answer.stderr.split()[-1])

    def test_no_batch_allocates(self):
        if os.uname().machine != "x86_64":
            self.skipTest("counted with glibc on x86-64 only")
        library = self.library()
        for precision in ("f32", "bf16", "int8"):
            few, many = (self.count(library, precision, rounds) for rounds in (3, 13))
            self.assertEqual(many - few, 0, f"{precision}: by 20 batches more")


class Refused(unittest.TestCase):
    """What would measure something else than was asked for does not run at all."""

    def test_contradictions(self):
        for arguments in (
                ["--find-capacity", "--rate", "7"], ["--file", __file__, "--tokens", "64"],
                ["--jsonl"], ["--text-field", "x"], ["--arrivals", "constant"],
                ["--assert", ""], ["--slo", "p99=250", "--find-capacity"]):
            with self.subTest(arguments):
                answer = run("textflixctl", "--socket", "/nowhere", "bench", *arguments)
                self.assertEqual((answer.returncode, answer.stdout), (64, ""), answer.stderr)

    def test_a_model_that_is_not_served(self):
        out = scratch() / "nothing.json"
        with Daemon() as daemon:
            answer = daemon.control("bench", "-m", "no-such", "--out", out)
        self.assertEqual((answer.returncode, answer.stdout), (64, ""))
        self.assertIn("no model 'no-such'", answer.stderr)
        self.assertFalse(out.exists())

    def test_a_result_that_cannot_be_written(self):
        """It is known before anything is asked: nobody listens here."""
        for arguments, status in ((["--out", "-"], 64), (["--plot", "-"], 64),
                                  (["--out", "/nowhere/at/all"], 73), (["--plot", "/tmp"], 73)):
            with self.subTest(arguments):
                answer = run("textflixctl", "--socket", "/nowhere", "bench", *arguments)
                self.assertEqual((answer.returncode, answer.stdout), (status, ""), answer.stderr)


    def test_more_connections_than_this_process_may_hold(self):
        with Daemon() as daemon:
            answer = subprocess.run(
                ["sh", "-c", 'ulimit -n 64; exec "$0" --socket "$1" bench --idle 1000',
                 PROGRAMS / "textflixctl", daemon.socket],
                env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((answer.returncode, answer.stdout), (71, ""), answer.stderr)


class Written(unittest.TestCase):
    """A result goes where it was sent: into a pipe, and through a link."""

    def test_a_pipe_and_a_link(self):
        link, plot = scratch() / "latency.svg", scratch() / "elsewhere.svg"
        link.symlink_to(plot.name)
        reader, writer = os.pipe()
        with Daemon() as daemon:
            answer = daemon.control("bench", "--warm-up", "0s", "--duration", "0.2s", "--out",
                                    f"/dev/fd/{writer}", "--plot", link, pass_fds=[writer])
        os.close(writer)
        with open(reader, encoding="utf-8") as result:
            self.assertEqual(json.load(result)["format"], "textflix-bench/1")
        self.assertIn(answer.returncode, (0, 75), answer.stderr)
        self.assertTrue(link.is_symlink())
        self.assertIn("<svg", plot.read_text())


class Stopped(unittest.TestCase):
    """Ctrl-C or SIGTERM: the rates of what was measured, no file, no capacity."""

    def test_a_run(self):
        for sent, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(sent.name):
                self.stop(sent, status)

    def stop(self, sent, status):
        out, plot = scratch() / "stopped.json", scratch() / "stopped.svg"
        out.write_text("an older result")
        with Daemon() as daemon:
            with subprocess.Popen(
                    [PROGRAMS / "textflixctl", "--socket", daemon.socket, "bench", "--rate", "50",
                     "--arrivals", "constant", "--warm-up", "0.1s", "--duration", "60s",
                     "--out", out, "--plot", plot], text=True, env=ENVIRONMENT,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                wait_until(lambda: daemon.counters().get("textflix_texts_total", 0) > 50,
                           "it is being measured")
                process.send_signal(sent)
                page, said = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, status, said)
        self.assertRegex(page, r"interrupted: .* of 60\.0 s were measured")
        # 50 a second for about one: over the whole minute it would be less than one.
        self.assertGreater(float(re.search(r"answered +([0-9.]+)", page)[1]), 10, page)
        self.assertIn("errors     none", page)
        self.assertEqual(out.read_text(), "an older result")
        self.assertFalse(plot.exists())
        self.assertEqual(list(scratch().glob("stopped.*.new-*")), [])
        for path in (out, plot):
            self.assertIn(f"{path} was not written", said)

    def test_a_search(self):
        with Daemon() as daemon:
            for stage in ("probing", "confirming"):
                with self.subTest(stage):
                    terminal = Terminal(
                        [str(PROGRAMS / "textflixctl"), "--socket", str(daemon.socket), "bench",
                         "--find-capacity", "--slo", "p99=2s", "--warm-up", "0.1s",
                         "--duration", "5s"], ENVIRONMENT | {"TERM": "dumb"})
                    self.assertTrue(terminal.wait_for(stage, seconds=120), terminal.shown[-500:])
                    terminal.type("\x03")
                    self.assertEqual(terminal.wait(), 130)
                    self.assertIn("interrupted", terminal.shown)
                    self.assertNotIn("capacity:", terminal.shown)


if __name__ == "__main__":
    unittest.main()
