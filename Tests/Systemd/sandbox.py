"""A real systemd for the tests: booted once, commands run in it, gone with everything it wrote.

`boot` beside this file does the mounting; here it is started, entered and stopped. What a command
in the sandbox writes (units, users, /run, /var, packages) exists only there. Each has a control
group of its own, since two services of one name in one group would be one to both managers; and it
ends with whoever started it, also when he is killed.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKOUT = pathlib.PurePosixPath("/mnt")  # where the checkout is inside
NAMESPACES = ("--pid", "--mount", "--cgroup", "--uts", "--ipc")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "LANG": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0", "HOME": "/"}


def unavailable():
    """Why there can be no sandbox here; None when there can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("/lib/systemd/systemd", "unshare", "nsenter"):
        if not shutil.which(program):
            return f"{program} is not installed"
    return None


def own_control_group():
    """A new folder in the hierarchy of version 2; None where none can be made."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, folder, kind, *_ = line.split()
        if kind == "cgroup2":
            try:
                return pathlib.Path(tempfile.mkdtemp(prefix="textflix-", dir=folder))
            except OSError:
                return None
    return None


class Sandbox:
    """Over this machine's files, or over those of another `system`."""

    def __init__(self, system="/"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="textflix-systemd.", dir="/var/tmp"))
        (self.folder / "layer").mkdir()
        self.log_path = self.folder / "log"
        self.group = own_control_group()
        # The first process enters the group, whose namespace then begins there.
        enter = 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' if self.group else 'shift; exec "$@"'
        with open(self.log_path, "wb") as log:
            self.outer = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "sh", "-c", enter, "sh", str(self.group),
                 "unshare", "--fork", "--kill-child=KILL", *NAMESPACES,
                 str(pathlib.Path(__file__).with_name("boot")), str(self.folder / "layer"),
                 str(ROOT), str(system)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.init = self.wait_for_init()
        except BaseException:
            self.stop()
            raise

    def wait_for_init(self):
        deadline = time.monotonic() + 30
        children = pathlib.Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children")
        while time.monotonic() < deadline and self.outer.poll() is None:
            for child in map(int, children.read_text().split()):
                if self.enter(child, "systemctl", "is-active", "sandbox.target").returncode == 0:
                    # What it says of units belongs into the journal from here on.
                    self.enter(child, "systemctl", "log-target", "journal")
                    return child
            time.sleep(0.1)
        raise RuntimeError(f"systemd did not start:\n{self.log_path.read_text()}")

    @staticmethod
    def enter(init, *command, **options):
        options = {"stdin": subprocess.DEVNULL, "text": True, "capture_output": True,
                   "timeout": 300, "env": ENVIRONMENT, "check": False} | options
        if "input" in options:
            del options["stdin"]
        return subprocess.run(["nsenter", "-t", str(init), *NAMESPACES, "--",
                               *map(str, command)], **options)

    def run(self, *command, check=False, **options):
        """A command in the sandbox. With `check`, a failure is an error with all it printed."""
        answer = self.enter(self.init, *command, **options)
        if check and answer.returncode:
            raise AssertionError(f"{' '.join(map(str, command))}: exit {answer.returncode}\n"
                                 f"{answer.stdout}{answer.stderr}")
        return answer

    def path(self, inside):
        """How this machine reaches a path of the sandbox; a socket too."""
        return f"/proc/{self.init}/root{inside}"

    def shell(self, script, **options):
        return self.run("bash", "-euo", "pipefail", "-c", script, **options)

    def start(self, *command, **options):
        """A command that goes on in the background."""
        options = {"stdin": subprocess.DEVNULL, "text": True, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "env": ENVIRONMENT} | options
        return subprocess.Popen(["nsenter", "-t", str(self.init), *NAMESPACES, "--",
                                 *map(str, command)], **options)

    def stop(self):
        if self.outer.poll() is None:
            self.outer.send_signal(signal.SIGKILL)
        self.outer.wait()
        self.remove_group()
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_group(self):
        """Its processes are gone a moment after their init."""
        if not self.group:
            return
        deadline = time.monotonic() + 5
        while self.group.exists() and time.monotonic() < deadline:
            for folder, _, _ in os.walk(self.group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    time.sleep(0.02)
