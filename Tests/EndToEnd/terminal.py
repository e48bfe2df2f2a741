"""An interactive program on a terminal of its own: keys go in, what it shows is read."""

import os
import pty
import re
import select
import time

# Control sequences and single control characters, as a pattern.
CONTROLS = r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()=>][A-Z0-9]?|[\r\x07\x08]"


class Terminal:
    def __init__(self, command, environment):
        self.shown = ""
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execvpe(command[0], command, environment)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, pattern, seconds=10):
        """Reads on until the screen has it; whether it came."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if re.search(pattern, self.shown):
                return True
            if select.select([self.terminal], [], [], 0.05)[0]:
                try:
                    self.shown += os.read(self.terminal, 1 << 16).decode(errors="replace")
                except OSError:  # the program has ended
                    break
        return re.search(pattern, self.shown) is not None

    def wait(self):
        """Its exit code, once it has shown all. One that does not end is ended: a failure."""
        self.wait_for(r"(?!)")  # never: to the end
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        self.close()
        raise AssertionError(f"it does not end: {self.shown[-500:]!r}")

    def close(self):
        os.close(self.terminal)
        os.kill(self.process, 9)
        os.waitpid(self.process, 0)
