"""Switches, keyboard, and thousands of films: how the pages are used, in a real browser."""

import functools
import json
import unittest

import site_case
from harness import scratch
from site_case import BrowserCase, data, film_of, plain_site, reviews

MANY = 6000


class Switches(BrowserCase):
    def states(self):
        return dict(self.browser.script(
            "return [...document.querySelectorAll('[role=switch]')].map("
            "(each) => [each.textContent, each.ariaChecked])"))

    def test_analysis_off_is_plain_text(self):
        for page, values in (("index", {}), ("film", {"film": "tt0000"}),
                             ("review", {"film": "tt0000",
                                         "review": film_of("tt0000")["reviews"][0]["k"]}),
                             ("disagreements", {})):
            with self.subTest(page):
                self.visit(page, **values)
                self.assertGreater(self.browser.count("main .label, main .shares, main .s"), 0)
                self.browser.click("#switch-analysis")
                self.browser.until("return location.search.includes('analysis=off')", "the URL")
                self.assertEqual(self.browser.count(
                    "main .label, main .shares, main .strip, main .s, main .judged"), 0)
                self.assertTrue(self.browser.script(
                    "return document.getElementById('switch-accuracy').disabled"))
                self.browser.click("#switch-analysis")
                self.assertNotIn("analysis", self.browser.address)

    def test_accuracy_tells_right_from_wrong(self):
        self.visit("film", film="tt0000")
        self.assertEqual(self.browser.count(".judged"), 0)
        self.browser.click("#switch-accuracy")
        rows = film_of("tt0000")["reviews"]
        right = sum(row["a"][0][0] == row["y"] for row in rows)
        self.assertEqual(self.browser.count("#reviews .judged.right"), right)
        self.assertEqual(self.browser.count("#reviews .judged"), len(rows))
        self.assertIn(f"{right} of {len(rows)} right", self.browser.text(".facts"))
        self.visit("index", accuracy="on")
        accuracy = data()["evaluations"][0]["accuracy"]["value"]
        self.assertIn(f"{100 * accuracy:.1f}\u00a0% right", self.browser.text(".lead"))

    def test_compare_splits_the_view(self):
        self.visit("review", film="tt0000", review=film_of("tt0000")["reviews"][0]["k"])
        self.assertEqual(self.browser.count("#text section"), 1)
        self.browser.click("#switch-compare")
        self.assertEqual(self.browser.count("#text section"), 2)
        self.assertEqual(self.browser.texts("#text .model"), ["trained", "random"])
        boxes = self.browser.script("return [...document.querySelectorAll('#text section')].map("
                                    "(each) => each.getBoundingClientRect().top)")
        self.assertEqual(boxes[0], boxes[1], "side by side")

    def test_the_other_model(self):
        self.visit("film", film="tt0000")
        self.browser.choose("#switch-model", "random")
        label, permille = film_of("tt0000")["reviews"][0]["a"][1][:2]
        first = self.browser.texts("#reviews .head")[0]
        self.assertIn(data()["labels"][label], first)
        self.assertIn(f"{permille // 10}.{permille % 10}", first)

    def test_what_is_typed_stays(self):
        self.visit("try")
        self.browser.script("document.querySelector('textarea').value = ''")
        self.browser.type("textarea", "My own words.")
        self.browser.choose("#unit", "words")
        self.browser.choose("#switch-model", "random")
        self.browser.click("#switch-analysis")
        self.assertEqual(self.browser.script("return document.querySelector('textarea').value"),
                         "My own words.")
        self.assertEqual(self.browser.script("return document.querySelector('#unit').value"),
                         "words")
        self.assertEqual(self.browser.text("#line"),
                         "textflixctl explain --model random --unit word 'My own words.'")

    def test_they_stay_over_links_and_in_links(self):
        self.visit("index", accuracy="on", compare="on")
        self.assertEqual(self.states(),
                         {"Analysis": "true", "Accuracy": "true", "Compare": "true"})
        for selector in ("#films li a", "#reviews li a", ".crumbs a + a", ".crumbs a",
                         "nav li:nth-child(2) a", "nav li:nth-child(3) a", ".brand"):
            self.browser.click(selector)
            self.settle()
            self.assertIn("accuracy=on&compare=on", self.browser.address, selector)

    def test_what_a_site_does_not_have(self):
        folder = plain_site()
        self.browser.open(f"{folder.as_uri()}/index.html")
        self.settle()
        self.assertEqual(self.states(), {"Analysis": "true"})
        self.assertEqual(self.browser.texts("nav li"), ["Films", "Figures", "Try it"])
        for number in range(1, 7):
            self.browser.open(f"{folder.as_uri()}/index.html?tour={number}")
            self.settle()
        self.browser.open(f"{folder.as_uri()}/disagreements.html")
        self.settle()
        self.browser.open(f"{folder.as_uri()}/figures.html")
        self.settle()
        self.assertIn("no labels", self.browser.text(".lead"))
        self.browser.requests()  # another folder than this case's


