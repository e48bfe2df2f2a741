// A film: what its reviews say in short, then the reviews.
"use strict";

(() => {
  const { load, state, h, fill, link, plural, percent, signed } = Textflix;
  const firstLines = 4;

  function orders(site) {
    const side = state.sides(site)[0];
    const answer = (review) => review.a[side];
    const share = (label) => (review) => answer(review)[4 + label];
    const all = [["recent", "recent", null]];
    if (state.analysis()) {
      site.labels.forEach((label, place) => all.push([label, `most ${label}`, share(place)]));
      all.push(["certain", "most certain", (review) => answer(review)[1]]);
      all.push(["uncertain", "least certain", (review) => -answer(review)[1]]);
      if (site.evaluations.length) {
        all.push(["wrong", "wrong first", (review) =>
          (answer(review)[0] === review.y ? -2000 : 0) + answer(review)[1]]);
      }
    }
    return all;
  }

  function sorted(site, reviews) {
    const all = orders(site);
    const [, , value] = all.find(([key]) => key === state.get("sort")) || all[0];
    // The file has the newest last or first as it likes: its order is kept.
    return value ? [...reviews].sort((a, b) => value(b) - value(a)) : reviews;
  }

  // MARK: In short

  function facts(site, film) {
    return state.sides(site).map((side) => {
      const counts = site.labels.map((_, label) =>
        film.reviews.filter((review) => review.a[side][0] === label).length);
      const words = [Frame.shareWords(counts)];
      if (state.accuracy(site)) {
        const right = film.reviews.filter((review) => review.a[side][0] === review.y).length;
        words.push(`${right} of ${film.reviews.length} right (${
          percent(right / film.reviews.length)})`);
      }
      return h("div", { class: "share-row" },
        state.compare(site) ? h("span", { class: "model" }, site.models[side].name) : null,
        Frame.shares(counts), h("span", { class: "words" }, words.join(" · ")));
    });
  }

  function short(site, film) {
    const sides = state.sides(site).map((side) => {
      const order = site.labels.map((_, label) => label)
        .sort((a, b) => Frame.tone(b) - Frame.tone(a))
        .filter((label) => film.lines[side][label].length);
      return h("div", null,
        state.compare(site) ? h("h3", { class: "model" }, site.models[side].name) : null,
        h("div", { class: state.compare(site) ? "" : "columns two" },
          order.map((label) => lines(site, film, film.lines[side][label], label, side))));
    });
    if (!film.lines.some((side) => side.some((label) => label.length))) return null;
    return h("section", { id: "short", "aria-labelledby": "short-title" },
      h("h2", { id: "short-title" }, "In short"),
      h("p", { class: "quiet" }, "The sentence of each review that speaks most for its label; the "
        + "number is its weight."),
      h("div", { class: state.compare(site) ? "columns two" : "" }, sides));
  }

  function lines(site, film, all, label, side) {
    const list = h("ul", { class: "lines" });
    const line = ([text, weight, place, count]) => h("li", null,
      h("span", { class: "n quiet" }, signed(weight)),
      h("a", { href: link("review", { film: film.key, review: film.reviews[place].k }) },
        h("bdi", null, text)),
      count > 1 ? h("span", { class: "quiet" }, ` in ${count} reviews`) : null);
    list.append(...all.slice(0, firstLines).map(line));
    const more = all.length > firstLines ? h("button", {
      type: "button", class: "button more", "aria-expanded": "false",
      "aria-label": `Show all ${all.length} sentences that are ${site.labels[label]}`,
      onclick: () => {
        const isOpen = more.getAttribute("aria-expanded") === "true";
        list.replaceChildren(...(isOpen ? all.slice(0, firstLines) : all).map(line));
        more.setAttribute("aria-expanded", String(!isOpen));
        more.textContent = isOpen ? `Show all ${all.length}` : "Show fewer";
        more.removeAttribute("aria-label");
      },
    }, `Show all ${all.length}`) : null;
    return h("div", { class: "side", "data-side": side },
      h(state.compare(site) ? "h4" : "h3", null, Frame.labelled(label)), list, more);
  }

  // MARK: Reviews

  function card(site, film, review) {
    const address = link("review", { film: film.key, review: review.k });
    return h("li", { class: "review" }, h("article", null,
      h("div", { class: "clamp" }, Reasons.columns(site, review, false)),
      h("p", { class: "row" },
        h("a", { href: address, "aria-label": `Read review ${review.id}` }, "Read it"),
        h("span", { class: "quiet" }, h("bdi", null, review.id)))));
  }

  Frame.page("film", async (site) => {
    let film = null;
    try {
      film = await load(`film-${state.get("film")}`);
    } catch {
      Frame.complain("There is no such film on this site. The link may be of an older one.");
      return;
    }
    Frame.title(film.title);
    const list = h("ul", { class: "reviews", id: "reviews" });
    const show = () => fill(list, sorted(site, film.reviews), (review) =>
      card(site, film, review), 12);
    Frame.content(
      h("p", { class: "crumbs" }, h("a", { href: link("index") }, "Films")),
      h("h1", null, h("bdi", null, film.title),
        film.year ? h("span", { class: "year" }, ` ${film.year}`) : null),
      h("p", { class: "quiet" }, plural(film.reviews.length, "review")),
      state.analysis() ? h("div", { class: "facts" }, facts(site, film)) : null,
      state.analysis() ? short(site, film) : null,
      h("div", { class: "bar" }, h("h2", null, "Reviews"),
        Frame.sorting(orders(site).map(([key, words]) => [key, words]), "Sort by", show)),
      list);
    show();
  });
})();
