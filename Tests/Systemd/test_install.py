"""deploy/install and deploy/uninstall, as an administrator runs them from a checkout.

The programs that deploy/package built are there already, so that nothing is compiled twice.
"""

import json
import os
import unittest

from sandbox import CHECKOUT
from service_case import CONFIGURATION, ServiceCase, package

OURS = ("/usr/local", "/etc", "/usr/lib", "/lib/systemd", "/run/textflix",
        "/var/lib/textflix", "/var/cache/textflix")
NOT_OURS = ("/etc/.updated", "/etc/ld.so.cache", "/usr/lib/udev/hwdb.bin")


class FromCheckout(ServiceCase):
    """The package is taken away first: here is what `deploy/install` does without one."""

    @classmethod
    def setUpClass(cls):
        package()
        super().setUpClass()
        cls.box.run("dpkg", "--purge", "textflix", check=True)

    def script(self, name, *arguments):
        return self.box.run(CHECKOUT / "deploy" / name, *arguments, check=True).stdout

    def install(self):
        return self.script("install", "--built", CHECKOUT / ".build" / "static" / "release")

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
        self.assertIn("kept as it is", self.install())
        self.assertNotEqual(self.main_pid(), pid, "the new program serves")
        self.answers()
        self.box.shell("useradd member; usermod --append --groups textflix member", check=True)
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

    def answers(self):
        self.put_models()
        answer = self.box.run("/usr/local/bin/textflixctl", "classify", "--format", "jsonl", "x")
        self.assertEqual(answer.returncode, 0, answer.stderr + self.journal())
        self.assertIn("label", json.loads(answer.stdout))


if __name__ == "__main__":
    unittest.main()
