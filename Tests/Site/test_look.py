"""How the pages look and what they are to somebody who does not see them.

The look is compared by structure, not by pixel: structure.json holds, for each page in three forms
(wide, wide and dark, phone), what a reader meets in which order: role, name where it is ours, place
and size in steps of 16 pixels, all in one font that Debian has everywhere: where words break is not
a matter of what else is installed. `test_look.py --write` writes it anew; look at the pictures
before you do (`--pictures DIR` saves them).

Accessibility: names, roles, order of headings, landmarks, size of what is touched, contrast of all
text as it is computed on its ground, at the deepest shade too. Where axe-core is at hand (the PyPI
package axe-core-python, or $TEXTFLIX_AXE), it is asked as well.
"""

import importlib.util
import json
import os
import pathlib
import sys
import unittest

from site_case import BrowserCase, data

STORED = pathlib.Path(__file__).with_name("structure.json")
FORMS = {"wide": (1280, "light"), "dark": (1280, "dark"), "phone": (360, "light")}
STEP = 16
TOLERANCE = 3  # steps: 48 pixels, what another version of the browser may do
FONT = pathlib.Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")

STRUCTURE = """
const step = arguments[0];
const rows = [];
const sheet = new CSSStyleSheet();
sheet.replaceSync('* { font-family: "DejaVu Sans" !important; }');
document.adoptedStyleSheets = [sheet];
// What is far from the screen is not drawn, and has no place, until all is asked for.
for (const each of document.querySelectorAll('li')) each.style.contentVisibility = 'visible';
for (const each of document.querySelectorAll('header, nav, main, footer, aside, h1, h2, h3, button,'
    + 'select, input, textarea, table, svg.plot, ul, section, .card, .bar, .shares, .strip, pre')) {
  if (each.checkVisibility && !each.checkVisibility()) continue;
  const box = each.getBoundingClientRect();
  if (!box.width || !box.height || box.top + scrollY > 1400) continue;
  const name = each.id ? '#' + each.id : each.classList[0] ? '.' + each.classList[0] : '';
  rows.push([each.tagName.toLowerCase() + name, ...[box.left + scrollX, box.top + scrollY,
    box.width, box.height].map((value) => Math.round(value / step))]);
}
return rows;
"""

CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
function colour(text) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = text;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
}
const over = (top, below) => top.slice(0, 3).map((value, i) =>
  value * top[3] + below[i] * (1 - top[3])).concat(1);
function ground(element) {
  const layers = [];
  for (let each = element; each; each = each.parentElement) {
    layers.push(colour(getComputedStyle(each).backgroundColor));
  }
  return layers.reverse().reduce((below, top) => over(top, below), [1, 1, 1, 1]);
}
const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => sum + share
  * (c[i] <= 0.04045 ? c[i] / 12.92 : ((c[i] + 0.055) / 1.055) ** 2.4), 0);
const poor = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || element.closest('script, noscript, :disabled, .hidden'))
    continue;
  if (!element.checkVisibility()) continue;
  const below = ground(element);
  const [a, b] = [light(over(colour(getComputedStyle(element).color), below)), light(below)];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) poor.push([ratio.toFixed(2), element.className || element.tagName,
    walker.currentNode.data.slice(0, 30)]);
}
return poor;
"""

FAULTS = """
const faults = [];
const name = (each) => (each.getAttribute('aria-label') || (each.labels && each.labels[0]
  && each.labels[0].textContent) || each.textContent || each.title || '').trim();
