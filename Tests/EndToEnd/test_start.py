"""What keeps textflixd from starting: each a clear message with the name of the thing, an exit code
of sysexits, and nothing left behind.
"""

import json
import os
import pathlib
import socket
import subprocess
import unittest

import harness
from harness import Daemon, copied_model, needs_root, random_model, run, scratch

USAGE, DATA, NO_INPUT, UNAVAILABLE = 64, 65, 66, 69
CANNOT_CREATE, NO_PERMISSION, CONFIG = 73, 77, 78
# What a broken model may exit with: it is data, or a file that is not there, or configuration.
MODEL_CODES = (DATA, NO_INPUT, CONFIG)


def start(*arguments, **options):
    return run("textflixd", *arguments, **options)


class Unheard(unittest.TestCase):
    def test_nobody_reads_what_it_says(self):
        """It starts, answers and ends beside a standard error that takes nothing."""
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        os.set_blocking(writing, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writing, b"x" * 1024)
        os.set_blocking(writing, True)
        with Daemon(ready=False) as daemon:
            daemon.kill()
            process = subprocess.Popen(daemon.command, stderr=writing, env=harness.ENVIRONMENT)
            os.close(writing)
            self.addCleanup(process.kill)
            harness.wait_until(daemon.status, "it is ready")
            for _ in range(20):  # each of them would be a line
                self.assertEqual(daemon.control("classify", "--model", "none", "a").returncode,
                                 USAGE)
            self.assertEqual(daemon.control("classify", "a text").returncode, 0)
            process.terminate()
            self.assertEqual(process.wait(timeout=harness.PATIENCE), 0)

    def test_its_streams_are_closed(self):
        """No connection stands in the place of standard error, and reads what is logged."""
        with Daemon(ready=False) as daemon:
            daemon.kill()
            process = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh",
                                        *map(str, daemon.command)], env=harness.ENVIRONMENT)
            self.addCleanup(process.kill)
            harness.wait_until(daemon.status, "it is ready")
            held = {os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)}
            self.assertEqual(held, {"/dev/null"})
            for _ in range(20):  # each of them would be a line
                self.assertEqual(daemon.control("classify", "--model", "none", "a").returncode,
                                 USAGE)
            self.assertEqual(daemon.control("classify", "a text").returncode, 0)
            process.terminate()
            self.assertEqual(process.wait(timeout=harness.PATIENCE), 0)


class Models(unittest.TestCase):
    """A model that cannot be served is named, with the file and the tensor."""

    def refused(self, folder, *words):
        for extra in ([], ["--check-config"]):
            answer = start("--socket", scratch() / "never", "--model", f"m={folder}", *extra)
            self.assertIn(answer.returncode, MODEL_CODES, answer.stderr)
            for word in words:
                self.assertIn(word, answer.stderr)
            self.assertFalse((scratch() / "never").exists())

    def test_no_such_folder(self):
        self.refused("/no/such/folder", "/no/such/folder")

    def test_no_weights(self):
        folder = copied_model("no-weights")
        (folder / "model.safetensors").unlink()
        self.refused(folder, "model.safetensors")

    def test_pickled_weights_are_refused_with_the_reason(self):
        folder = copied_model("pickled")
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        self.refused(folder, "pytorch_model.bin", "safetensors")

    def test_weights_cut_short(self):
        folder = copied_model("cut")
        weights = folder / "model.safetensors"
        os.truncate(weights, weights.stat().st_size - 1000)
        self.refused(folder, "model.safetensors")

    def test_a_corrupt_header(self):
        folder = copied_model("corrupt")
        weights = folder / "model.safetensors"
        data = bytearray(weights.read_bytes())
        data[8:40] = b"\xff" * 32
        weights.write_bytes(data)
        self.refused(folder, "model.safetensors")

    def test_weights_that_are_not_numbers(self):
        folder = copied_model("nan")
        weights = folder / "model.safetensors"
        data = bytearray(weights.read_bytes())
        data[-4:] = b"\x00\x00\xc0\x7f"
        weights.write_bytes(data)
        self.refused(folder, "finite")

    def test_another_vocabulary_size(self):
        folder = copied_model("vocabulary")
        config = json.loads((folder / "config.json").read_text())
        config["vocab_size"] += 1
        (folder / "config.json").write_text(json.dumps(config))
        self.refused(folder, "word_embeddings", str(config["vocab_size"]))

    def test_a_vocabulary_longer_than_the_embeddings(self):
        folder = copied_model("long-vocabulary")
        with open(folder / "vocab.txt", "a", encoding="utf-8") as file:
            file.write("onewordtoomany\n")
        self.refused(folder, "vocab")

    def test_a_configuration_that_is_no_json(self):
        folder = copied_model("no-json")
        (folder / "config.json").write_text('{"hidden_size": 32,\n "num_hidden_layers" 1}')
        self.refused(folder, "config.json", "2:")


