"""Tab in the real shells: a line is typed into an interactive bash, zsh and fish on a terminal of
its own, and what stands there after Tab is what the shell made of our completions.

A shell that is not installed is skipped, loudly.
"""

import re
import shutil
import sys
import unittest

from harness import Daemon, ENVIRONMENT, PROGRAMS, run, scratch
from terminal import CONTROLS, Terminal

# What is typed before Tab, and how the line goes on after it.
LINES = [
    ("textflixctl cla", "ssify"),
    ("textflixctl classify --trunc", "ation"),
    ("textflixctl classify --format ts", "v"),
    ("textflixctl classify --model ti", "ny"),  # asked of the daemon
    ("textflixctl --timeout 5s tok", "enize"),
    ("textflixctl --timeout=5s tok", "enize"),
    ("textflixctl bench --scenario off", "line"),
    ("textflixctl bench comp", "are"),
    ("textflixctl bench compare before.json {folder}/unmis", "takable"),
    ("textflixctl completions z", "sh"),
    ("textflixctl classify --file {folder}/unmis", "takable"),
    ("textflixd --precision in", "t8"),
    ("textflixd --check", "-config"),
    ("textflixlab tra", "in"),
]
PROMPT = "ready> "
# How each shell starts without its user's settings, takes up a script, and shows our prompt.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
             "source {scripts}/{program}.bash; PS1='rea''dy> '\n"),
    "zsh": (["zsh", "-f", "-i"],
            "fpath=({scripts}/zsh $fpath); autoload -Uz compinit; compinit -u -D;"
            " unsetopt promptsp; PS1='rea''dy> '\n"),
    "fish": (["fish", "--no-config", "-i"],
             "source {scripts}/{program}.fish; function fish_prompt; echo -n 'rea''dy> '; end\n"),
}


class Tab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.kill)
        cls.scripts = scratch() / "completions"
        (cls.scripts / "zsh").mkdir(parents=True)
        (cls.scripts / "unmistakable").write_text("")
        for program in ("textflixd", "textflixctl", "textflixlab"):
            for shell in SHELLS:
                script = run(program, "--completions", shell).stdout
                (cls.scripts / f"{program}.{shell}").write_text(script)
            shutil.copy(cls.scripts / f"{program}.zsh", cls.scripts / "zsh" / f"_{program}")
        cls.environment = ENVIRONMENT | {
            "PATH": f"{PROGRAMS}:{ENVIRONMENT['PATH']}", "TEXTFLIX_SOCKET": str(cls.daemon.socket),
            "HOME": str(cls.scripts), "TERM": "dumb", "COLUMNS": "200"}

    def complete(self, shell, line, rest):
        command, begin = SHELLS[shell]
        terminal = Terminal(command, self.environment)
        self.addCleanup(terminal.close)
        terminal.type(begin.format(scripts=self.scripts, program=line.split()[0]))
        self.assertTrue(terminal.wait_for(PROMPT), terminal.shown[-500:])
        terminal.shown = ""
        terminal.type(line + "\t")
        # Shells redraw as they like: any control sequence may stand between two letters.
        word = line.split()[-1].rpartition("/")[2] + rest
        wanted = f"(?:{CONTROLS}|\\s)*".join(map(re.escape, word))
        self.assertTrue(terminal.wait_for(wanted), f"{line}: {terminal.shown[-500:]!r}")

    def test_bash_zsh_and_fish(self):
        for shell in SHELLS:
            if not shutil.which(shell):
                print(f"SKIPPED: Tab in {shell}: it is not installed", file=sys.stderr)
                continue
            for line, rest in LINES:
                with self.subTest(shell=shell, line=line):
                    self.complete(shell, line.format(folder=self.scripts), rest)


if __name__ == "__main__":
    unittest.main()
