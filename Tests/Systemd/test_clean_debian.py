"""The package on a Debian that has nothing else: it installs, answers, and purge leaves nothing.

The clean system is made once by mmdebstrap from this machine's own package sources and kept in
.build; it is booted like every sandbox, so that nothing is written into it.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import sandbox
from sandbox import CHECKOUT, ROOT, Sandbox
from service_case import harness, package

NOT_OURS = ("/proc", "/sys", "/dev", "/run", "/tmp", "/mnt", "/var/lib/dpkg", "/var/log",
            "/var/cache/ldconfig", "/var/lib/systemd", "/etc/machine-id", "/etc/.updated",
            "/var/.updated")
CODENAMES = ("bookworm", "trixie")  # the oldest that the package is for, and its successor


def unavailable():
    if why := sandbox.unavailable():
        return why
    return None if shutil.which("mmdebstrap") else "mmdebstrap is not installed"


def package_sources(codename, folder):
    """This machine's own sources of Debian, as those of another release: copies in `folder`."""
    here = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)
    found = [pathlib.Path("/etc/apt/sources.list"),
             *pathlib.Path("/etc/apt/sources.list.d").glob("debian*.sources")]
    for path in found:
        if path.exists():
            copy = folder / path.name
            copy.write_text(path.read_text().replace(here.group(1), codename))
            yield str(copy)


def clean_system(codename):
    """A tar file of a minimal Debian with the package's dependencies."""
    archive = ROOT / ".build" / f"debian-{codename}.tar"
    if not archive.exists():
        depends = ("systemd,init-system-helpers,passwd,libstemmer0d,libstdc++6,"
                   "libsystemd0")
        with tempfile.TemporaryDirectory() as folder:
            made = subprocess.run(
                ["mmdebstrap", "--quiet", "--variant=apt", f"--include={depends}", codename,
                 f"{archive}.new.tar", *package_sources(codename, pathlib.Path(folder))],
                capture_output=True, text=True, check=False)
        if made.returncode:
            raise unittest.SkipTest(f"no clean Debian to be had: {made.stderr.strip()[-200:]}")
        os.rename(f"{archive}.new.tar", archive)
    return archive


@unittest.skipIf(unavailable(), str(unavailable()))
class CleanDebian(unittest.TestCase):
    def boot(self, codename):
        archive = clean_system(codename)
        root = pathlib.Path(tempfile.mkdtemp(prefix="textflix-debian.", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        subprocess.run(["tar", "-C", str(root), "--exclude=./dev/*", "-xf", str(archive)],
                       check=True)
        self.box = Sandbox(root)
        self.addCleanup(self.box.stop)

    def files(self):
        """Every path of the system, and what /etc/passwd and /etc/group hold."""
        root = self.box.path("")
        found = {f"{name}: {line}" for name in ("passwd", "group")
                 for line in pathlib.Path(root, "etc", name).read_text().splitlines()}
        for folder, folders, names in os.walk(root):
            inside = folder.removeprefix(root)
            folders[:] = [each for each in folders if f"{inside}/{each}" not in NOT_OURS]
            found.update(f"{inside}/{name}" for name in folders + names)
        return {path for path in found if not path.endswith("-")}  # passwd- and its like: backups

    def test_install_answer_purge(self):
        for codename in CODENAMES:
            with self.subTest(codename):
                self.boot(codename)
                self.install_answer_purge()

    def revision(self):
        status = self.box.run("textflixctl", "status", "--format", "json", check=True).stdout
        return json.loads(status)["models"][0]["revision"]

    def reload_waits(self):
        """When systemctl comes back, the new model serves."""
        before = self.revision()
        folder = self.box.path("/var/lib/textflix/models/sentiment")
        shutil.rmtree(folder)
        shutil.copytree(harness.random_model(seed=2), folder)
        self.box.run("systemctl", "reload", "textflixd.service", check=True)
        self.assertNotEqual(self.revision(), before)

    def reload_tells(self):
        """A reload that fails says so, and the old model serves on."""
        configuration = pathlib.Path(self.box.path("/etc/textflix/textflixd.json"))
        text, before = configuration.read_text(), self.revision()
        configuration.write_text("{ broken")
        answer = self.box.run("systemctl", "reload", "textflixd.service")
        self.assertNotEqual(answer.returncode, 0, "whoever reloads is told")
        self.assertEqual(self.state(), "active")
        self.assertEqual(self.revision(), before)
        configuration.write_text(text)
        self.box.run("systemctl", "reload", "textflixd.service", check=True)

    def a_signal_reloads(self):
        """One that nobody asked systemctl for; afterwards the service is active as before."""
        def reloads():
            figures = self.box.run("textflixctl", "status", "--format", "prometheus").stdout
            return re.search(r"^textflix_reloads_total (\d+)", figures, re.M).group(1)
        before = reloads()
        self.box.run("systemctl", "kill", "--signal=HUP", "--kill-whom=main", "textflixd.service",
                     check=True)
        harness.wait_until(lambda: reloads() != before, "the reload", 30)
        harness.wait_until(lambda: self.state() == "active", "active again", 30)

    def state(self):
        return self.box.run("systemctl", "is-active", "textflixd.service").stdout.strip()

    def install_answer_purge(self):
        built = package()
        before = self.files()
        self.box.run("dpkg", "--install", CHECKOUT / built.relative_to(ROOT), check=True)
        self.assertEqual(self.box.run("systemctl", "is-active", "textflixd.socket").stdout,
                         "active\n")
        model = self.box.path("/var/lib/textflix/models/sentiment")
        shutil.copytree(harness.random_model(), model)
        answer = self.box.run("textflixctl", "classify", "--format", "jsonl", "a text")
        self.assertEqual(answer.returncode, 0, answer.stderr + self.box.run(
            "journalctl", "-u", "textflixd", "--no-pager").stdout)
        self.assertIn("label", json.loads(answer.stdout))
        self.reload_waits()
        self.reload_tells()
        self.a_signal_reloads()
        for again in range(2):  # an upgrade to itself keeps it running
            self.box.run("dpkg", "--install", CHECKOUT / built.relative_to(ROOT),
                         check=True)
            self.assertEqual(self.box.run("textflixctl", "classify", "x").returncode, 0, again)
        answer = self.box.run("dpkg", "--purge", "textflix", check=True)
        self.assertNotIn("warning", answer.stdout + answer.stderr)
        self.assertEqual({path for path in self.files() - before if path not in NOT_OURS}, set())
        self.assertEqual(self.box.run("systemctl", "is-active", "textflixd.socket").stdout,
                         "inactive\n")
        self.assertFalse(os.path.exists(self.box.path("/run/textflix")))


if __name__ == "__main__":
    unittest.main()
