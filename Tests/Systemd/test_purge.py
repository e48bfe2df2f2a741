"""Purge, of the package and of deploy/uninstall: what is the service's goes, and nothing else."""

import unittest

from service_case import CHECKOUT, MODELS, ROOT, ServiceCase, package


class Purge(ServiceCase):
    def lay_down(self):
        self.box.run("dpkg", "--install", CHECKOUT / package().relative_to(ROOT), check=True)

    def purge(self):
        answer = self.box.run("dpkg", "--purge", "textflix", check=True)
        return answer.stdout + answer.stderr

    def known(self, base):
        return self.box.run("getent", base, "textflix").returncode == 0

    def exists(self, path):
        return self.box.run("test", "-e", path).returncode == 0

    def mounted_stays(self, mount, folder):
        """A folder of the same disk is no less somebody else's than another disk is."""
        self.lay_down()
        self.box.shell(f"mkdir -p {folder} /var/tmp/disk; touch /var/tmp/disk/precious;"
                       f" {mount} {folder}; touch {folder}/precious", check=True)
        try:
            self.assertIn(f"{folder} is mounted there", self.purge())
            self.assertTrue(self.exists(f"{folder}/precious"))
        finally:
            self.box.shell(f"umount {folder}; rm -rf {MODELS}", check=True)
        for path in ("/etc/textflix", "/var/cache/textflix"):
            self.assertFalse(self.exists(path), path)
        self.assertFalse(self.known("passwd") or self.known("group"))

    def test_what_is_mounted_stays(self):
        for mount, folder in (("mount --bind /var/tmp/disk", f"{MODELS}/models/mine"),
                              ("mount -t tmpfs tmpfs", f"{MODELS}/models")):
            with self.subTest(mount, folder=folder):
                self.mounted_stays(mount, folder)

    def test_a_person_of_that_name_stays(self):
        self.lay_down()
        self.purge()
        self.box.run("useradd", "--create-home", "textflix", check=True)
        self.lay_down()
        try:
            self.purge()
            self.assertTrue(self.known("passwd") and self.known("group"))
        finally:
            self.box.run("userdel", "--remove", "textflix")
        self.assertFalse(self.exists(MODELS))


class PurgeOfCheckout(Purge):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box.run("dpkg", "--purge", "textflix", check=True)

    def lay_down(self):
        self.box.run(CHECKOUT / "deploy" / "install", "--built",
                     CHECKOUT / ".build" / "static" / "release", check=True)

    def purge(self):
        answer = self.box.run(CHECKOUT / "deploy" / "uninstall", "--purge", check=True)
        return answer.stdout + answer.stderr


if __name__ == "__main__":
    unittest.main()
