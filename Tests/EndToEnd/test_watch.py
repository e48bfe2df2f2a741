"""`status --watch` on a terminal: the page renews itself, keys are heard, the terminal is left as
it was."""

import os
import re
import signal
import time
import unittest

from harness import Daemon, ENVIRONMENT, PROGRAMS, run, wait_until
from terminal import Terminal

USAGE = 64
ALTERNATE_SCREEN, ORIGINAL_SCREEN, CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"


class Watch(unittest.TestCase):
    def watch(self, daemon, end):
        """Starts it, lets `end` make it stop; -> (exit code, all that it showed)"""
        terminal = Terminal(
            [str(PROGRAMS / "textflixctl"), "--socket", str(daemon.socket), "status", "--watch",
             "--interval", "50ms"], ENVIRONMENT | {"TERM": "xterm"})
        self.assertTrue(terminal.wait_for("textflixd .*ready"), terminal.shown)
        end(terminal)
        code = terminal.wait()
        self.assertIn(ALTERNATE_SCREEN, terminal.shown)
        tail = terminal.shown.rpartition(ORIGINAL_SCREEN)
        self.assertTrue(tail[1] and CURSOR in tail[0][-20:], "the terminal is as it was")
        return code, terminal.shown

    def test_it_goes_on_and_ends_by_a_key(self):
        with Daemon() as daemon:
            def ask_then_quit(terminal):
                daemon.control("classify", "one", "two")
                self.assertTrue(terminal.wait_for("texts +2"), terminal.shown)
                terminal.type("q")
            code, _ = self.watch(daemon, ask_then_quit)
        self.assertEqual(code, 0)

    def test_control_c(self):
        with Daemon() as daemon:
            code, _ = self.watch(daemon, lambda terminal: terminal.type("\x03"))
        self.assertEqual(code, 130)

    def test_control_z_leaves_the_screen_and_comes_back_to_it(self):
        with Daemon() as daemon:
            def stop_and_go_on(terminal):
                terminal.type("\x1a")
                wait_until(lambda: os.WIFSTOPPED(
                    os.waitpid(terminal.process, os.WNOHANG | os.WUNTRACED)[1]), "it is stopped")
                self.assertTrue(terminal.wait_for(re.escape(ORIGINAL_SCREEN)), terminal.shown)
                self.assertTrue(terminal.shown.endswith(ORIGINAL_SCREEN), terminal.shown)
                terminal.shown = ""
                os.kill(terminal.process, signal.SIGCONT)
                self.assertTrue(terminal.wait_for("textflixd .*ready"), terminal.shown)
                terminal.type("q")
            code, _ = self.watch(daemon, stop_and_go_on)
        self.assertEqual(code, 0)

    def test_a_dumb_terminal_gets_no_sequences(self):
        with Daemon() as daemon:
            terminal = Terminal(
                [str(PROGRAMS / "textflixctl"), "--socket", str(daemon.socket), "status",
                 "--watch", "--interval", "0"], ENVIRONMENT | {"TERM": "dumb"})
            self.assertTrue(terminal.wait_for("(?s)ready.*ready"), terminal.shown)
            terminal.type("q")
            self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("\x1b", terminal.shown)

    def test_a_daemon_that_goes_and_comes_back(self):
        with Daemon() as daemon:
            def restart(terminal):
                daemon.stop()
                self.assertTrue(terminal.wait_for("textflixctl:|cannot|no daemon|connect"),
                                terminal.shown[-2000:])
                with Daemon(folder=daemon.folder) as again:
                    wait_until(lambda: again.status(), "it is back")
                    terminal.shown = ALTERNATE_SCREEN
                    self.assertTrue(terminal.wait_for(f"process {again.process.pid}"),
                                    terminal.shown[-2000:])
                    time.sleep(0.1)
                    terminal.type("q")
            code, _ = self.watch(daemon, restart)
        self.assertEqual(code, 0)

    def test_without_a_terminal(self):
        with Daemon() as daemon:
            answer = run("textflixctl", "--socket", daemon.socket, "status", "--watch")
        self.assertEqual((answer.returncode, answer.stdout), (USAGE, ""))
        self.assertIn("terminal", answer.stderr)


if __name__ == "__main__":
    unittest.main()
