"""Every page and every order, as a person uses them, in a real browser.

BrowserCase's tearDown says the rest of each test: no error in the console, no request outside the
site's folder, nothing of a review that ran.
"""

import functools
import http.server
import threading
import unittest

import site_case
from site_case import (BrowserCase, altered_site, data, film_of, flawless_site, read_script, site)


def hostile_key():
    return next(film[0] for film in data()["films"] if film[0].startswith("film_"))


class Films(BrowserCase):
    def titles(self):
        return self.browser.texts("#films .title")

    def test_all_are_there(self):
        self.visit("index")
        self.assertEqual(sorted(self.titles()), sorted(film[1] for film in data()["films"]))
        self.assertEqual(self.browser.text(".found"), f"{len(data()['films'])} films")
        self.assertEqual(self.browser.script("return document.title"), "Films · Textflix")

    def test_orders(self):
        def order(value):
            films = sorted(data()["films"], key=lambda film: (-value(film), -film[3]))
            return [film[1] for film in films]

        share = {label: lambda film, place=place: film[4][0][0][place] / film[3]
                 for place, label in enumerate(data()["labels"])}
        for key, value in {"reviews": lambda film: film[3], **share,
                           "accurate": lambda film: film[4][0][1] / film[3],
                           "inaccurate": lambda film: -film[4][0][1] / film[3]}.items():
            with self.subTest(key):
                self.visit("index")
                self.browser.choose("#sort", key)
                self.assertEqual(self.titles(), order(value))
                if key != "reviews":
                    self.assertIn(f"sort={key}", self.browser.address)
                self.browser.open(self.browser.address)
                self.settle()
                self.assertEqual(self.titles(), order(value), "the link has it")

    def test_search_as_one_types(self):
        self.visit("index")
        self.browser.type("#search", "eclair")
        found = self.titles()
        self.assertTrue(found and all("Éclair" in title for title in found), found)
        self.assertIn(f"{len(found)} of {len(data()['films'])}", self.browser.text(".found"))
        self.browser.open(self.browser.address)
        self.settle()
        self.assertEqual(self.titles(), found)
        self.browser.type("#search", " nothing has this")
        self.assertEqual(self.titles(), [])

    def test_a_card_leads_to_its_film(self):
        self.visit("index", sort="positive")
        first = self.titles()[0]
        self.browser.click("#films li a")
        self.settle()
        self.assertIn(first, self.browser.text("h1"))


class AFilm(BrowserCase):
    key = "tt0000"

    def ids(self):
        return self.browser.texts("#reviews bdi")

    def test_what_it_shows(self):
        self.visit("film", film=self.key)
        film = film_of(self.key)
        self.assertEqual(self.ids(), [review["id"] for review in film["reviews"]])
        for label in data()["labels"]:
            self.assertIn(label, self.browser.text("#short"))
        self.assertIn("The Lighthouse Keeper", self.browser.text("h1"))

    def test_four_lines_then_all(self):
        self.visit("film", film=self.key)
        lines = film_of(self.key)["lines"][0][1]
        self.assertGreater(len(lines), 4, "the film is one with many lines")
        selector = ".side:first-child li"
        self.assertEqual(self.browser.count(selector), 4)
        self.browser.click(".side:first-child button")
        self.assertEqual(self.browser.count(selector), len(lines))
        self.browser.click(".side:first-child button")
        self.assertEqual(self.browser.count(selector), 4)
        self.browser.click(".side:first-child li a")
        self.settle()
        self.assertIn(f"review={film_of(self.key)['reviews'][lines[0][2]]['k']}",
                      self.browser.address)

    def test_orders(self):
        rows = film_of(self.key)["reviews"]
        answer = [row["a"][0] for row in rows]
        orders = {"recent": lambda i: 0, "negative": lambda i: -answer[i][4],
                  "positive": lambda i: -answer[i][5], "certain": lambda i: -answer[i][1],
                  "uncertain": lambda i: answer[i][1],
                  # Of the wrong the surest, then the right ones likewise.
                  "wrong": lambda i: (answer[i][0] == rows[i]["y"], -answer[i][1])}
        for key, value in orders.items():
            with self.subTest(key):
                self.visit("film", film=self.key, sort=key)
                wanted = [rows[i]["id"] for i in sorted(range(len(rows)), key=value)]
                self.assertEqual(self.ids(), wanted)

    def test_one_that_is_not_there(self):
        self.visit("film", film="tt9999")
        self.assertIn("no such film", self.browser.text("main"))
        self.browser.complaints()  # the browser says that the file is missing


