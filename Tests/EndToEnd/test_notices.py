"""What the service manager hears: the datagrams on NOTIFY_SOCKET, without a service manager."""

import os
import signal
import socket
import time
import unittest

from harness import Daemon, random_model, scratch, wait_until


class Manager:
    """Keeps each datagram as a dictionary."""

    count = 0

    def __init__(self):
        Manager.count += 1
        self.path = scratch() / f"notify{Manager.count}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.setblocking(False)
        self.heard = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def listen(self):
        try:
            while True:
                lines = self.socket.recv(1 << 16).decode().splitlines()
                self.heard.append(dict(line.split("=", 1) for line in lines))
        except BlockingIOError:
            return self.heard

    def find(self, key):
        return [each for each in self.listen() if key in each]

    @property
    def environment(self):
        return {"NOTIFY_SOCKET": str(self.path)}


class Notices(unittest.TestCase):
    def test_a_life(self):
        """Ready when it answers; a reload with its time; ready again; stopping in time."""
        with Manager() as manager, Daemon(environment=manager.environment) as daemon:
            self.assertEqual(len(manager.find("READY")), 1)
            self.assertIn("tiny", manager.heard[-1]["STATUS"])
            before = time.monotonic_ns() // 1000
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: len(manager.find("READY")) == 2, "ready after a reload")
            (reloading,) = manager.find("RELOADING")
            time_of_it = int(reloading["MONOTONIC_USEC"])  # in the same datagram
            self.assertLess(before, time_of_it)
            self.assertLess(time_of_it, time.monotonic_ns() // 1000)
            order = [next(iter(set(each) & {"READY", "RELOADING"}), "") for each in manager.heard]
            self.assertEqual([each for each in order if each], ["READY", "RELOADING", "READY"])
            self.assertEqual(daemon.stop(), 0)
            (stopping,) = manager.find("STOPPING")
            # drain_seconds is 45: it gives up before it is killed.
            self.assertGreater(int(stopping["EXTEND_TIMEOUT_USEC"]), 50 * 10**6)
            self.assertFalse([each for each in manager.heard if "WATCHDOG" in each])

    def test_progress_asks_for_more_time(self):
        """While weights are packed it says how far it is, before it is ready."""
        with Manager() as manager, Daemon(
                "--precision", "bf16", models={"m": random_model("minilm")},
                environment=manager.environment):
            ready = manager.heard.index(manager.find("READY")[0])
            progress = [each for each in manager.heard[:ready] if "EXTEND_TIMEOUT_USEC" in each]
            self.assertTrue(progress, manager.heard)
            self.assertTrue(all("STATUS" in each for each in progress))

    def test_a_reload_that_fails_is_over_as_well(self):
        path = scratch() / "notices.json"
        path.write_text(f'{{ "models": {{ "tiny": "{random_model()}" }} }}')
        with Manager() as manager, Daemon("--config", path, models={},
                                          environment=manager.environment) as daemon:
            path.write_text("{ broken")
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: len(manager.find("READY")) == 2, "ready after a failed reload")
            status = manager.find("READY")[1]["STATUS"]
            self.assertIn("serving tiny", status)
            self.assertIn(f"{path}:1:", status)

    def test_the_watchdog_is_fed(self):
        """Twice in each interval, by a daemon that is idle and by one that works."""
        with Manager() as manager, Daemon(
                environment=manager.environment | {"WATCHDOG_USEC": "200000"}) as daemon:
            daemon.control("classify", *[f"text {number}" for number in range(50)])
            time.sleep(1)
            self.assertGreater(len(manager.find("WATCHDOG")), 5)
            os.kill(daemon.process.pid, signal.SIGSTOP)
            time.sleep(0.1)
            fed = len(manager.find("WATCHDOG"))
            time.sleep(0.5)
            self.assertEqual(len(manager.find("WATCHDOG")), fed)
            os.kill(daemon.process.pid, signal.SIGCONT)


if __name__ == "__main__":
    unittest.main()
