"""A bounded, seeded run of the fuzzer in every test run; longer ones are fuzz_daemon.py's."""

import unittest

import fuzz_daemon
from harness import Daemon


class Hostile(unittest.TestCase):
    def test_two_thousand_conversations(self):
        with Daemon() as daemon:
            rounds, answers = fuzz_daemon.fuzz(daemon, rounds=2000)
            self.assertEqual(rounds, 2000)
            self.assertGreater(answers, 2000)
            self.assertEqual(daemon.stop(), 0, daemon.log)


if __name__ == "__main__":
    unittest.main()
