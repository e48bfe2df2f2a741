"""The package over an older and a newer one of itself, under load: nobody is refused, what the
administrator wrote stays, and every instance goes on with the new program."""

import os
import unittest

from service_case import (CHECKOUT, CONFIGURATION, MODELS, ROOT, UNAVAILABLE, Load, ServiceCase,
                          package)

NEWER = "/var/tmp/newer.deb"
COMMENT = "// A default that a newer version brings."


class Upgrade(ServiceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.older = CHECKOUT / package().relative_to(ROOT)
        cls.box.shell(f"""
            dpkg-deb --raw-extract {cls.older} /var/tmp/newer
            sed -i 's/^Version: .*/Version: 99.0/' /var/tmp/newer/DEBIAN/control
            echo '{COMMENT}' >>/var/tmp/newer/etc/textflix/textflixd.json
            dpkg-deb -Znone --build /var/tmp/newer {NEWER} >/dev/null
        """, check=True)

    def install(self, file, *options):
        self.box.run("dpkg", *options, "--install", file, check=True)

    def file(self, path):
        return self.box.run("cat", path, check=True).stdout

    def test_under_load_there_and_back(self):
        self.put_file("/etc/textflix/a.json", self.configuration)
        self.systemctl("start", "textflixd@a.socket")
        self.assertEqual(self.classify("--socket", "/run/textflix/a.sock", "x").returncode, 0)
        self.classify()
        with Load(self.socket, fresh=True) as load:
            # The same file from the package: no question. A changed one: unattended upgrades
            # answer so.
            for file, options in ((self.older, ()), (NEWER, ("--force-confold",)),
                                  (self.older, ("--force-confold", "--force-downgrade"))):
                before = self.main_pid(), self.main_pid("textflixd@a.service")
                seen = load.answered()
                self.install(file, *options)
                self.wait_until(lambda: load.answered() > seen + 20, "answers again")
                after = self.main_pid(), self.main_pid("textflixd@a.service")
                self.assertNotIn(0, after)
                self.assertFalse(set(before) & set(after), "both run the new program")
                self.assertEqual(self.file(CONFIGURATION), self.configuration)
                if file == NEWER:
                    self.assertIn(COMMENT, self.file(f"{CONFIGURATION}.dpkg-dist"))
        self.assertEqual(load.refused, [])
        self.assertLessEqual(set(load.codes), {0, UNAVAILABLE})
        print(f"three upgrades under load: {load.answered()} answered,"
              f" {load.codes.count(UNAVAILABLE)} told to try again, {load.lost} lost")

    def test_a_later_commit_is_a_later_version(self):
        version = self.box.run("dpkg-deb", "--field", self.older, "Version", check=True).stdout
        self.assertRegex(version, r"^\d+\.\d+\.\d+(\+git\d{14}\.[0-9a-f]+)?$")

    def test_models_that_earlier_units_took_are_roots_again(self):
        """And what is neither the service's nor root's stays as it is."""
        self.classify()
        self.box.shell(f"chown -R textflix:textflix {MODELS}; chown nobody {MODELS}/models/other",
                       check=True)
        self.install(self.older)
        self.assertEqual(self.owners_of_models(), {"root:root", "nobody:textflix"})
        self.assertEqual(self.classify().returncode, 0)
        self.box.run("chown", "root:root", f"{MODELS}/models/other", check=True)

    def test_a_drop_in_of_earlier_versions_is_gone(self):
        self.put_outdated("/usr")
        self.install(self.older)
        drop_ins = self.box.path("/usr/lib/systemd/system/textflixd.service.d")
        self.assertFalse(os.path.exists(drop_ins))
        self.classify()
        self.reload_tells()

    def test_from_a_package_with_its_units_below_lib(self):
        old = "/var/tmp/below-lib"
        self.box.shell(f"""
            dpkg-deb --raw-extract {self.older} {old}
            mkdir -p {old}/lib/systemd
            mv {old}/usr/lib/systemd/system {old}/lib/systemd/
            sed -i 's| usr/lib/systemd/system/| lib/systemd/system/|' {old}/DEBIAN/md5sums
            sed -i 's/^Version: .*/Version: 0.0/' {old}/DEBIAN/control
            dpkg-deb -Znone --build {old} {old}.deb >/dev/null
            dpkg --purge textflix
        """, check=True)
        self.install(f"{old}.deb")
        self.put_models()
        self.put_file(CONFIGURATION, self.configuration)
        self.assertEqual(self.classify().returncode, 0)
        self.install(self.older, "--force-confold")
        for name in ("textflixd", "textflixd@"):
            for kind in ("service", "socket"):
                unit = self.box.path(f"/usr/lib/systemd/system/{name}.{kind}")
                self.assertTrue(os.path.exists(unit), unit)
        self.assertEqual(self.systemctl("is-enabled", "textflixd.socket").stdout, "enabled\n")
        self.assertEqual(self.classify().returncode, 0)
        self.assertNotIn("/usr/", self.box.run("dpkg", "--verify", "textflix").stdout)

    def test_what_is_stopped_or_disabled_stays_so(self):
        self.systemctl("disable", "--now", "textflixd.socket", "textflixd.service")
        self.install(self.older)
        for unit in ("textflixd.socket", "textflixd.service"):
            state = self.systemctl("is-active", unit, check=False).stdout
            self.assertEqual(state, "inactive\n", unit)
        self.assertEqual(self.systemctl("is-enabled", "textflixd.socket", check=False).stdout,
                         "disabled\n")
        self.systemctl("enable", "--now", "textflixd.socket")


if __name__ == "__main__":
    unittest.main()