for (const each of document.querySelectorAll('a, button, select, input, textarea, [role=img],'
    + '[role=region], [role=group], nav')) {
  const labelled = each.getAttribute('aria-labelledby');
  if (!name(each) && !(labelled && document.getElementById(labelled)))
    faults.push(['no name', each.outerHTML.slice(0, 120)]);
}
let level = 0;
for (const each of document.querySelectorAll('main h1, main h2, main h3, main h4')) {
  const own = Number(each.tagName[1]);
  if (own > level + 1) faults.push(['heading jumps', each.textContent]);
  level = own;
}
for (const [what, count] of [['main', 1], ['main h1', 1], ['body > header', 1],
    ['body > footer', 1], ['header nav', 1]]) {
  if (document.querySelectorAll(what).length !== count) faults.push(['not one', what]);
}
const ids = [...document.querySelectorAll('[id]')].map((each) => each.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(['id twice', id]);
for (const each of document.querySelectorAll('[role=switch]'))
  if (!['true', 'false'].includes(each.ariaChecked)) faults.push(['no state', each.textContent]);
for (const each of document.querySelectorAll('svg, .shares, .meter'))
  if (!each.closest('[aria-hidden=true]') && each.getAttribute('role') !== 'img')
    faults.push(['a picture without words', each.outerHTML.slice(0, 80)]);
for (const each of document.querySelectorAll('button, select, input, nav a, .card, .button')) {
  const box = each.getBoundingClientRect();
  if (box.width && (box.height < 24 || box.width < 24)) faults.push(['too small', name(each)]);
}
const said = document.querySelector('main').innerText.match(/\\b(null|undefined|NaN|\\[object)\\b/);
if (said) faults.push(['no word for a person', said[0]]);
if (!document.documentElement.lang) faults.push(['no language', '']);
if (document.documentElement.scrollWidth > innerWidth)
  faults.push(['wider than the screen', document.documentElement.scrollWidth]);
return faults;
"""


def pages():
    """Name and state of what is looked at."""
    key = data()["tour"]["summary"][0]
    film, review = data()["tour"]["reasons"]
    hostile = next(each[0] for each in data()["films"] if each[0].startswith("film_"))
    return {
        "films": ("index", {"accuracy": "on"}),
        "films-compare": ("index", {"compare": "on"}),
        "films-plain": ("index", {"analysis": "off"}),
        "film": ("film", {"film": key, "accuracy": "on"}),
        "film-compare": ("film", {"film": key, "compare": "on"}),
        "film-hostile": ("film", {"film": hostile}),
        "review": ("review", {"film": film, "review": review}),
        "review-compare": ("review", {"film": film, "review": review, "compare": "on",
                                      "accuracy": "on"}),
        "disagreements": ("disagreements", {"accuracy": "on"}),
        "figures": ("figures", {}),
        "try": ("try", {}),
        "tour": ("index", {"tour": "1"}),
    }


def axe():
    """The path of axe.min.js, where it is at hand."""
    if path := os.environ.get("TEXTFLIX_AXE"):
        return pathlib.Path(path)
    found = importlib.util.find_spec("axe_core_python")
    return pathlib.Path(found.origin).with_name("axe.min.js") if found else None


class LookCase(BrowserCase):
    def each(self):
        for page, (name, values) in pages().items():
            for form, (width, scheme) in FORMS.items():
                self.browser.width(width)
                self.browser.scheme(scheme)
                self.visit(name, **values)
                if name == "disagreements":
                    self.browser.until("return document.querySelector('#disputes li.whole')",
                                       "reasons")
                yield f"{page} {form}"


class Structure(LookCase):
    @unittest.skipUnless(FONT.exists(), "fonts-dejavu-core is not installed")
    def test_as_stored(self):
        stored = json.loads(STORED.read_text())
        for place in self.each():
            rows, wanted = self.browser.script(STRUCTURE, STEP), stored[place]
            self.assertEqual([row[0] for row in rows], [row[0] for row in wanted], place)
            for row, other in zip(rows, wanted):
                for value, expected in zip(row[1:], other[1:]):
                    # What stands further down adds up the differences above it.
                    self.assertLessEqual(abs(value - expected), TOLERANCE + expected // 8,
                                         f"{place}: {row} was {other}")


class Accessibility(LookCase):
    def test_contrast(self):
        for place in self.each():
            self.assertEqual(self.browser.script(CONTRAST), [], place)

    def test_the_deepest_shade(self):
        film, review = data()["tour"]["reasons"]
        for scheme in ("light", "dark"):
            self.browser.scheme(scheme)
            self.visit("review", film=film, review=review)
            for tone in ("praise", "against", "neither"):
                self.browser.script(
                    "for (const each of document.querySelectorAll('#text .s')) { each.className ="
                    " 's strong ' + arguments[0]; each.style.setProperty('--share', '100%'); }",
                    tone)
                self.assertEqual(self.browser.script(CONTRAST), [], f"{tone}, {scheme}")

    def test_names_roles_headings_sizes(self):
        for place in self.each():
            self.assertEqual(self.browser.script(FAULTS), [], place)

    def test_what_is_said_of_a_sentence(self):
        film, review = data()["tour"]["reasons"]
        self.visit("review", film=film, review=review)
        said = self.browser.script("return [...document.querySelectorAll('#text .s')].map("
                                   "(each) => document.getElementById(each.getAttribute("
                                   "'aria-describedby')).textContent)")
        self.assertTrue(said)
        for words in said:
            self.assertRegex(words, r"^[+−]?\d\.\d{3}, (for|against) \w+$")

    def test_print_has_the_whole_text(self):
        self.visit("film", film=data()["tour"]["summary"][0])
        self.browser.devtools("Emulation.setEmulatedMedia", media="print")
        try:
            self.assertEqual(self.browser.script(
                "return [getComputedStyle(document.querySelector('.clamp .text')).display,"
                " getComputedStyle(document.querySelector('.top')).display]"), ["block", "none"])
        finally:
            self.browser.devtools("Emulation.setEmulatedMedia", media="")

    @unittest.skipUnless(axe(), "axe-core is not at hand (axe-core-python)")
    def test_axe(self):
        source = axe().read_text()
        for place in self.each():
            self.browser.script(source)
            found = self.browser.script_async(
                "const done = arguments[0]; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa',"
                " 'wcag21a', 'wcag21aa', 'best-practice']}).then((result) => done("
                "result.violations.map((each) => [each.id, each.nodes.length,"
                " each.nodes[0].html.slice(0, 200)])))")
            self.assertEqual(found, [], place)


class Writer(LookCase):
    """Not a test: with --write and --pictures."""

    def runTest(self):
        found = {}
        for place in self.each():
            found[place] = self.browser.script(STRUCTURE, STEP)
            if folder := os.environ.get("TEXTFLIX_PICTURES"):
                self.browser.picture(pathlib.Path(folder) / f"{place.replace(' ', '-')}.png")
        rows = ",\n".join(f"{json.dumps(place)}: {json.dumps(each)}"
                          for place, each in found.items())
        STORED.write_text("{\n" + rows + "\n}\n")


def load_tests(loader, tests, pattern):
    suite = unittest.TestSuite()
    for case in (Structure, Accessibility):
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pictures"]:
        os.environ["TEXTFLIX_PICTURES"] = sys.argv[2]
    if sys.argv[1:2] in (["--write"], ["--pictures"]):
        unittest.TextTestRunner().run(unittest.TestSuite([Writer()]))
    else:
        unittest.main()
