"""SIGTERM and SIGHUP under load: what was accepted is answered, a reload refuses nobody."""

import shutil
import signal
import threading
import time
import unittest

import wire
from harness import Daemon, copied_model, random_model, scratch, wait_until

UNAVAILABLE, CONFIGURATION = 14, 78
TEXT = "a text of some length " * 10


class Load:
    """Threads that classify one text after the other and keep every answer."""

    def __init__(self, daemon, threads=3):
        self.answers, self.failures, self.daemon = [], [], daemon
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def work(self):
        with self.daemon.connect() as connection:
            while not self.stopping.is_set():
                answer = connection.call(wire.classify(TEXT))
                if answer is None or answer.code:
                    self.failures.append(answer and answer.message)
                    return
                self.answers.append(wire.fields(answer.payload)[3][0])


class Terminate(unittest.TestCase):
    def test_accepted_requests_are_answered(self):
        with Daemon() as daemon, daemon.connect() as connection:
            count = 200
            connection.send(b"".join(wire.classify(TEXT, stream=2 * number + 1)
                                     for number in range(count)))
            first = connection.read()
            daemon.signal(signal.SIGTERM)
            answers = [first, *connection.read_all()]
            self.assertEqual(daemon.process.wait(timeout=30), 0, daemon.log)
        # Every request that was read got exactly one end: an answer, or "not any more".
        self.assertEqual(len({answer.stream for answer in answers}), len(answers))
        self.assertLessEqual({answer.code for answer in answers}, {0, UNAVAILABLE})
        self.assertGreater(sum(answer.code == 0 for answer in answers), 0)

    def test_work_in_the_queue_is_finished(self):
        """One large request is accepted; the signal comes while it is computed."""
        with (Daemon(environment={"TEXTFLIX_FAULT": "slow=5"}) as daemon,
              daemon.connect() as connection):
            connection.send(wire.classify(*[TEXT * 4] * 1000))
            wait_until(lambda: self.is_busy(daemon), "the work has begun")
            daemon.signal(signal.SIGTERM)
            answer = connection.read()
            self.assertEqual((answer.code, len(answer.results)), (0, 1000))
            self.assertIsNone(connection.read())
            self.assertEqual(daemon.process.wait(timeout=30), 0, daemon.log)

    def is_busy(self, daemon):
        queue = wire.fields((daemon.status() or {}).get(6, [b""])[0])
        return queue.get(1, [0])[0] + queue.get(4, [0])[0] > 0

    def test_a_stream_is_answered_as_far_as_it_was_accepted(self):
        """Then it ends with UNAVAILABLE, and so does one that waits for its client."""
        open_stream = wire.request("ClassifyStream", flags=wire.REMOTE_OPEN)
        message = wire.message(f2=[TEXT])
        with (Daemon(environment={"TEXTFLIX_FAULT": "slow=20"}) as daemon,
              daemon.connect() as connection, daemon.connect() as idle):
            idle.send(open_stream)
            connection.send(open_stream + b"".join(wire.frame(message, kind=wire.DATA)
                                                   for _ in range(3)))
            wait_until(lambda: self.is_busy(daemon), "the work has begun")
            daemon.signal(signal.SIGTERM)
            answers = connection.read_all()
            self.assertEqual([answer.kind for answer in answers],
                             [wire.DATA] * 3 + [wire.RESPONSE])
            self.assertEqual(answers[-1].code, UNAVAILABLE, answers[-1].message)
            self.assertEqual([answer.code for answer in idle.read_all()], [UNAVAILABLE])
            self.assertEqual(daemon.process.wait(timeout=30), 0, daemon.log)

    def test_idle_clients_do_not_hold_it_up(self):
        with Daemon() as daemon, daemon.connect():
            began = time.monotonic()
            self.assertEqual(daemon.stop(), 0, daemon.log)
            self.assertLess(time.monotonic() - began, 5)

    def test_a_hung_engine_does_not_hold_it_up_for_ever(self):
        configuration = scratch() / "hasty.json"
        configuration.write_text('{ "limits": { "drain_seconds": 0.5 } }')
        with (Daemon("--config", configuration, environment={"TEXTFLIX_FAULT": "hang"}) as daemon,
              daemon.connect() as connection):
            connection.send(wire.classify(TEXT))
            wait_until(lambda: self.is_busy(daemon), "the engine hangs")
            began = time.monotonic()
            self.assertEqual(daemon.stop(), 0, daemon.log)
            self.assertLess(time.monotonic() - began, 5)
            self.assertIn("without an answer", daemon.log)

    def test_a_signal_during_the_start(self):
        for delay in (0.0, 0.01, 0.05):
            with Daemon(ready=False) as daemon:
                time.sleep(delay)
                daemon.signal(signal.SIGTERM)
                self.assertIn(daemon.process.wait(timeout=30), (0, -signal.SIGTERM), daemon.log)


