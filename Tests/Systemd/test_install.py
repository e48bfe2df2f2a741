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
USAGE, UNAVAILABLE = 64, 69
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

    def install(self, *arguments, checkout=ROOT, **options):
        return subprocess.run([checkout / "deploy" / "install", *arguments], cwd=self.built.parent,
                              capture_output=True, text=True, check=False, **options)

    def staged(self, stage, *arguments, **options):
        answer = self.install("--destdir", stage, "--built", self.built, *arguments, **options)
        self.assertEqual(answer.returncode, 0, answer.stderr)

    def copy_of_checkout(self):
        """What an installation is made of, where a test may add to it."""
        copy = self.built.parent / "checkout"
        for name in ("deploy", "systemd", "Protocol"):
            shutil.copytree(ROOT / name, copy / name)
        shutil.copy(ROOT / "README.md", copy)
        return copy

    def test_units_and_completions_are_where_they_are_looked_for(self):
        local = ("/usr/local/lib", "/usr/local/lib/systemd/system",
                 "/usr/local/share/zsh/site-functions", "/etc/fish/completions")
        for prefix, (library, units, zsh, fish) in {
                "/usr": ("/usr/lib", "/usr/lib/systemd/system",
                         "/usr/share/zsh/vendor-completions",
                         "/usr/share/fish/vendor_completions.d"),
                "/usr/local/": local, "/opt/textflix": local}.items():
            with self.subTest(prefix):
                stage = f"{self.stage}{prefix}"
                self.staged(stage, "--prefix", prefix)
                self.assertTrue(os.path.exists(f"{stage}{zsh}/_textflixctl"))
                self.assertTrue(os.path.exists(f"{stage}{fish}/textflixctl.fish"))
                for kind in ("sysusers", "tmpfiles"):
                    self.assertTrue(os.path.exists(f"{stage}{library}/{kind}.d/textflix.conf"))
                catalog = f"{stage}{library}/systemd/catalog/textflixd.catalog"
                self.assertTrue(os.path.exists(catalog))
                program = f"{prefix.rstrip('/')}/bin/textflixd"
                self.assertTrue(os.access(stage + program, os.X_OK))
                for name in ("textflixd.service", "textflixd@.service"):
                    unit = pathlib.Path(f"{stage}{units}/{name}").read_text(encoding="utf-8")
                    self.assertIn(f"\nExecStart={program} ", unit)

    def test_nothing_of_a_prefix_of_ones_own_is_below_usr(self):
        """But in /usr/local: /usr may be read-only."""
        self.staged(self.stage, "--prefix", "/opt/textflix")
        tops = {path.relative_to(self.stage).parts[0] for path in self.stage.glob("*")}
        self.assertEqual(tops, {"opt", "usr", "etc"})
        self.assertEqual([path.name for path in (self.stage / "usr").iterdir()], ["local"])

    def test_without_binutils(self):
        programs = self.built.parent / "bin"
        programs.mkdir()
        for folder in ("/bin", "/usr/bin"):
            for program in pathlib.Path(folder).iterdir():
                if program.name != "strip" and not (programs / program.name).is_symlink():
                    (programs / program.name).symlink_to(program)
        self.staged(self.stage, env=os.environ | {"PATH": str(programs)})
        self.assertEqual((self.stage / "usr/local/bin/textflixd").read_bytes(),
                         (self.built / "textflixd").read_bytes())

    def test_help_by_a_path_from_anywhere(self):
        for name in ("install", "uninstall", "package", "quickstart"):
            answer = subprocess.run([f"./{name}", "--no-such"], cwd=ROOT / "deploy",
                                    capture_output=True, text=True, check=False)
            self.assertEqual(answer.returncode, USAGE, answer.stderr)
            self.assertIn(f"Usage: deploy/{name}", answer.stderr)

    def test_what_experiments_have_written_stays_here(self):
        checkout = self.copy_of_checkout()
        strays = {f"deploy/{stray}" for stray in (
            "experiments/train.jsonl", "experiments/nbsvm/model.safetensors",
            "experiments/nbsvm/report.json", "models/mine/textflix.json")}
        for stray in strays:
            (checkout / stray).parent.mkdir(exist_ok=True)
            (checkout / stray).touch()
        self.staged(self.stage, checkout=checkout)
        top = self.stage / "usr/local/share/textflix"
        found = {str(path.relative_to(top)) for path in top.glob("deploy/**/*") if path.is_file()}
        self.assertEqual(found & strays, set())
        listed = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "deploy/experiments", "deploy/models"],
            capture_output=True, text=True, check=False)
        if listed.returncode:
            self.skipTest("not a checkout of git's")
        self.assertEqual(set(listed.stdout.split()) - found, set(), "committed, not laid down")

    def test_everybody_may_read_it_whatever_the_umask(self):
        self.staged(self.stage, umask=0o077)
        shut = [str(path) for path in self.stage.rglob("*")
                if path.stat().st_mode & 0o444 != 0o444 or path.is_dir()
                and path.stat().st_mode & 0o555 != 0o555]
        self.assertEqual(shut, [])

    def test_the_page_of_the_protocol_has_its_vectors_beside_it(self):
        self.staged(self.stage)
        page = self.stage / "usr/local/share/doc/textflix/protocol.md"
        for vectors in (ROOT / "Protocol" / "Vectors").iterdir():
            self.assertIn(f"`{vectors.name}`", page.read_text(encoding="utf-8"))
            self.assertEqual((page.parent / "Vectors" / vectors.name).read_bytes(),
                             vectors.read_bytes())

    def install_with(self, swift, user):
        """From a copy, by that user's sudo, with a program of our own for the compiler."""
        program = self.built / "swift"
        program.write_text(f"#!/bin/sh\n{swift}\n")
        program.chmod(0o755)
        environment = os.environ | {"PATH": f"{self.built}:{os.environ['PATH']}",
                                    "SUDO_USER": "someone", "SUDO_UID": str(user),
                                    "SUDO_GID": str(os.getgid())}
        return self.install("--destdir", self.stage, checkout=self.copy_of_checkout(),
                            env=environment)

    def test_a_compiler_that_fails_is_heard(self):
        answer = self.install_with("echo 'no toolchain is chosen' >&2; exit 1", os.getuid())
        self.assertEqual(answer.returncode, UNAVAILABLE, answer.stdout + answer.stderr)
        self.assertIn("no toolchain is chosen", answer.stderr)
        self.assertIn("$HOME", answer.stderr)

    @unittest.skipIf(os.geteuid(), "needs root")
    def test_half_a_build_is_the_callers_too(self):
        answer = self.install_with("echo Swift version 6.3; [ $1 = --version ] ||"
                                   " { mkdir .build; touch .build/half; exit 3; }", user=1234)
        self.assertEqual(answer.returncode, 3, answer.stdout + answer.stderr)
        half = self.built.parent / "checkout" / ".build" / "half"
        self.assertEqual(half.stat().st_uid, 1234)

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
        self.put_outdated("/usr/local")
        catalog = "/usr/lib/systemd/catalog/textflixd.catalog"
        self.put_file(catalog, "")
        self.assertIn("kept as it is", self.install())
        self.assertNotEqual(self.main_pid(), pid, "the new program serves")
        self.assertEqual(self.owners_of_models(), {"root:root"})
        self.answers()
        self.reload_tells()
        self.assertFalse(os.path.exists(self.box.path(catalog)))
        explained = self.box.run("journalctl", "--list-catalog").stdout
        self.assertIn("The configuration was not read again", explained)
        self.box.shell("useradd member; usermod --append --groups textflix member", check=True)
        self.put_file("/etc/default/textflixd-side", "")
        old = "/usr/local/share/zsh/vendor-completions"  # where no zsh of Debian's looks
        self.box.shell(f"mkdir -p {old}; touch {old}/_textflixctl", check=True)
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

    def test_an_upgrade_leaves_the_socket_as_the_administrator_has_it(self):
        self.install()
        self.systemctl("disable", "--now", "textflixd.socket")
        for state in ("disabled", "masked"):
            if state == "masked":
                self.systemctl("mask", "textflixd.socket")
            self.assertIn(f"textflixd.socket is {state}", self.install())
            answer = self.systemctl("is-enabled", "textflixd.socket", check=False)
            self.assertEqual(answer.stdout, f"{state}\n")
            self.assertNotEqual(
                self.systemctl("is-active", "textflixd.socket", check=False).returncode, 0)
        self.systemctl("unmask", "textflixd.socket")
        self.script("uninstall", "--purge")
        self.install()
        self.assertEqual(self.systemctl("is-active", "textflixd.socket").stdout, "active\n")
        self.script("uninstall", "--purge")

    def answers(self, prefix="/usr/local"):
        self.put_models()
        answer = self.box.run(f"{prefix}/bin/textflixctl", "classify", "--format", "jsonl", "x")
        self.assertEqual(answer.returncode, 0, answer.stderr + self.journal())
        self.assertIn("label", json.loads(answer.stdout))


if __name__ == "__main__":
    unittest.main()
