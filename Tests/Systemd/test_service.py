"""The installed package under a real systemd: activation, reload, restart, crashes, rights."""

import json
import os
import re
import subprocess
import threading
import time
import unittest

from service_case import (CONFIGURATION, DEADLINE_EXCEEDED, MODELS, PERMISSION, TEXT, UNAVAILABLE,
                          Load, ServiceCase, wire)


class Activation(ServiceCase):
    def test_the_first_request_starts_the_service(self):
        self.systemctl("stop", "textflixd.service")
        self.assertEqual(self.systemctl("is-active", "textflixd.service", check=False).stdout,
                         "inactive\n")
        self.assertEqual(self.systemctl("is-active", "textflixd.socket").stdout, "active\n")
        answer = self.classify("--format", "jsonl", "a text")
        self.assertEqual(answer.returncode, 0, answer.stderr + self.journal())
        self.assertIn("probability", json.loads(answer.stdout))
        self.assertEqual(self.systemctl("is-active", "textflixd.service").stdout, "active\n")

    def test_stopping_the_service_keeps_the_socket(self):
        self.classify()
        self.systemctl("stop", "textflixd.service")
        self.assertTrue(os.path.exists(self.socket))
        self.assertEqual(self.classify().returncode, 0)

    def test_status_says_what_it_does(self):
        self.classify()
        time.sleep(1.5)  # later reports of progress do not wipe it out
        text = self.systemctl("show", "-P", "StatusText", "textflixd.service").stdout
        self.assertIn("tiny", text)


class UnderLoad(ServiceCase):
    def test_reload_with_a_new_revision(self):
        self.classify()
        with Load(self.socket) as load:
            self.wait_until(lambda: load.answered() > 50, "answers")
            self.box.shell("cd /var/lib/textflix/models; mv tiny before; cp -r other tiny")
            self.systemctl("reload", "textflixd.service")
            self.wait_until(lambda: len(set(load.revisions)) == 2, "the new revision")
            seen = load.answered()
            self.wait_until(lambda: load.answered() > seen + 50, "more answers")
        self.assertEqual((load.refused, load.lost, set(load.codes)), ([], 0, {0}))

    def test_restart_refuses_no_connection(self):
        self.classify()
        with Load(self.socket, fresh=True) as load:
            for _ in range(3):
                seen = load.answered()
                self.systemctl("restart", "textflixd.service")
                self.wait_until(lambda: load.answered() > seen + 20, "answers after a restart")
        self.assertEqual(load.refused, [])
        self.assertLessEqual(set(load.codes), {0, UNAVAILABLE})
        print(f"three restarts under load: {load.answered()} answered,"
              f" {load.codes.count(UNAVAILABLE)} told to try again, {load.lost} lost")

    def test_the_clients_own_retry_hides_a_restart(self):
        self.classify()
        lines = "".join(f"line {number} {TEXT}\n" for number in range(3000))
        running = self.box.start("textflixctl", "classify", "--format", "tsv",
                                 stdin=subprocess.PIPE)
        feeding = threading.Thread(target=running.communicate, args=(lines,))
        feeding.start()
        time.sleep(0.3)
        self.systemctl("restart", "textflixd.service")
        feeding.join(timeout=120)
        self.assertEqual(running.returncode, 0)

    def test_killed_it_is_back_and_the_socket_survives(self):
        self.classify()
        with Load(self.socket, fresh=True) as load:
            self.wait_until(lambda: load.answered() > 50, "answers")
            before = self.main_pid()
            self.systemctl("kill", "--signal=KILL", "textflixd.service")
            self.wait_until(lambda: self.main_pid() not in (0, before), "another process")
            seen = load.answered()
            self.wait_until(lambda: load.answered() > seen + 50, "answers again")
        self.assertEqual(load.refused, [], "the socket never refuses")
        print(f"after kill -9: {load.longest_gap():.2f} s without an answer,"
              f" {load.lost} requests lost their connection")
        self.assertLess(load.longest_gap(), 10)