class Reload(unittest.TestCase):
    def test_a_new_revision_under_load(self):
        folder = copied_model("reloaded", seed=1)
        with Daemon(models={"m": folder}) as daemon, Load(daemon) as load:
            wait_until(lambda: len(load.answers) > 50, "answers of the first revision")
            self.replace(folder, random_model(seed=2))
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: len(set(load.answers)) > 1, "answers of the second revision")
            seen = len(load.answers)
            wait_until(lambda: len(load.answers) > seen + 50, "more of them")
            load.stopping.set()
        self.assertEqual(load.failures, [])
        self.assertEqual(len(set(load.answers)), 2)

    @staticmethod
    def replace(folder, new):
        """File by file, by rename: what is mapped is never written into."""
        for path in new.iterdir():
            if path.is_file():
                shutil.copy(path, folder / "new")
                (folder / "new").rename(folder / path.name)

    def test_a_broken_revision_leaves_the_old_one_serving(self):
        folder = copied_model("broken-reload", seed=1)
        with Daemon(models={"m": folder}) as daemon, Load(daemon, threads=1) as load:
            wait_until(lambda: len(load.answers) > 10, "answers")
            (folder / "broken").write_text("{")
            (folder / "broken").rename(folder / "config.json")
            answer = daemon.control("reload")
            self.assertNotEqual(answer.returncode, 0)
            self.assertIn("config.json", answer.stdout + answer.stderr)
            figures = daemon.control("status", "--format", "prometheus").stdout
            for line in ('textflix_model_fault{model="m"} 1', 'textflix_model_ready{model="m"} 1',
                         "textflix_reloads_failed_total 1"):
                self.assertIn(line, figures)
            seen = len(load.answers)
            wait_until(lambda: len(load.answers) > seen + 10, "the old revision still answers")
            self.assertEqual(len(set(load.answers)), 1)
            self.assertIsNone(daemon.process.poll())
        self.assertEqual(load.failures, [])

    def test_a_broken_configuration_leaves_the_last_good_one(self):
        """The last one that was read, not the one of the start; and whoever asked is told."""
        path = scratch() / "changing.json"
        first, second = (f'"{name}": "{random_model(seed=seed)}"'
                         for seed, name in ((1, "first"), (2, "second")))
        path.write_text(f'{{ "models": {{ {first} }} }}')
        with Daemon("--config", path, models={}) as daemon:
            path.write_text(f'{{ "models": {{ {first}, {second} }} }}')
            self.assertEqual(daemon.control("reload").returncode, 0)
            path.write_text('{\n  "models": {},\n  "sockets": 1\n}')
            answer = daemon.control("reload")
            self.assertEqual(answer.returncode, CONFIGURATION, answer.stderr)
            self.assertIn(f"{path}:3:", answer.stderr)
            self.assertIn(f"{path}:3:", daemon.control("status").stdout)
            found = daemon.control("doctor")
            self.assertEqual(found.returncode, 1, found.stdout)
            self.assertRegex(found.stdout, f"FAULT configuration .*{path}:3:")
            self.assertEqual(daemon.counters()["textflix_reloads_failed_total"], 1)
            names = daemon.control("models", "--format", "names").stdout
            self.assertEqual(names, "first\nsecond\n")
            path.write_text(f'{{ "models": {{ {second} }} }}')
            self.assertEqual(daemon.control("reload").returncode, 0)
            self.assertEqual(daemon.control("models", "--format", "names").stdout, "second\n")
            self.assertNotIn(str(path), daemon.control("status").stdout)
            self.assertNotIn("FAULT configuration", daemon.control("doctor").stdout)
            self.assertEqual(daemon.counters()["textflix_reloads_failed_total"], 1)

    def test_a_storm_of_reloads(self):
        with Daemon() as daemon, Load(daemon) as load:
            for _ in range(50):
                daemon.signal(signal.SIGHUP)
                time.sleep(0.005)
            seen = len(load.answers)
            wait_until(lambda: len(load.answers) > seen + 20, "it still answers")
            load.stopping.set()
        self.assertEqual(load.failures, [])


if __name__ == "__main__":
    unittest.main()
