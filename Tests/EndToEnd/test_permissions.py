"""Who may connect, and who may reload: by the socket's mode and the peer's credentials."""

import unittest

from harness import Daemon, needs_root

NOT_PERMITTED = 77
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}


@needs_root
class OtherUsers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.kill)

    def tearDown(self):
        self.assertEqual(self.daemon.control("classify", "x").returncode, 0)

    def test_a_user_outside_the_group_is_refused_with_advice(self):
        self.daemon.socket.chmod(0o660)
        answer = self.daemon.control("classify", "x", **NOBODY)
        self.assertEqual(answer.returncode, NOT_PERMITTED, answer.stderr)
        self.assertIn("group", answer.stderr)

    def test_an_ordinary_user_may_classify_but_not_reload(self):
        self.daemon.socket.chmod(0o666)
        self.assertEqual(self.daemon.control("classify", "x", **NOBODY).returncode, 0)
        answer = self.daemon.control("reload", **NOBODY)
        self.assertEqual(answer.returncode, NOT_PERMITTED, answer.stderr)

    def test_root_may_reload(self):
        self.assertEqual(self.daemon.control("reload").returncode, 0)


if __name__ == "__main__":
    unittest.main()
