"""Starts and stops the real programs for the end-to-end tests.

A `Daemon` has a temporary folder of its own with the socket and the log, and is gone after the test
whatever happened. Models of random weights are made once a run by textflixlab. The environment that
the programs see is this module's, not the machine's.
"""

import atexit
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("TEXTFLIX_PROGRAMS", ROOT / ".build" / "release"))
sys.path.insert(0, str(ROOT / "Protocol" / "python"))

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": os.environ.get("HOME", "/"),
               "LANG": "C.UTF-8"}
PATIENCE = 30.0  # seconds: far above what anything here takes, also on a busy machine

LABELS = ("negative", "positive")


@functools.cache
def scratch():
    """A folder for this run, with a short path (a socket's has 107 bytes at most)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="textflix-", dir="/tmp"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def for_everybody(program):
    """A copy that other users can start too, wherever this checkout is (perhaps in root's home)."""
    return shutil.copy(PROGRAMS / program, scratch())


def run(program, *arguments, **options):
    """Runs a program to its end; output as text unless `text=False`."""
    options = {"text": True, "env": ENVIRONMENT, "timeout": PATIENCE * 4,
               "stdin": subprocess.DEVNULL} | options
    if "input" in options:
        del options["stdin"]
    path = for_everybody(program) if "user" in options else PROGRAMS / program
    return subprocess.run([str(path), *map(str, arguments)],
                          capture_output=True, check=False, **options)


@functools.cache
def random_model(arch="tiny", seed=0):
    """A model folder of random weights."""
    folder = scratch() / f"{arch}-{seed}"
    made = run("textflixlab", "synth", "--arch", arch, "--seed", seed, folder)
    if made.returncode:
        raise RuntimeError(f"textflixlab synth: {made.stderr}")
    return folder


@functools.cache
def can_mount():
    """Whether a mount namespace of one's own is to be had."""
    try:
        tried = subprocess.run(["/usr/bin/unshare", "--mount", "true"], capture_output=True,
                               check=False)
    except OSError:
        return False
    return os.geteuid() == 0 and tried.returncode == 0


def copied_model(name, arch="tiny", seed=0):
    """A copy that a test may damage or replace."""
    folder = scratch() / name
    shutil.rmtree(folder, ignore_errors=True)
    return pathlib.Path(shutil.copytree(random_model(arch, seed), folder))


def default_model(name="sentiment"):
    """The folder that deploy/get-model lays down, if it is there."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME", "/"), ".cache")
    folder = pathlib.Path(cache, "textflix", "models", name)
    return folder if (folder / "textflix.json").exists() else None


def wait_until(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s: {what}")


class Daemon:
    """textflixd, ready to answer. `with Daemon() as daemon: ...`"""

    count = 0

    def __init__(self, *arguments, models=None, environment=None, folder=None, prefix=(),
                 ready=True, **options):
        Daemon.count += 1
        self.folder = folder or scratch() / f"d{Daemon.count}"
        self.folder.mkdir(exist_ok=True)
        self.socket = self.folder / "s"
        self.log_path = self.folder / "log"
        models = {"tiny": random_model()} if models is None else models
        self.command = [*prefix, str(PROGRAMS / "textflixd"), "--socket", str(self.socket),
                        "--cache-dir", str(self.folder / "cache"),
                        *(f"--model={name}={path}" for name, path in models.items()),
                        *map(str, arguments)]
        self.log_file = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.log_file, stderr=self.log_file,
            env=ENVIRONMENT | (environment or {}), **options)
        if ready:
            self.wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def wait_ready(self):
        wait_until(self.is_ready, f"textflixd ready; log:\n{self.log}")

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"textflixd ended with {self.process.returncode}:\n{self.log}")
        status = self.status()
        return status is not None and status.get(2, [0])[0] == 1

    def status(self):
        """The fields of a StatusResponse; None while nobody listens."""
        if not self.socket.exists():
            return None
        try:
            with self.connect() as connection:
                answer = connection.call(wire.request("Status"))
                return None if answer is None else wire.fields(answer.payload)
        except OSError:
            return None

    def counters(self):
        """{name: value} of all counters, labels left out and values summed."""
        found = {}
        for each in (self.status() or {}).get(8, []):
            counter = wire.fields(each)
            name = counter[1][0].decode()
            found[name] = found.get(name, 0) + counter.get(3, [0])[0]
        return found

    def connect(self, **options):
        return wire.Connection(self.socket, **options)

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def control(self, *arguments, **options):
        """textflixctl on this daemon's socket."""
        return run("textflixctl", "--socket", self.socket, *arguments, **options)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM, and its exit code."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log_file.close()


class DaemonCase(unittest.TestCase):
    """Tests that share one daemon. After each of them it must be alive and answer as before."""

    arguments = ()
    environment = None
    models = None
    sentence = "the daemon is still there"

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(*cls.arguments, models=cls.models, environment=cls.environment)
        cls.addClassCleanup(cls.daemon.kill)
        cls.expected = cls.answer()

    @classmethod
    def answer(cls):
        with cls.daemon.connect() as connection:
            answer = connection.call(wire.classify(cls.sentence))
        assert answer.code == 0, answer.message
        result = dict(answer.results[0])
        return result

    def tearDown(self):
        self.assertIsNone(self.daemon.process.poll(), f"the daemon died:\n{self.daemon.log}")
        self.assertEqual(self.answer(), self.expected)


def needs_default_model(test):
    return unittest.skipIf(default_model() is None, "the default model is not in the cache"
                           " (deploy/get-model brings it)")(test)


def needs_root(test):
    return unittest.skipIf(os.geteuid() != 0, "needs root")(test)