class AReview(BrowserCase):
    key = "tt0001"

    def open_review(self, place=0, **values):
        row = film_of(self.key)["reviews"][place]
        self.visit("review", film=self.key, review=row["k"], **values)
        return row

    def test_shades_lines_and_weights(self):
        row = self.open_review()
        parts = row["w"][0]
        most = max(abs(part[2]) for part in parts)
        shown = self.browser.script("""return [...document.querySelectorAll('#text .s')].map(
            (each) => [each.textContent, each.dataset.said, each.tagName,
              getComputedStyle(each).textDecorationLine,
              getComputedStyle(each).textDecorationStyle])""")
        self.assertEqual(len(shown), len(parts))
        for (start, length, weight), (text, said, tag, line, style) in zip(parts, shown):
            self.assertEqual(text, row["t"][start:start + length].replace("<br />", "\n"))
            self.assertIn(f"{abs(weight):.3f}", said)
            is_strong = abs(weight) > most / 2
            self.assertEqual((tag, line), ("MARK", "underline") if is_strong
                             else ("SPAN", "none"), text)
            if is_strong:
                self.assertEqual(style, "wavy" if weight < 0 else "solid")

    def test_hover_and_focus_tell_the_weight(self):
        self.open_review()
        self.browser.script("document.querySelector('#text .s').focus()")
        said = self.browser.script("return document.querySelector('#text .s').dataset.said")
        self.assertEqual(self.browser.text(".tip"), said)
        self.browser.press("escape")
        self.assertTrue(self.browser.script("return document.querySelector('.tip').hidden"))
        self.browser.script("document.querySelectorAll('#text .s')[1].dispatchEvent("
                            "new PointerEvent('pointerover', {bubbles: true}))")
        self.assertNotEqual(self.browser.text(".tip"), "")

    def test_certainty_is_cut(self):
        row = self.open_review()
        permille = row["a"][0][1]
        self.assertIn(f"{permille // 10}.{permille % 10}\u00a0%", self.browser.text("#verdicts"))

    def test_an_abstention_is_one(self):
        for film in data()["films"]:
            for place, row in enumerate(film_of(film[0])["reviews"]):
                if row["a"][0][2] & 1:
                    self.visit("review", film=film[0], review=row["k"])
                    self.assertIn("abstained", self.browser.text("#verdicts"))
                    self.visit("film", film=film[0])
                    self.assertIn("abstained", self.browser.texts("#reviews li")[place])
                    return
        self.fail("no review to abstain from; the templates are too clear")

    def test_all_weights_as_a_table(self):
        row = self.open_review()
        self.browser.click("summary")
        self.assertEqual(self.browser.count("tbody tr"), len(row["w"][0]))
        numbers = [abs(part[2]) for part in row["w"][0]]
        self.assertIn(f"{max(numbers):.3f}", self.browser.texts("tbody tr")[0])

    def test_the_next_and_the_link(self):
        self.open_review()
        self.browser.click("a[rel=next]")
        self.settle()
        self.assertIn(film_of(self.key)["reviews"][1]["k"], self.browser.address)
        self.browser.click("main .row .button")
        self.said_copied()

    def test_twice_the_same_review_are_two_links(self):
        keys = [row["k"] for row in film_of("tt0000")["reviews"]]
        again = next(key for key in keys if key.endswith("-2"))
        self.visit("review", film="tt0000", review=again)
        self.assertIn("again", self.browser.text("main .row"))


