"""Benchmarks run (`--smoke`), and the encoder allocates nothing once it is warm."""

import json
import os
import shutil
import subprocess
import unittest

from harness import ENVIRONMENT, ROOT, random_model, run, scratch

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
