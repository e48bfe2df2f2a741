// A review: what each model thinks of it, how sure it is, and which sentences made it think so.
"use strict";

(() => {
  const { load, state, h, link, certainty, signed, readable } = Textflix;
  let isWatched = false;

  function verdicts(site, review) {
    return h("div", { id: "verdicts", class: state.compare(site) ? "columns two" : "" },
      state.sides(site).map((side) => panel(site, review, side)));
  }

  function panel(site, review, side) {
    const [label, permille, flags, tokens] = review.a[side];
    const notes = [];
    if (flags & 1) {
      notes.push(`It abstained: it leans to ${site.labels[label]}, but is less sure than it must `
        + "be to answer.");
    }
    if (flags & 2) {
      notes.push(`It read ${Textflix.number(tokens)} tokens of this text, not all. What did not `
        + "move the answer at all is grey.");
    }
    if (!review.w[side]) notes.push("There are no reasons for this answer.");
    return h("section", { class: "verdict", "aria-label": `Answer of ${site.models[side].name}` },
      h("p", { class: "model" }, site.models[side].name),
      h("p", { class: "big" }, flags & 1
        ? h("span", { class: "label abstained" },
          h("span", { "aria-hidden": "true" }, "◇"), " abstained")
        : Frame.labelled(label)),
      h("p", null, h("span", { class: "big n" }, certainty(permille)), " certain"),
      h("span", { class: "shares", "aria-hidden": "true" },
        h("i", { class: Frame.toneClass(label), "--share": `${permille / 10}%` })),
      Frame.judged(review, side),
      notes.map((note) => h("p", { class: "quiet" }, note)));
  }

  /** The same weights as a list: for whoever does not point, and for what is hard to tell apart. */
  function ranked(site, review, side) {
    const parts = review.w[side];
    if (!parts || parts.length < 2) return null;
    const most = Math.max(...parts.map(([, , weight]) => Math.abs(weight))) || 1;
    const rows = [...parts].sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));
    const unit = site.models[side].unit;
    return h("details", null,
      h("summary", null, `All ${parts.length} sentences by weight`,
        state.compare(site) ? `, ${site.models[side].name}` : ""),
      h("p", { class: "quiet" }, `A weight is what a sentence adds to the ${unit} of “${
        site.labels[review.a[side][0]]}”.`),
      h("table", null,
        h("thead", null, h("tr", null, h("th", { scope: "col" }, "Weight"),
          h("th", { scope: "col" }, "Sentence"))),
        h("tbody", null, rows.map(([start, length, weight]) => h("tr", null,
          h("td", { class: "n" }, signed(weight),
            h("span", { class: `meter ${weight < 0 ? "minus" : "plus"}`, "aria-hidden": "true" },
              h("i", { "--share": `${Math.round(100 * Math.abs(weight) / most)}%` }))),
          h("td", { dir: "auto" }, readable(review.t.slice(start, start + length))))))));
  }

  function text(site, review) {
    return h("div", { id: "text", class: state.compare(site) ? "columns two" : "" },
      state.sides(site).map((side) => h("section", {
        class: "sheet", "aria-label": state.compare(site)
          ? `The review as ${site.models[side].name} saw it` : "The review",
      },
      state.compare(site) ? h("p", { class: "model" }, site.models[side].name) : null,
      h("p", { class: "text", dir: "auto" }, Reasons.text(site, review, side, true)),
      state.analysis() ? ranked(site, review, side) : null)));
  }

  function neighbours(film, place) {
    const to = (index, words) => film.reviews[index]
      ? h("a", {
        class: "button", rel: words.startsWith("P") ? "prev" : "next",
        href: link("review", { film: film.key, review: film.reviews[index].k }),
      }, words) : null;
    return h("nav", { class: "row", "aria-label": "Other reviews of this film" },
      to(place - 1, "Previous review"), to(place + 1, "Next review"));
  }

  Frame.page("review", async (site) => {
    let film = null;
    let place = -1;
    try {
      film = await load(`film-${state.get("film")}`);
      place = film.reviews.findIndex((review) => review.k === state.get("review"));
    } catch { /* said below */ }
    if (place < 0) {
      Frame.complain("There is no such review on this site. The link may be of an older one.");
      return;
    }
    const review = film.reviews[place];
    Frame.title(`Review of ${film.title}`);
    const main = document.getElementById("main");
    Frame.content(
      h("p", { class: "crumbs" }, h("a", { href: link("index") }, "Films"), " › ",
        h("a", { href: link("film", { film: film.key }) }, h("bdi", null, film.title))),
      h("h1", null, "Review of ", h("bdi", null, film.title)),
      h("p", { class: "row quiet" }, h("bdi", null, review.id),
        ` · ${place + 1} of ${film.reviews.length} `,
        Frame.copyButton("Copy the link", () => location.href)),
      state.analysis() ? [verdicts(site, review), legend(site, review)] : null,
      text(site, review), neighbours(film, place));
    if (!isWatched) Reasons.watch(main);
    isWatched = true;
  });

  function legend(site, review) {
    if (!state.sides(site).some((side) => review.w[side])) return null;
    return h("p", { class: "legend quiet" },
      "The deeper the shade, the more a sentence moved the answer. ",
      h("span", { class: "sample plus" }, "Underlined"), ": more than half as much as the "
      + "strongest, for the answer. ", h("span", { class: "sample minus" }, "Wavy"),
      ": as much, against it.");
  }
})();