class OtherPages(BrowserCase):
    def test_disagreements_with_both_reasons(self):
        self.visit("disagreements", accuracy="on")
        disputes = read_script(site() / "data" / "disputes.js")[1]
        self.assertEqual(self.browser.text(".found"), f"{len(disputes)} disagreements")
        self.browser.until("return document.querySelectorAll('#disputes li:first-child.whole"
                           " .text').length === 2", "both texts")
        self.assertGreater(self.browser.count("#disputes li:first-child .s"), 0)
        paired = data()["paired"]
        for name in ("only_first", "only_second"):
            self.assertIn(f"{paired[name]} time", self.browser.text(".lead"))
        self.browser.choose("#sort", "right-1")
        self.assertEqual(self.browser.text(".found").split()[0], str(paired["only_second"]))
        self.browser.click("#disputes li .row a")
        self.settle()
        self.assertEqual(self.browser.count("#text section"), 2)

    def test_figures(self):
        self.visit("figures")
        text = self.browser.text("#figures")
        for evaluation in data()["evaluations"]:
            for name in ("accuracy", "balanced_accuracy", "calibration_error"):
                self.assertIn(f"{100 * evaluation[name]['value']:.1f}\u00a0%", text, name)
            self.assertIn(f"{evaluation['brier']['value']:.3f}", text)
        for count in data()["paired"].values():
            if isinstance(count, int):
                self.assertIn(str(count), text)

    def test_the_command_is_one_that_a_shell_takes(self):
        self.visit("try")
        self.assertIn("browser cannot speak", self.browser.text(".lead"))
        self.browser.script("document.querySelector('textarea').value = ''")
        self.browser.type("textarea", "It's $HOME; `id` \"fun\"\nsecond line \\")
        shown = self.browser.text("#line")
        spoken = site_case.run_shell(shown.replace("textflixctl", "printf '%s\\n'", 1))
        self.assertEqual(spoken.splitlines(), [
            "explain", "--model", "trained", "It's $HOME; `id` \"fun\" second line \\"])
        self.browser.click("#command .button")
        self.said_copied()

    def test_the_tour_has_six_stops(self):
        self.visit("index")
        self.browser.click(".tour-link")
        for number in range(1, 7):
            self.settle()
            self.browser.until("return document.querySelector('.tour-target')", "the thing itself")
            self.assertIn(f"{number} of 6", self.browser.text(".tour"))
            self.assertEqual(self.browser.script("return document.activeElement.id"),
                             "tour-title")
            if number < 6:
                self.browser.click(".tour .main")
        self.browser.press("escape")
        self.assertEqual(self.browser.count(".tour, .tour-target"), 0)
        self.assertNotIn("tour", self.browser.address)

    def test_the_tour_is_of_the_first_model(self):
        self.assertLess(data()["evaluations"][0]["accuracy"]["value"], 1)
        self.visit("index", model="random", tour="3")
        self.browser.click(".tour .main")
        self.browser.until("return location.search.includes('tour=4')", "the next stop")
        self.settle()
        self.assertNotIn("model=", self.browser.address)
        self.assertEqual(self.browser.texts("#verdicts .model"), ["trained"])
        self.assertIn("wrong", self.browser.text("#verdicts"))

    def test_a_hostile_film_is_text(self):
        self.visit("film", film=hostile_key())
        self.assertIn("<script>", self.browser.text("h1"))
        title = self.browser.script("return document.title")
        self.assertIn("<script>", title)
        for row in film_of(hostile_key())["reviews"]:
            self.visit("review", film=hostile_key(), review=row["k"], compare="on")
            for text in self.browser.script("return [...document.querySelectorAll('#text .text')]"
                                            ".map((each) => { const copy = each.cloneNode(true);"
                                            " for (const part of copy.querySelectorAll('[hidden]'))"
                                            " part.remove(); return copy.textContent; })"):
                self.assertEqual(text, row["t"].replace("<br />", "\n"))
            self.assertEqual(self.browser.count("main script, main img, main b:not(.n)"), 0)

    def test_from_a_web_server(self):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        handler = functools.partial(Quiet, directory=str(site()))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        try:
            self.browser.open(f"{root}/film.html?film=tt0000")
            self.settle()
            self.assertGreater(self.browser.count("#reviews li"), 3)
            outside = [each for each in self.browser.requests() if not each.startswith(root)]
            self.assertEqual([each for each in outside if not each.startswith("about:")], [])
        finally:
            server.shutdown()
            server.server_close()


class WithoutMistakes(BrowserCase):
    folder = staticmethod(flawless_site)

    def test_the_tour_shows_the_least_sure(self):
        film, review = data(flawless_site())["tour"]["doubt"]
        self.visit("review", film=film, review=review, tour="4")
        self.assertEqual(self.browser.text("#tour-title"), "Where it is least sure")


class Altered(BrowserCase):
    folder = staticmethod(altered_site)

    def test_disagreements_are_counted_that_have_no_room(self):
        shown = data()
        total = shown["answers"][0][1] + shown["answers"][1][0]
        self.visit("disagreements")
        self.assertEqual(self.browser.text(".found"), f"the 3 clearest of {total} disagreements")
        listed = read_script(altered_site() / "data" / "disputes.js")[1]
        right = sum(each["a"][0][0] == each["y"] for each in listed)
        self.browser.choose("#sort", "right-0")
        self.assertEqual(
            self.browser.text(".found"),
            f"the {right} clearest of {shown['paired']['only_first']} disagreements")

    def test_who_answers_nothing_is_right_in_nothing(self):
        self.visit("figures")
        self.assertEqual(self.browser.count("path.line-0"), 1)
        self.assertEqual(self.browser.count("path.line-1"), 0)
        cells = self.browser.texts("table[aria-label^='Answering'] td:last-child")
        self.assertEqual(set(cells), {"-"})


if __name__ == "__main__":
    unittest.main()