class ByKeyboard(BrowserCase):
    def focused(self):
        return self.browser.script("const e = document.activeElement; return [e.tagName, e.id,"
                                   " e.className, e.innerText || '']")

    def test_a_walk_through_everything(self):
        self.visit("index")
        self.browser.press("tab")
        self.assertEqual(self.focused()[3], "Skip to the content")
        reached = []
        for _ in range(16):
            self.browser.press("tab")
            reached.append(self.focused())
            ring = self.browser.script("return getComputedStyle(document.activeElement)"
                                       ".outlineStyle")
            self.assertNotEqual(ring, "none", f"where is the focus? {reached[-1]}")
        names = [each[1] or each[3].split("\n")[0] for each in reached]
        self.assertEqual(names[:11], [
            "Textflix", "Films", "Disagreements", "Figures", "Try it", "switch-analysis",
            "switch-accuracy", "switch-compare", "switch-model", "Guided tour", "search"])
        self.assertEqual(names[11], "sort")
        self.assertIn("card", reached[12][2])

    def test_switches_by_space_keep_the_focus(self):
        self.visit("index")
        self.browser.script("document.getElementById('switch-accuracy').focus()")
        self.browser.press("space")
        self.assertIn("accuracy=on", self.browser.address)
        self.assertEqual(self.focused()[1], "switch-accuracy")
        self.browser.press("space")
        self.assertNotIn("accuracy", self.browser.address)

    def test_to_a_sentence_and_on(self):
        self.visit("film", film="tt0000")
        self.browser.script("document.querySelector('#reviews li a').focus()")
        self.browser.press("enter")
        self.browser.until("return location.pathname.endsWith('review.html')", "the review")
        self.settle()
        self.browser.script("document.querySelector('#text .s').focus()")
        first = self.browser.text(".tip")
        self.browser.press("tab")
        self.assertIn("s ", self.focused()[2] + " ")
        self.assertTrue(self.browser.text(".tip") and first)

    def test_skip_to_the_content(self):
        self.visit("index")
        self.browser.press("tab")
        self.browser.press("enter")
        self.assertEqual(self.focused()[1], "main")


class Many(BrowserCase):
    """Thousands of films."""

    @staticmethod
    @functools.cache
    def folder():
        folder = scratch() / "many-films"
        small = data()
        made = site_case.make(folder, rows=site_case.write_lines(
            scratch() / "one.jsonl", reviews()[:2]))
        assert made.returncode == 0, made.stderr
        film = small["films"][0]
        small["films"] = [[f"f{n}", f"Film number {n}", str(1900 + n % 120), *film[3:]]
                          for n in range(MANY)]
        (folder / "data" / "site.js").write_text(f'textflix("site",{json.dumps(small)});\n')
        return folder

    def test_first_paint_and_search(self):
        self.visit("index")
        paint = self.browser.script("return performance.getEntriesByName("
                                    "'first-contentful-paint')[0].startTime")
        print(f"first contentful paint with {MANY} films: {paint:.0f} ms")
        self.assertLess(paint, 1000)
        self.browser.until(f"return document.querySelectorAll('#films li').length === {MANY}",
                           "all of them")
        self.browser.complaints()
        longest = self.browser.script_async("""
            const done = arguments[0];
            const search = document.getElementById('search');
            const began = performance.now();
            search.value = 'number 59';
            search.dispatchEvent(new Event('input', {bubbles: true}));
            requestAnimationFrame(() => requestAnimationFrame(() =>
              done(performance.now() - began)));""")
        print(f"a key in the search of {MANY} films: {longest:.0f} ms to the next picture")
        wanted = sum("59" in f"{n} {1900 + n % 120}" for n in range(MANY))
        self.assertEqual(self.browser.text(".found").split()[0], str(wanted))


if __name__ == "__main__":
    unittest.main()
