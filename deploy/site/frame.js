// What stands around every page: head with switches, foot, the guided tour; and the few figures that
// all pages show alike: a verdict, a share, a film's strip.
"use strict";

const Frame = (() => {
  const { load, state, link, h, svg, percent, certainty, number } = Textflix;
  const marks = { 1: "▲", 0: "◆", "-1": "▼" };
  const classes = { 1: "praise", 0: "neither", "-1": "against" };
  let site = null;
  let render = () => {};

  /** Loads the site's data, draws the page, and draws it anew whenever a switch is thrown. */
  async function page(name, draw) {
    try {
      site = await load("site");
    } catch {
      complain("The data of this site is missing: there is no data/site.js beside this page.");
      return;
    }
    render = async () => {
      document.documentElement.classList.toggle("plain", !state.analysis());
      drawTop(name);
      await draw(site);
    };
    drawFoot();
    await render();
    Tour.show(site);
  }

  function complain(text) {
    document.getElementById("main").replaceChildren(
      h("h1", null, "Nothing here"), h("p", null, text),
      h("p", null, h("a", { href: link("index") }, "All films")));
  }

  /** The content of the page; what is null is not there. */
  function content(...children) {
    document.getElementById("main").replaceChildren(...children.flat().filter(Boolean));
  }

  function title(text) {
    document.title = `${text} · ${site.title}`;
  }

  // MARK: Head and foot

  function drawTop(name) {
    const focused = document.activeElement && document.activeElement.id;
    const pages = [["index", "Films"]];
    if (site.models.length > 1) pages.push(["disagreements", "Disagreements"]);
    pages.push(["figures", "Figures"], ["try", "Try it"]);
    const nav = h("nav", { "aria-label": "Pages" }, h("ul", null, pages.map(([page, words]) =>
      h("li", null, h("a", {
        href: link(page), "aria-current": page === name ? "page" : null,
      }, words)))));
    document.getElementById("top").replaceChildren(
      h("a", { class: "brand", href: link("index") }, site.title), nav, switches(),
      h("a", { class: "tour-link", href: Tour.address(site, 1) }, "Guided tour"));
    if (focused) document.getElementById(focused)?.focus();
  }

  function switches() {
    const group = h("div", { class: "switches", role: "group", "aria-label": "What is shown" });
    group.append(toggle("analysis", "Analysis", state.analysis(), false, "off", ""));
    if (site.evaluations.length) {
      group.append(toggle(
        "accuracy", "Accuracy", state.accuracy(site), !state.analysis(), "", "on"));
    }
    if (site.models.length > 1) {
      group.append(toggle(
        "compare", "Compare", state.compare(site), !state.analysis(), "", "on"));
      if (!state.compare(site)) group.append(modelChoice());
    }
    return group;
  }

  /** `off` and `on`: what the URL says in either state. */
  function toggle(name, words, isOn, isDisabled, off, on) {
    return h("button", {
      type: "button", role: "switch", id: `switch-${name}`, class: "switch",
      "aria-checked": String(isOn), disabled: isDisabled,
      onclick: () => {
        state.set(name, isOn ? off : on);
        render();
      },
    }, h("span", { class: "knob", "aria-hidden": "true" }), words);
  }

  function modelChoice() {
    const chosen = state.model(site);
    return h("label", { class: "choice" }, h("span", { class: "hidden" }, "Model"),
      h("select", {
        id: "switch-model", disabled: !state.analysis(),
        onchange: (event) => {
          state.set("model", event.target.value === site.models[0].name ? "" : event.target.value);
          render();
        },
      }, site.models.map((model, place) =>
        h("option", { value: model.name, selected: place === chosen }, model.name))));
  }

  function drawFoot() {
    const models = site.models.map((model) => {
      const facts = [model.precision, `revision ${model.revision.slice(0, 12)}`];
      if (model.method) facts.push(`sentences weighed by ${model.method}`);
      return h("li", null, h("b", null, model.name), ` ${facts.filter(Boolean).join(", ")}`);
    });
    document.getElementById("foot").replaceChildren(
      h("p", null, `${Textflix.plural(site.texts, "review")} of `
        + `${Textflix.plural(site.films.length, "film")}, read by`),
      h("ul", null, models),
      h("p", null, "Made by textflixlab. These pages ask nothing of anyone: all data lies beside "
        + "them."));
  }

  // MARK: What pages share

  const tone = (label) => site.tones[label];
  const toneClass = (label) => classes[site.tones[label]];

  /** A label with its mark, in its colour. */
  function labelled(label, ...more) {
    return h("span", { class: `label ${toneClass(label)}` },
      h("span", { class: "mark", "aria-hidden": "true" }, marks[tone(label)]),
      ` ${site.labels[label]}`, ...more);
  }

  /** What a model says of a review: its label and how sure it is, or that it abstained. */
  function verdict(review, side) {
    const [label, permille, flags] = review.a[side];
    if (!(flags & 1)) return labelled(label, " ", h("b", { class: "n" }, certainty(permille)));
    return h("span", { class: "label abstained" },
      h("span", { class: "mark", "aria-hidden": "true" }, "◇"), " abstained",
      h("span", { class: "quiet" }, ` leans ${site.labels[label]}, `,
        h("span", { class: "n" }, certainty(permille))));
  }

  /** Right or wrong, where that is known and wanted. */
  function judged(review, side) {
    if (!state.accuracy(site) || review.y === undefined) return null;
    const isRight = review.a[side][0] === review.y;
    return h("span", { class: `judged ${isRight ? "right" : "wrong"}` },
      h("span", { "aria-hidden": "true" }, isRight ? "✓" : "✗"),
      isRight ? " right" : ` wrong: it is ${site.labels[review.y]}`);
  }

  /** The label whose share is told first: the one that praises, else the first. */
  const leading = () => Math.max(0, site.tones.indexOf(1));

  /** Shares of all labels as one bar; the words beside it say the same. */
  function shares(counts) {
    const total = counts.reduce((sum, count) => sum + count, 0) || 1;
    const order = counts.map((_, label) => label).sort((a, b) => tone(b) - tone(a));
    return h("span", { class: "shares", "aria-hidden": "true" },
      order.filter((label) => counts[label]).map((label) =>
        h("i", {
          class: toneClass(label), "--share": `${(100 * counts[label] / total).toFixed(2)}%`,
        })));
  }

  const shareWords = (counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0) || 1;
    return `${percent(counts[leading()] / total)} ${site.labels[leading()]}`;
  };

  /** Each review a line, up for praise, down against, as long as the model is sure. */
  function strip(text) {
    const values = [...text].map((character) => {
      const code = character.charCodeAt(0) - 48;
      return (tone(Math.floor(code / 10)) || 0) * (1 + code % 10);
    }).sort((a, b) => b - a);
    const width = Math.max(values.length, 14);
    const path = { 1: "", "-1": "", 0: "" };
    values.forEach((value, place) => {
      const length = value === 0 ? 2 : Math.abs(value);
      path[Math.sign(value)] += `M${place * 4 + 0.5} 11${value < 0 ? "v" : "v-"}${length}h3v`
        + `${value < 0 ? "-" : ""}${length}z`;
    });
    return svg("svg", {
      class: "strip", viewBox: `0 0 ${width * 4} 22`, preserveAspectRatio: "none",
      "aria-hidden": "true", focusable: "false",
    }, ...[1, 0, -1].filter((sign) => path[sign]).map((sign) =>
      svg("path", { class: classes[sign], d: path[sign] })));
  }

  /** A choice of orders; `orders` is [[key, words]], the first the usual one. */
  function sorting(orders, label, change) {
    const chosen = orders.some(([key]) => key === state.get("sort")) ? state.get("sort")
      : orders[0][0];
    return h("label", { class: "choice" }, h("span", null, label),
      h("select", {
        id: "sort",
        onchange: (event) => {
          state.set("sort", event.target.value === orders[0][0] ? "" : event.target.value);
          change();
        },
      }, orders.map(([key, words]) =>
        h("option", { value: key, selected: key === chosen }, words))));
  }

  /** Copies a text, also where a page may not use the clipboard; says so beside the button. */
  function copyButton(words, text) {
    const said = h("span", { class: "quiet", role: "status" });
    const button = h("button", {
      type: "button", class: "button",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(text());
        } catch {
          const area = h("textarea", { class: "hidden", "aria-hidden": "true" });
          area.value = text();
          document.body.append(area);
          area.select();
          document.execCommand("copy");
          area.remove();
          button.focus();
        }
        said.textContent = "Copied.";
        setTimeout(() => { said.textContent = ""; }, 4000);
      },
    }, words);
    return [button, said];
  }

  return {
    page, content, complain, title, labelled, verdict, judged, leading, shares, shareWords, strip, sorting,
    copyButton, tone, toneClass, number,
  };
})();

