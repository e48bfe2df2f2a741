"""Packed weights as a daemon lives with them: shared with others, damaged, replaced, superseded."""

import json
import os
import re
import shutil
import struct
import unittest

import harness
import wire
from harness import Daemon, copied_model, random_model, run, scratch, wait_until

TEXT = "the weights are where they were"
DATA, BUS_ERROR, CONFIG = 65, 74, 78


def packed_files(folder):
    return sorted(folder.glob("*.packed"))


def logits(daemon):
    with daemon.connect() as connection:
        answer = connection.call(wire.classify(TEXT))
    assert answer.code == 0, answer.message
    return dict(answer.results[0])


def probabilities(daemon):
    """[{label: probability}] of one text."""
    answer = daemon.control("classify", "--format", "jsonl", TEXT)
    return [json.loads(line)["scores"] for line in answer.stdout.splitlines()]


def mapped_memory(pid, name):
    """{field: KiB} of /proc/PID/smaps, summed over the mappings of that file."""
    sums, inside = {}, False
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as lines:
        for line in lines:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                inside = line.rstrip().endswith(name)
            elif inside and line.endswith(" kB\n"):
                field, size, _ = line.split()
                sums[field[:-1]] = sums.get(field[:-1], 0) + int(size)
    return sums


def fill_tensor(folder, name, value):
    """Sets all of a tensor of floats to one value."""
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    first, end = json.loads(data[8:begin])[name]["data_offsets"]
    data[begin + first:begin + end] = struct.pack("<f", value) * ((end - first) // 4)
    path.write_bytes(data)


class Sharing(unittest.TestCase):
    def test_two_daemons_have_one_copy(self):
        cache = scratch() / "shared-cache"
        cache.mkdir()
        folders = [scratch() / "first", scratch() / "second"]
        for folder in folders:
            folder.mkdir()
            (folder / "cache").symlink_to(cache)
        arguments = ("--precision", "bf16")
        with Daemon(*arguments, folder=folders[0]) as one, \
                Daemon(*arguments, folder=folders[1]) as two:
            self.assertEqual(logits(one), logits(two))
            (packed,) = packed_files(cache)
            for daemon in (one, two):
                sizes = mapped_memory(daemon.process.pid, packed.name)
                self.assertGreater(sizes["Rss"], packed.stat().st_size / 1024 / 2)
                self.assertEqual(sizes["Private_Dirty"], 0)
                self.assertEqual(sizes["Shared_Dirty"] + sizes["Anonymous"], 0)
                # What both have read is one copy; a page that only one has touched is its alone.
                self.assertGreater(sizes["Shared_Clean"], sizes["Private_Clean"])


class Warm(unittest.TestCase):
    def test_ready_means_that_every_weight_is_in_memory(self):
        if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < (5, 14):
            self.skipTest("kernels before 5.14 cannot be asked to read pages at once")
        with Daemon("--precision", "bf16", models={"m": random_model("minilm")}) as daemon:
            (packed,) = packed_files(daemon.folder / "cache")
            sizes = mapped_memory(daemon.process.pid, packed.name)
        self.assertEqual(sizes["Rss"], sizes["Size"])


class Damage(unittest.TestCase):
    def restarted(self, change):
        """The daemon's log after its packed file was changed between two starts."""
        folder = scratch() / f"damage-{change.__name__}"
        with Daemon("--precision", "int8", folder=folder) as daemon:
            wanted = logits(daemon)
            daemon.stop()
        (packed,) = packed_files(folder / "cache")
        sound = packed.read_bytes()
        change(packed)
        with Daemon("--precision", "int8", folder=folder) as daemon:
            self.assertEqual(logits(daemon), wanted)
            self.assertEqual(packed.read_bytes(), sound)
            return daemon.log

    def test_a_truncated_file_is_found_before_use(self):
        def cut(path):
            os.truncate(path, path.stat().st_size - 4096)
        self.assertIn("truncated", self.restarted(cut))

    def test_a_foreign_file_is_found_before_use(self):
        def foreign(path):
            path.write_bytes(b"\x7fELF" * 5000)
        self.assertIn("not a packed-weights file", self.restarted(foreign))

    def test_truncated_while_mapped_ends_with_a_message(self):
        folder = scratch() / "bus-error"
        with Daemon("--precision", "int8", folder=folder) as daemon:
            (packed,) = packed_files(folder / "cache")
            os.truncate(packed, 0)
            with daemon.connect() as connection:
                connection.send(wire.classify(TEXT))
                code = daemon.process.wait(timeout=harness.PATIENCE)
            self.assertEqual(code, BUS_ERROR, daemon.log)
            self.assertIn(packed.name, daemon.log)
        # It can be started again: the file is packed anew.
        with Daemon("--precision", "int8", folder=folder) as daemon:
            logits(daemon)


class Portable(unittest.TestCase):
    def test_processors_without_our_instructions(self):
        """OpenBLAS where it is installed, else plain loops: the same answers but for rounding."""
        with Daemon("--precision", "f32") as daemon:
            (wanted,) = probabilities(daemon)
        for isa in ("openblas", "scalar"):
            if isa == "openblas" and self.complaint(isa):
                print(f"SKIPPED: TEXTFLIX_ISA={isa}: it is not installed")
                continue
            with Daemon(environment={"TEXTFLIX_ISA": isa}) as daemon:
                self.assertIn(isa, daemon.control("status").stdout)
                (answer,) = probabilities(daemon)
                for label, probability in wanted.items():
                    self.assertAlmostEqual(answer[label], probability, places=5)

    def complaint(self, isa):
        """What keeps the programs from starting with that instruction set."""
        environment = harness.ENVIRONMENT | {"TEXTFLIX_ISA": isa}
        started = run("textflixd", "--socket", scratch() / "never", "--check-config",
                      "--model", f"tiny={random_model()}", env=environment)
        self.assertIn(started.returncode, (0, CONFIG), started.stderr)
        packed = run("textflixlab", "pack", "--cache-dir", scratch() / "isa-cache",
                     random_model(), env=environment)
        self.assertEqual(packed.returncode, started.returncode, packed.stderr)
        return started.stderr

    def test_an_instruction_set_that_is_not_there_is_no_start(self):
        complaint = self.complaint("avx215")
        for word in ("TEXTFLIX_ISA", "avx215", "scalar"):
            self.assertIn(word, complaint)


class NotFinite(unittest.TestCase):
    """Weights that are finite, activations that are not."""

    def model(self):
        folder = copied_model("overflowing")
        fill_tensor(folder, "bert.embeddings.LayerNorm.weight", 1e30)
        return folder

    def test_no_precision_answers(self):
        model = self.model()
        for precision in ("f32", "bf16", "int8"):
            with Daemon("--precision", precision, models={"m": model}) as daemon:
                answer = daemon.control("classify", TEXT)
                self.assertEqual(answer.returncode, 1, answer.stdout)
                self.assertIn("not finite", answer.stderr)

    def test_a_check_is_refused_and_leaves_nothing(self):
        model, cache = self.model(), scratch() / "overflowing-cache"
        texts = scratch() / "overflowing.jsonl"
        texts.write_text(json.dumps({"text": TEXT}) + "\n")
        for force in ([], ["--force"]):
            answer = run("textflixlab", "pack", "--precision", "int8", "--cache-dir", cache,
                         "--check", texts, "--publish", *force, model)
            self.assertEqual(answer.returncode, DATA, answer.stderr)
            self.assertIn("not finite", answer.stderr)
            self.assertEqual([path.suffix for path in cache.iterdir()], [".source"])
            self.assertFalse((model / "int8.checked").exists())


class Check(unittest.TestCase):
    """pack --check: a label is what is written, in quotes or without."""

    def check(self, labels, *given):
        """-> (exit code, accuracies of f32 in percent or None, standard error)"""
        folder = scratch() / f"labelled-{labels}"
        if not folder.exists():
            made = run("textflixlab", "synth", "--arch", "tiny", "--labels", labels, folder)
            self.assertEqual(made.returncode, 0, made.stderr)
        texts = scratch() / "labelled.jsonl"
        texts.write_text("".join(
            json.dumps({"text": TEXT, "label": label}) + "\n" for label in given))
        answer = run("textflixlab", "pack", "--precision", "f32", "--check", texts, "--label-field",
                     "label", "--cache-dir", scratch() / "check-cache", folder)
        found = re.search(r"^accuracy .* f32 (\S+) %", answer.stdout, re.MULTILINE)
        return answer.returncode, found and float(found.group(1)), answer.stderr

    def test_numbers_are_labels_and_no_places(self):
        for given in ([1, 2, 3], ["1", "2", "3"]):
            checks = [self.check("1,2,3", label) for label in given]
            self.assertEqual([code for code, _, _ in checks], [0, 0, 0], checks)
            self.assertEqual(sorted(share for _, share, _ in checks), [0, 0, 100])
        checks = [self.check("true,false", label) for label in (True, False)]
        self.assertEqual(sorted(share for _, share, _ in checks), [0, 100], checks)

    def test_what_is_no_label_is_told(self):
        for labels, given in (("1,2,3", 0), ("1,2,3", ""), ("10,11,12", "1"), ("10,11,12", 1),
                              ("negative,positive", "pos"), ("negative,positive", 1)):
            with self.subTest(labels=labels, given=given):
                code, _, message = self.check(labels, labels.split(",")[0], given)
                self.assertEqual(code, DATA, message)
                self.assertIn(f'line 2: the label "{given}" is none of', message)
        code, _, message = self.check("1,2,3", None)
        self.assertEqual(code, DATA)
        self.assertIn('line 1: no "label"', message)


class Revisions(unittest.TestCase):
    def test_a_superseded_revision_leaves_the_cache(self):
        folder = scratch() / "superseded"
        model = copied_model("changing")
        with Daemon("--precision", "int8", folder=folder, models={"m": model}) as daemon:
            (old,) = packed_files(folder / "cache")
            before = logits(daemon)
            copied = copied_model("changed", seed=1) / "model.safetensors"
            os.replace(copied, model / "model.safetensors")
            answer = daemon.control("reload")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            wait_until(lambda: logits(daemon) != before, "the new revision")
            (new,) = packed_files(folder / "cache")
            self.assertNotEqual(old, new)

    def test_releases_that_are_gone_leave_the_cache(self):
        """Each release has a folder of its own, and a link says which is served."""
        folder = scratch() / "releases"
        folder.mkdir()
        releases = [copied_model(f"release{seed}", seed=seed) for seed in range(3)]
        link = folder / "current"
        link.symlink_to(releases[0])
        arguments = ("--precision", "int8")
        with Daemon(*arguments, folder=folder, models={"m": link}) as daemon:
            for old, new in zip(releases, releases[1:]):
                before = logits(daemon)
                link.unlink()
                link.symlink_to(new)
                shutil.rmtree(old)
                answer = daemon.control("reload")
                self.assertEqual(answer.returncode, 0, answer.stderr)
                wait_until(lambda: logits(daemon) != before, "the next release")
                (packed,) = packed_files(folder / "cache")
                self.assertTrue(packed.name.startswith(new.name), packed.name)


class Status(unittest.TestCase):
    def reason(self, daemon):
        answer = daemon.control("status", "--format", "json")
        return json.loads(answer.stdout)["models"][0]["precision_reason"]

    def test_the_reason_of_the_precision(self):
        with Daemon("--precision", "int8") as daemon:
            self.assertEqual(self.reason(daemon), "as configured; not checked against f32")
            self.assertIn("not checked against f32", daemon.control("status").stdout)
        with Daemon() as daemon:
            self.assertIn("auto: ", self.reason(daemon))

    def test_locked_or_said_why_not(self):
        for prefix in ((), ("/usr/bin/prlimit", "--memlock=0:0")):
            with Daemon("--lock", "--precision", "int8", prefix=prefix) as daemon:
                locked = mapped_memory(daemon.process.pid, ".packed")["Locked"]
                # Root may always lock, others as far as the limit goes.
                self.assertTrue(locked > 0 or "not locked in memory" in daemon.log, daemon.log)