class Watchdog(ServiceCase):
    drop_in = "/run/systemd/system/textflixd.service.d"

    def override(self, *lines):
        """Other settings of the service, in force after its restart."""
        self.box.run("mkdir", "-p", self.drop_in, check=True)
        self.put_file(f"{self.drop_in}/test.conf", "\n".join(["[Service]", *lines]) + "\n")
        self.systemctl("daemon-reload")
        self.systemctl("reset-failed")
        self.systemctl("restart", "textflixd.service")

    def tripped(self, before):
        self.wait_until(lambda: self.main_pid() not in (0, before), "the watchdog")
        self.assertIn("watchdog timeout", self.journal().lower())

    def test_a_process_that_stands_still(self):
        self.override("WatchdogSec=2")
        before = self.main_pid()
        self.systemctl("kill", "--signal=STOP", "textflixd.service")
        self.tripped(before)
        self.assertEqual(self.classify().returncode, 0)

    def test_an_engine_that_hangs(self):
        """The I/O loop goes on and answers Status, but no batch ever ends."""
        self.override("WatchdogSec=2", "TimeoutStopSec=2", "TimeoutAbortSec=2",
                      "Environment=TEXTFLIX_FAULT=hang")
        before = self.main_pid()
        # No pipes: what nsenter started outlives it, and would keep them open.
        waiting = self.box.start("textflixctl", "--timeout", "60s", "classify", "a text",
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.tripped(before)
        waiting.kill()
        waiting.wait()
        self.override()
        self.assertEqual(self.classify().returncode, 0)

    def test_a_slow_engine_is_not_a_hung_one(self):
        self.override("WatchdogSec=2", "Environment=TEXTFLIX_FAULT=slow=300")
        before = self.main_pid()
        answer = self.classify(*[f"text {number}" for number in range(20)])
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(self.main_pid(), before)


class Mistakes(ServiceCase):
    def tearDown(self):
        self.put_file(CONFIGURATION, self.configuration)
        self.systemctl("reset-failed")
        self.systemctl("restart", "textflixd.socket")

    def test_a_broken_configuration_is_said_with_its_line(self):
        self.systemctl("stop", "textflixd.service")
        self.put_file(CONFIGURATION, '{\n  "models": {},\n  "sockets": 1\n}\n')
        answer = self.systemctl("start", "textflixd.service", check=False)
        self.assertNotEqual(answer.returncode, 0)
        self.assertRegex(self.journal(), rf"{CONFIGURATION}:3:\d+: .*sockets")
        starts = self.systemctl("show", "-P", "NRestarts", "textflixd.service").stdout
        self.assertEqual(starts, "0\n", "another try mends nothing")
        for _ in range(2):  # the socket stays, and who connects is told
            answer = self.classify()
            self.assertIn("sockets", answer.stderr)
            self.assertEqual(self.systemctl("is-active", "textflixd.socket").stdout, "active\n")

    def test_the_way_back_that_the_catalog_names_after_too_many_failed_starts(self):
        self.systemctl("stop", "textflixd.service")
        self.put_file(CONFIGURATION, "{ broken")
        self.wait_until(lambda: self.classify() and not os.path.exists(self.socket),
                        "the socket is taken down")
        self.put_file(CONFIGURATION, self.configuration)
        text = self.box.run("cat", "/usr/lib/systemd/catalog/textflixd.catalog").stdout
        for command in re.findall(r"^systemctl (?:reset-failed|start) .*", text, re.M):
            self.box.run(*command.split(), check=True)
        self.assertEqual(self.classify().returncode, 0, self.journal())

    def test_taking_up_changes_asks_nothing_of_a_service_that_does_not_run(self):
        self.systemctl("stop", "textflixd.service")
        self.systemctl("try-reload-or-restart", "textflixd.service")
        self.assertEqual(self.main_pid(), 0)
        self.classify()
        before = self.main_pid()
        self.systemctl("try-reload-or-restart", "textflixd.service")
        self.assertEqual(self.main_pid(), before, "reloaded, not restarted")

    def test_a_broken_reload_keeps_the_old_one_serving(self):
        self.classify()
        before = self.main_pid()
        self.put_file(CONFIGURATION, "{ broken")
        answer = self.systemctl("reload", "textflixd.service", check=False)
        self.assertNotEqual(answer.returncode, 0, "whoever reloads is told")
        self.wait_until(lambda: CONFIGURATION in self.journal(), "the journal says why")
        text = self.systemctl("show", "-P", "StatusText", "textflixd.service").stdout
        self.assertIn(CONFIGURATION, text, "systemctl status says it as well")
        self.assertEqual(self.main_pid(), before)
        self.assertEqual(self.classify().returncode, 0)


class Units(ServiceCase):
    def test_verify_is_silent(self):
        for unit in ("textflixd.service", "textflixd.socket", "textflixd@a.service",
                     "textflixd@a.socket"):
            answer = self.box.run("systemd-analyze", "verify", unit)
            self.assertEqual((answer.stdout + answer.stderr).strip(), "", unit)

    def test_the_sandbox_of_the_service_scores_under_0_6(self):
        answer = self.box.run("systemd-analyze", "security", "--no-pager", "textflixd.service")
        score = float(re.search(r"exposure level for \S+: ([\d.]+)", answer.stdout).group(1))
        print(f"systemd-analyze security textflixd.service: {score}")
        self.assertLessEqual(score, 0.6)

    def test_two_instances(self):
        for name, model in (("a", "tiny"), ("b", "other")):
            self.put_file(f"/etc/textflix/{name}.json",
                          f'{{ "models": {{ "m": "/var/lib/textflix/models/{model}" }} }}\n')
            self.systemctl("start", f"textflixd@{name}.socket")
        answers = [self.box.run("textflixctl", "--socket", f"/run/textflix/{name}.sock",
                                "classify", "--format", "jsonl", "a text") for name in "ab"]
        for answer in answers:
            self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertNotEqual(answers[0].stdout, answers[1].stdout)
        self.assertNotEqual(self.main_pid("textflixd@a.service"),
                            self.main_pid("textflixd@b.service"))


class Sandboxed(ServiceCase):
    """What the sandbox of the unit must leave to the daemon."""

    def test_it_has_no_rights(self):
        self.classify()
        text = self.box.run("cat", f"/proc/{self.main_pid()}/status").stdout
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        for name, value in {"NoNewPrivs": "1", "Seccomp": "2", "CapEff": "0" * 16,
                            "CapBnd": "0" * 16, "CapAmb": "0" * 16}.items():
            self.assertEqual(status[name], value, name)
        user = self.box.run("id", "-u", "textflix").stdout.strip()
        self.assertEqual(set(status["Uid"].split()), {user})
        options = self.box.shell(
            f"nsenter --mount --target {self.main_pid()} findmnt -n -o OPTIONS /").stdout
        self.assertIn("ro", options.strip().split(","))

    def test_models_are_roots_and_only_read(self):
        self.systemctl("restart", "textflixd.service")
        self.classify()
        self.assertEqual(self.owners_of_models(), {"root:root"})
        own_user = ("runuser", "-u", "textflix", "--")
        own_view = ("nsenter", "--mount", "--target", str(self.main_pid()))
        for place in ("new", "models/new", "models/tiny/new", "models/tiny/config.json"):
            for enter in (own_user, own_view):
                answer = self.box.run(*enter, "touch", f"{MODELS}/{place}")
                self.assertNotEqual(answer.returncode, 0, f"{enter}: {place}")

    def test_the_socket_is_for_root_and_the_group(self):
        shown = self.box.run("stat", "-c", "%a %U:%G", "/run/textflix/textflix.sock").stdout
        self.assertEqual(shown, "660 root:textflix\n")

    def test_threads_are_pinned_and_weights_mapped(self):
        self.classify()
        process = f"/proc/{self.main_pid()}"
        pinned = self.box.shell(f"grep -h Cpus_allowed_list {process}/task/*/status").stdout
        self.assertTrue([line for line in pinned.splitlines() if re.search(r"\t\d+$", line)],
                        pinned)
        self.assertIn("/var/cache/textflix/tiny-", self.box.run("cat", f"{process}/maps").stdout)


class Rights(ServiceCase):
    def test_doctor_finds_no_fault(self):
        self.classify()
        answer = self.box.run("textflixctl", "doctor")
        self.assertEqual(answer.returncode, 0, answer.stdout)

    def as_user(self, user, *command):
        return self.box.run("runuser", "-u", user, "--", *command)

    def test_outside_the_group_one_is_told_which_to_join(self):
        answer = self.as_user("nobody", "textflixctl", "classify", "x")
        self.assertEqual(answer.returncode, PERMISSION, answer.stderr)
        self.assertIn("textflix", answer.stderr)
        self.assertIn("group", answer.stderr)

    def test_a_member_may_classify_but_not_reload(self):
        self.box.shell("id member >/dev/null 2>&1 || useradd --groups textflix member", check=True)
        self.assertEqual(self.as_user("member", "textflixctl", "classify", "x").returncode, 0)
        answer = self.as_user("member", "textflixctl", "reload")
        self.assertEqual(answer.returncode, PERMISSION, answer.stderr)

    def test_root_may_reload(self):
        self.assertEqual(self.box.run("textflixctl", "reload").returncode, 0)


class Journal(ServiceCase):
    def test_it_reads_like_a_story_and_holds_no_text(self):
        self.classify("a very secret sentence")
        self.systemctl("reload", "textflixd.service")
        self.classify()
        self.systemctl("stop", "textflixd.service")
        story = self.journal()
        self.assertNotIn("secret", story)
        for word in ("tiny", "ready", "reload", "stop"):
            self.assertIn(word, story.lower())

    def test_json_has_levels_and_fields(self):
        self.classify()
        output = self.box.run("journalctl", "-u", "textflixd.service", "-o", "json",
                              "--no-pager").stdout
        entries = [json.loads(line) for line in output.splitlines()]
        ready = next(entry for entry in entries if "is ready" in entry["MESSAGE"])
        self.assertEqual(ready["MODEL"], "tiny")
        self.assertRegex(ready["DURATION_US"], r"^\d+$")
        self.assertGreater(len({entry["PRIORITY"] for entry in entries}), 1)

    def test_refusals_bear_request_code_and_user(self):
        self.box.run("textflixctl", "classify", "--model", "no-such", "x")
        output = self.box.run("journalctl", "-u", "textflixd.service", "-o", "json",
                              "--no-pager", "CODE=NOT_FOUND").stdout
        entry = json.loads(output.splitlines()[-1])
        self.assertEqual(entry["USER"], "0")
        self.assertRegex(entry["REQUEST"], r"^\d+\.\d+$")

    def test_a_late_request_bears_model_and_duration(self):
        """A thousand texts of which a millisecond is not enough for the first."""
        self.classify()
        with wire.Connection(self.socket) as connection:
            connection.send(wire.classify(*[TEXT * 4] * 1000, timeout_ns=1_000_000))
            self.assertEqual(connection.read().code, DEADLINE_EXCEEDED)
        output = self.box.run("journalctl", "-u", "textflixd.service", "-o", "json",
                              "--no-pager", "CODE=DEADLINE_EXCEEDED").stdout
        entry = json.loads(output.splitlines()[-1])
        self.assertEqual(entry["MODEL"], "tiny")
        self.assertGreaterEqual(int(entry["DURATION_US"]), 1000)

    def test_the_catalog_explains(self):
        self.classify()
        self.put_file(CONFIGURATION, "{ broken")
        self.systemctl("reload", "textflixd.service", check=False)
        self.wait_until(lambda: "not read again" in self.journal(), "the journal says why")
        text = self.box.run("journalctl", "-x", "-u", "textflixd.service", "--no-pager").stdout
        self.assertIn("--check-config", text)
        self.put_file(CONFIGURATION, self.configuration)


if __name__ == "__main__":
    unittest.main()