def listening(log):
    """Waits until systemd-socket-activate has said so: the path is there a little earlier."""
    harness.wait_until(lambda: "Listening on" in pathlib.Path(log.name).read_text(),
                       "the activator listens")


class Sockets(unittest.TestCase):
    def refused(self, path, codes, *words):
        answer = start("--socket", path, "--model", f"tiny={random_model()}")
        self.assertIn(answer.returncode, codes, answer.stderr)
        for word in words:
            self.assertIn(word, answer.stderr)

    def test_a_path_in_use_is_not_stolen(self):
        with Daemon() as daemon:
            self.refused(daemon.socket, (UNAVAILABLE, CANNOT_CREATE, CONFIG), str(daemon.socket))
            self.assertIsNotNone(daemon.status())

    def test_a_stale_socket_is_replaced(self):
        folder = scratch() / "stale"
        folder.mkdir()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(folder / "s"))
        with Daemon(folder=folder) as daemon:
            self.assertIsNotNone(daemon.status())

    def test_a_file_in_the_way_is_kept(self):
        path = scratch() / "file"
        path.write_text("precious")
        self.refused(path, (UNAVAILABLE, CANNOT_CREATE, CONFIG), str(path))
        self.assertEqual(path.read_text(), "precious")

    def test_a_path_too_long(self):
        self.refused("/tmp/" + "x" * 120, (USAGE, CONFIG), "107")

    def test_a_folder_that_is_not_there(self):
        self.refused("/tmp/no/such/folder/s", (CANNOT_CREATE, CONFIG), "/tmp/no/such/folder")

    @needs_root
    def test_a_folder_without_permission(self):
        folder = scratch() / "locked"
        folder.mkdir(mode=0o700)
        answer = start("--socket", folder / "s", "--model", f"tiny={random_model()}",
                       user=65534, group=65534, extra_groups=[])
        self.assertIn(answer.returncode, (CANNOT_CREATE, NO_PERMISSION), answer.stderr)
        self.assertIn(str(folder), answer.stderr)

    def test_the_socket_is_gone_after_the_end(self):
        with Daemon() as daemon:
            self.assertEqual(daemon.stop(), 0, daemon.log)
            self.assertFalse(daemon.socket.exists())


