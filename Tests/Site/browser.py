"""A real browser, driven over WebDriver with the standard library alone.

Chromium and its driver are Debian's (chromium, chromium-driver). Where they are missing, what needs
them is skipped, loudly. Everything the page asked for and everything it complained of is kept, so
that a test can say "no request but these" and "no error at all".
"""

import base64
import http.client
import json
import pathlib
import shutil
import socket
import subprocess
import time
import unittest

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
PATIENCE = 60.0
KEYS = {"tab": "\ue004", "enter": "\ue007", "space": " ", "escape": "\ue00c", "down": "\ue015",
        "shift": "\ue008"}


def installed():
    return shutil.which("chromedriver") and (shutil.which("chromium")
                                             or shutil.which("google-chrome"))


def needs_browser(test):
    return unittest.skipUnless(installed(), "chromium and chromium-driver are not installed")(test)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Browser:
    """One window. `close` ends browser and driver."""

    def __init__(self):
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        self.session = ""
        self.wait_for_driver()
        arguments = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                     # The tests run as root in containers; nothing but our own pages is opened.
                     "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"]
        answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = f"/session/{answer['sessionId']}"

    def wait_for_driver(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.ask("GET", "/status")["ready"]:
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise AssertionError("chromedriver does not answer")
            time.sleep(0.05)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE * 3)
        try:
            data = None if method == "GET" else json.dumps(body or {})
            connection.request(method, self.session + path, data,
                               {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{value['error']}: {value['message'][:2000]}")
        return value

    def close(self):
        try:
            self.ask("DELETE", "")
        except (AssertionError, OSError):
            pass
        self.driver.terminate()
        self.driver.wait(timeout=PATIENCE)

    # Pages

    def open(self, address):
        self.ask("POST", "/url", {"url": address})

    def script(self, text, *arguments):
        return self.ask("POST", "/execute/sync", {"script": text, "args": list(arguments)})

    def script_async(self, text, *arguments):
        return self.ask("POST", "/execute/async", {"script": text, "args": list(arguments)})

    def until(self, text, what, *arguments):
        """Waits until a script gives something true, and gives it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if value := self.script(text, *arguments):
                return value
            time.sleep(0.03)
        raise AssertionError(f"not within {PATIENCE} s: {what}")

    @property
    def address(self):
        return self.ask("GET", "/url")

    def text(self, selector):
        return self.script("return document.querySelector(arguments[0])?.innerText", selector)

    def filled(self):
        """Waits for long lists, which the page fills piece by piece."""
        self.until("return !document.querySelector('[aria-busy=true]')", "all lists are filled")

    def texts(self, selector):
        """Also of what is not drawn yet, being far from the screen."""
        self.filled()
        return self.script("return [...document.querySelectorAll(arguments[0])]"
                           ".map((each) => each.textContent)", selector)

    def count(self, selector):
        self.filled()
        return self.script("return document.querySelectorAll(arguments[0]).length", selector)

    # Hands

    def find(self, selector):
        return self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.script("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})",
                    selector)
        self.ask("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.ask("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def choose(self, selector, value):
        self.script("const select = document.querySelector(arguments[0]); select.value ="
                    " arguments[1]; select.dispatchEvent(new Event('change', {bubbles: true}))",
                    selector, value)

    def press(self, name, times=1):
        key = KEYS.get(name, name)
        steps = [{"type": kind, "value": key} for _ in range(times)
                 for kind in ("keyDown", "keyUp")]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys",
                                                   "actions": steps}]})

    # What a person's machine is like

    def devtools(self, command, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def scheme(self, name):
        self.devtools("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": name}])

    def width(self, pixels, height=900):
        self.devtools("Emulation.setDeviceMetricsOverride", width=pixels, height=height,
                      deviceScaleFactor=1, mobile=pixels < 600)

    # What happened

    def complaints(self):
        """Errors and warnings of the console since the last time."""
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """Addresses asked for since the last time."""
        found = []
        for entry in self.ask("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def picture(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))