// The six things worth seeing, one place each; which place is chosen when the site is made.
const Tour = (() => {
  const { state, link, h } = Textflix;

  function stops(site) {
    const [film] = site.tour.summary;
    const [reasonFilm, reason] = site.tour.reasons;
    const [doubtFilm, doubt] = site.tour.doubt;
    // The stops are chosen for the first model.
    const isWrong = site.evaluations.length > 0 && site.evaluations[0].accuracy.value < 1;
    return [
      ["index", {}, "#films li", "Every film at a glance",
        "A line is a review: up for praise, down against, as long as the model is sure. Type to "
        + "search, or sort by what reviewers thought."],
      ["film", { film }, "#short", "Both sides, in their own words",
        "Of each review, the one sentence that speaks most for its label: a film in a few lines."],
      ["review", { film: reasonFilm, review: reason }, "#text", "Why the model thinks so",
        "Shaded sentences moved the answer; past half of the largest weight they are underlined, "
        + "wavy where they spoke against it. Point at one, or tab to it, for its weight."],
      isWrong
        ? ["review", { film: doubtFilm, review: doubt, accuracy: "on" }, "#verdicts",
          "Where it is wrong, and sure of it",
          "The surest mistake of all. With Accuracy on, every answer says whether it is right."]
        : ["review", { film: doubtFilm, review: doubt }, "#verdicts", "Where it is least sure",
          "The closest call of all: certainty is part of every answer."],
      site.models.length > 1
        ? ["disagreements", { compare: "on" }, "#disputes li", "Where two models disagree",
          "The clearest contradictions come first, with the reasons of both side by side."]
        : ["figures", {}, "#figures", "How good it is",
          "Accuracy with its interval, and how often the model is as sure as it should be."],
      ["try", {}, "#command", "Ask it yourself",
        "A page cannot reach a Unix socket, but you can: type a review, copy the command."],
    ];
  }

  const address = (site, number) => {
    const [page, values] = stops(site)[number - 1];
    return link(page, { analysis: "", model: "", ...values, tour: String(number) });
  };

  function show(site) {
    const number = Number(state.get("tour"));
    const stop = stops(site)[number - 1];
    if (!stop) return;
    const [, , target, title, words] = stop;
    const end = () => {
      state.set("tour", "");
      panel.remove();
      document.querySelector(".tour-target")?.classList.remove("tour-target");
      document.getElementById("main").focus();
    };
    const heading = h("h2", { id: "tour-title", tabindex: "-1" }, title);
    const panel = h("aside", { class: "tour", "aria-labelledby": "tour-title" },
      h("p", { class: "quiet" }, `Guided tour, ${number} of 6`), heading, h("p", null, words),
      h("p", { class: "row" },
        number > 1 ? h("a", { class: "button", href: address(site, number - 1) }, "Back") : null,
        number < 6
          ? h("a", { class: "button main", href: address(site, number + 1) }, "Next") : null,
        h("button", { type: "button", class: "button", onclick: end },
          number < 6 ? "Leave the tour" : "Done")));
    panel.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
    document.body.insertBefore(panel, document.getElementById("foot"));
    const place = document.querySelector(target);
    place?.classList.add("tour-target");
    place?.scrollIntoView({ block: "center" });
    heading.focus({ preventScroll: true });
  }

  return { show, address };
})();
