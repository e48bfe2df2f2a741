"""The package under a real systemd: what its tests share. Each class of them boots a sandbox of its
own and installs the .deb that deploy/package made.

Requests come from outside through the sandbox's own root folder in /proc, so that a load goes on
while services come and go.
"""

import functools
import os
import pathlib
import subprocess
import sys
import threading
import time
import unittest

import sandbox
from sandbox import CHECKOUT, ROOT, Sandbox

sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import harness
import wire

MODELS = "/var/lib/textflix"
DEADLINE_EXCEEDED, UNAVAILABLE, PERMISSION = 4, 14, 77
TEXT = "a text of some length " * 8
CONFIGURATION = "/etc/textflix/textflixd.json"


@functools.cache
def package():
    """The .deb: $TEXTFLIX_PACKAGE, else made now."""
    if ready := os.environ.get("TEXTFLIX_PACKAGE"):
        return pathlib.Path(ready)
    made = subprocess.run([str(ROOT / "deploy" / "package")], capture_output=True, text=True,
                          check=False)
    if made.returncode:
        raise RuntimeError(f"deploy/package: {made.stdout[-2000:]}{made.stderr[-2000:]}")
    return pathlib.Path(made.stdout.splitlines()[-1])


@unittest.skipIf(sandbox.unavailable(), str(sandbox.unavailable()))
class ServiceCase(unittest.TestCase):
    """A sandbox with the package installed and a tiny model configured."""

    configuration = '{ "models": { "tiny": "/var/lib/textflix/models/tiny" } }\n'

    @classmethod
    def setUpClass(cls):
        built = package()
        cls.box = Sandbox()
        cls.addClassCleanup(cls.box.stop)
        # Container images forbid packages to start services; this is a machine.
        cls.box.run("rm", "-f", "/usr/sbin/policy-rc.d", check=True)
        cls.box.run("dpkg", "--install", CHECKOUT / built.relative_to(ROOT), check=True)
        cls.put_models()
        cls.put_file(CONFIGURATION, cls.configuration)

    @classmethod
    def put_models(cls):
        for seed, name in ((1, "tiny"), (2, "other")):
            cls.put_folder(harness.random_model(seed=seed), f"/var/lib/textflix/models/{name}")

    @classmethod
    def put_file(cls, path, text):
        cls.box.run("tee", path, input=text, check=True)

    @classmethod
    def put_folder(cls, folder, target):
        """A folder of this machine into the sandbox."""
        archive = subprocess.run(["tar", "-C", str(folder), "-c", "."], capture_output=True,
                                 check=True).stdout
        cls.box.shell(f"mkdir -p {target}; tar -C {target} -x", input=archive, text=False,
                      check=False)
        cls.box.run("chmod", "-R", "a+rX", target, check=True)

    def setUp(self):
        # Each test starts the service anew; the limit on starts is not what they are about.
        self.systemctl("reset-failed")

    @property
    def socket(self):
        return self.box.path("/run/textflix/textflix.sock")

    def classify(self, *arguments, **options):
        return self.box.run("textflixctl", "classify", *(arguments or ["a text"]), **options)

    def systemctl(self, *arguments, check=True):
        return self.box.run("systemctl", *arguments, check=check)

    def main_pid(self, unit="textflixd.service"):
        answer = self.systemctl("show", "-P", "MainPID", unit)
        return int(answer.stdout)

    def owners_of_models(self):
        shown = self.box.run("find", MODELS, "-printf", "%u:%g\n", check=True).stdout
        return set(shown.split())

    def put_outdated(self, prefix):
        """The drop-in of earlier versions, under which no reload failed."""
        drop_ins = f"{prefix}/lib/systemd/system/textflixd.service.d"
        self.box.run("mkdir", "-p", drop_ins, check=True)
        self.put_file(f"{prefix}/share/textflix/10-notify-reload.conf",
                      "[Service]\nExecReload=\nExecReload=true\n")
        self.box.run("ln", "-s", f"{prefix}/share/textflix/10-notify-reload.conf", drop_ins,
                     check=True)
        self.systemctl("daemon-reload")

    def reload_tells(self):
        """A reload that fails says so, and one that does not."""
        self.put_file(CONFIGURATION, "{ broken")
        answer = self.systemctl("reload", "textflixd.service", check=False)
        self.assertNotEqual(answer.returncode, 0, "whoever reloads is told")
        self.put_file(CONFIGURATION, self.configuration)
        self.systemctl("reload", "textflixd.service")

    def journal(self, *arguments):
        return self.box.run("journalctl", "-u", "textflixd.service", "--no-pager", "-o", "cat",
                            *arguments, check=True).stdout

    def wait_until(self, condition, what, seconds=60):
        try:
            return harness.wait_until(condition, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.journal('-n', '30')}") from None


class Load:
    """Clients that ask without end, each request on its own connection or all on one."""

    def __init__(self, path, fresh=False, threads=2):
        self.path, self.fresh = path, fresh
        self.revisions, self.codes, self.refused, self.times = [], [], [], []
        self.lost = 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def work(self):
        while not self.stopping.is_set():
            try:
                connection = wire.Connection(self.path, timeout=60)
            except OSError as error:
                self.refused.append(error)
                time.sleep(0.01)
                continue
            with connection:
                try:
                    self.ask(connection)
                except OSError:  # it went while we were writing
                    self.lost += 1

    def ask(self, connection):
        while not self.stopping.is_set():
            answer = connection.call(wire.classify(TEXT))
            if answer is None:
                self.lost += 1
                return
            self.codes.append(answer.code)
            self.times.append(time.monotonic())
            if answer.code:
                return
            self.revisions.append(wire.fields(answer.payload)[3][0])
            if self.fresh:
                return

    def answered(self):
        return self.codes.count(0)

    def longest_gap(self):
        """Seconds in which nobody got an answer."""
        times = sorted(self.times)
        return max(after - before for before, after in zip(times, times[1:]))