class Configuration(unittest.TestCase):
    def checked(self, text, *arguments):
        path = scratch() / "textflixd.json"
        path.write_text(text)
        return start("--config", path, "--check-config", *arguments)

    def test_a_good_one(self):
        text = f'{{\n  // a comment\n  "models": {{ "tiny": "{random_model()}" }},\n}}'
        answer = self.checked(text)
        self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_broken_ones_name_file_and_line(self):
        for text, words in [
            ('{\n  "sockets": "/x"\n}', ["textflixd.json:2:", "sockets"]),
            ('{\n  "socket": "/x",\n  "socket": "/y"\n}', ["textflixd.json:3:", "socket"]),
            ('{\n  "limits": { "queue_texts": -1 }\n}', ["textflixd.json:2:", "queue_texts"]),
            ('{\n  "limits": {\n    "queue": 1\n  }\n}', ["textflixd.json:3:", "queue_texts"]),
            ('{\n  "threads": "many"\n}', ["textflixd.json:2:", "threads"]),
            ('{\n  "socket": "/x"\n  "threads": 1\n}', ["textflixd.json:3:"]),
        ]:
            with self.subTest(text):
                answer = self.checked(text)
                self.assertEqual(answer.returncode, CONFIG, answer.stderr)
                for word in words:
                    self.assertIn(word, answer.stderr)

    def test_no_such_file(self):
        answer = start("--config", "/no/such/file.json", "--check-config")
        self.assertIn(answer.returncode, (NO_INPUT, CONFIG))
        self.assertIn("/no/such/file.json", answer.stderr)

    def test_an_unknown_option_is_guessed_at(self):
        answer = start("--sokcet", "/x")
        self.assertEqual(answer.returncode, USAGE)
        self.assertIn("--socket", answer.stderr)

    def test_no_model(self):
        answer = self.checked("{}")
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn("model", answer.stderr)


class Environment(unittest.TestCase):
    def test_hostile_openblas_variables_change_nothing(self):
        sentence = "the same sentence"
        answers = []
        for environment in ({}, {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_L2_SIZE": "512",
                                 "OPENBLAS_NUM_THREADS": "64", "OMP_NUM_THREADS": "64"}):
            with Daemon(environment=environment) as daemon:
                answer = daemon.control("classify", "--format", "jsonl", sentence)
                self.assertEqual(answer.returncode, 0, answer.stderr)
                answers.append(answer.stdout)
        self.assertEqual(*answers)

    @unittest.skipUnless(os.path.exists("/usr/bin/systemd-socket-activate"),
                         "systemd-socket-activate is not installed")
    def test_an_inherited_socket(self):
        folder = scratch() / "activated"
        folder.mkdir()
        path = folder / "s"
        command = ["systemd-socket-activate", "--fdname=textflixd", f"--listen={path}",
                   str(harness.PROGRAMS / "textflixd"), "--model", f"tiny={random_model()}",
                   "--cache-dir", str(folder / "cache")]
        with open(folder / "log", "w", encoding="utf-8") as log, subprocess.Popen(
                command, env=harness.ENVIRONMENT, stdout=log, stderr=log) as process:
            try:
                listening(log)
                answer = run("textflixctl", "--socket", path, "classify", "hello")
                self.assertEqual(answer.returncode, 0, answer.stderr)
            finally:
                process.terminate()
                process.wait(timeout=harness.PATIENCE)
        self.assertTrue(path.exists(), "an inherited socket is not the daemon's to unlink")

    @unittest.skipUnless(os.path.exists("/usr/bin/systemd-socket-activate"),
                         "systemd-socket-activate is not installed")
    def test_who_waits_hears_why_it_cannot_start(self):
        """From a broken configuration, and from one whose only model cannot be loaded."""
        folder = scratch() / "unstartable"
        folder.mkdir()
        broken = folder / "broken.json"
        broken.write_text('{\n  "modles": {}\n}\n')
        for number, (arguments, words) in enumerate((
                (("--config", broken), ("broken.json:2:3", "modles")),
                (("--model", f"gone={folder}/none"), ("model gone", "none")))):
            path = folder / f"s{number}"
            command = ["systemd-socket-activate", "--fdname=textflixd", f"--listen={path}",
                       str(harness.PROGRAMS / "textflixd"), *map(str, arguments)]
            with open(folder / "log", "w", encoding="utf-8") as log, subprocess.Popen(
                    command, env=harness.ENVIRONMENT, stdout=log, stderr=log) as process:
                listening(log)
                answer = run("textflixctl", "--socket", path, "classify", "hello")
                self.assertEqual(process.wait(timeout=harness.PATIENCE), CONFIG)
            self.assertNotEqual(answer.returncode, 0)
            for word in ("cannot start", *words):
                self.assertIn(word, answer.stderr, (folder / "log").read_text())


if __name__ == "__main__":
    unittest.main()
