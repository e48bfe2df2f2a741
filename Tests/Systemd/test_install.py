"""deploy/install and deploy/uninstall, as an administrator runs them from a checkout.

The programs that deploy/package built are there already, so that nothing is compiled twice.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from sandbox import CHECKOUT, ROOT
from service_case import CONFIGURATION, MODELS, ServiceCase, package

OURS = ("/usr/local", "/opt/textflix", "/etc", "/usr/lib", "/lib/systemd", "/run/textflix",
        "/var/lib/textflix", "/var/cache/textflix")
USAGE = 64
NOT_OURS = ("/etc/.updated", "/etc/ld.so.cache", "/usr/lib/udev/hwdb.bin")


class Staged(unittest.TestCase):
    """What is written where, with programs that do nothing; it needs neither root nor systemd."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.built, self.stage = (pathlib.Path(folder.name, name) for name in ("built", "stage"))
        self.built.mkdir()
        for program in ("textflixd", "textflixctl", "textflixlab"):
            shutil.copy("/bin/true", self.built / program)

    def install(self, *arguments):
        return subprocess.run([ROOT / "deploy" / "install", *arguments], cwd=self.built.parent,
                              capture_output=True, text=True, check=False)

    def test_units_are_where_systemd_looks(self):
        for prefix, library, units in (
                ("/usr", "/usr/lib", "/lib/systemd/system"),
                ("/usr/local/", "/usr/local/lib", "/usr/local/lib/systemd/system"),
                ("/opt/textflix", "/usr/local/lib", "/usr/local/lib/systemd/system")):
            with self.subTest(prefix):
                stage = f"{self.stage}{prefix}"
                answer = self.install("--prefix", prefix, "--destdir", stage,
                                      "--built", self.built)
                self.assertEqual(answer.returncode, 0, answer.stderr)
                for kind in ("sysusers", "tmpfiles"):
                    self.assertTrue(os.path.exists(f"{stage}{library}/{kind}.d/textflix.conf"))
                program = f"{prefix.rstrip('/')}/bin/textflixd"
                self.assertTrue(os.access(stage + program, os.X_OK))
                for name in ("textflixd.service", "textflixd@.service"):
                    unit = pathlib.Path(f"{stage}{units}/{name}").read_text(encoding="utf-8")
                    self.assertIn(f"\nExecStart={program} ", unit)

    def test_a_folder_that_cannot_be_meant_is_refused_before_anything_is_written(self):
        for wrong in (["--prefix", "opt/textflix"], ["--prefix", "/opt/a b"],
                      ["--prefix", "/run/textflix"], ["--prefix", "/tmp/textflix"],
                      ["--destdir", "stage"], ["--built", "built"]):
            with self.subTest(wrong):
                answer = self.install("--destdir", self.stage, "--built", self.built, *wrong)
                self.assertEqual(answer.returncode, USAGE, answer.stdout + answer.stderr)
                self.assertIn(wrong[0], answer.stderr)
                self.assertFalse(self.stage.exists())
                self.assertFalse((ROOT / "stage").exists())


class FromCheckout(ServiceCase):
    """The package is taken away first: here is what `deploy/install` does without one."""

    @classmethod
    def setUpClass(cls):
        package()
        super().setUpClass()
        cls.box.run("dpkg", "--purge", "textflix", check=True)

    def script(self, name, *arguments):
        return self.box.run(CHECKOUT / "deploy" / name, *arguments, check=True).stdout

    def install(self, *arguments):
        return self.script("install", "--built", CHECKOUT / ".build" / "static" / "release",
                           *arguments)

    def files(self):
        """All but folders: which of those were there before is nobody's to know."""
        listing = self.box.run("find", *OURS, "-xdev", "-not", "-type", "d").stdout
        return {path for path in listing.splitlines()
                if path not in NOT_OURS and not path.endswith("-")}  # subuid- and its like: backups

    def test_install_twice_and_uninstall(self):
        before = self.files()
        self.install()
        self.put_file(CONFIGURATION, self.configuration)
        self.answers()
        pid = self.main_pid()
        self.box.run("chown", "-R", "textflix:textflix", MODELS, check=True)  # as units once did
        self.assertIn("kept as it is", self.install())
        self.assertNotEqual(self.main_pid(), pid, "the new program serves")
        self.assertEqual(self.owners_of_models(), {"root:root"})
        self.answers()
        self.box.shell("useradd member; usermod --append --groups textflix member", check=True)
        self.put_file("/etc/default/textflixd-side", "")
        self.box.run("systemctl", "enable", "--now", "textflixd@side.socket", check=True)
        self.script("uninstall")
        left = self.files() - before
        self.assertIn(CONFIGURATION, left, "configuration and models are the administrator's")
        self.assertEqual([path for path in left if path.startswith("/usr")], [])
        for _ in range(2):
            self.script("uninstall", "--purge")
        self.assertEqual(self.files() - before, set())
        for folder in ("/etc", "/run", "/var/lib", "/var/cache"):
            self.assertFalse(os.path.exists(self.box.path(f"{folder}/textflix")), folder)
        for base in ("passwd", "group"):
            self.assertNotEqual(self.box.run("getent", base, "textflix").returncode, 0)

    def test_a_prefix_of_ones_own(self):
        before = self.files()
        prefix = "/opt/textflix"
        self.install("--prefix", prefix)
        self.put_file(CONFIGURATION, self.configuration)
        self.answers(prefix)
        self.script("uninstall", "--prefix", prefix, "--purge")
        self.assertEqual(self.files() - before, set())

    def answers(self, prefix="/usr/local"):
        self.put_models()
        answer = self.box.run(f"{prefix}/bin/textflixctl", "classify", "--format", "jsonl", "x")
        self.assertEqual(answer.returncode, 0, answer.stderr + self.journal())
        self.assertIn("label", json.loads(answer.stdout))


if __name__ == "__main__":
    unittest.main()
