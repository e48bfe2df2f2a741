// The films: a card each, found as one types, in the order that is asked for.
"use strict";

(() => {
  const { state, h, fill, link, plural, percent } = Textflix;
  // A film in the list: [key, title, year, reviews, [[per label], right, strip] per model]
  const [KEY, TITLE, YEAR, REVIEWS, MODELS] = [0, 1, 2, 3, 4];

  const folded = (text) => text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();

  function orders(site) {
    const side = state.sides(site)[0];
    const share = (film, label) => film[MODELS][side][0][label] / film[REVIEWS];
    const right = (film) => film[MODELS][side][1] / film[REVIEWS];
    const all = [["reviews", "most reviews", (film) => film[REVIEWS]]];
    if (state.analysis()) {
      site.labels.forEach((label, place) =>
        all.push([label, `most ${label}`, (film) => share(film, place)]));
      if (site.evaluations.length) {
        all.push(["accurate", "most accurate", right]);
        all.push(["inaccurate", "least accurate", (film) => -right(film)]);
      }
    }
    all.push(["title", "title", null], ["year", "newest", (film) => Number(film[YEAR]) || 0]);
    return all;
  }

  function sorted(site, films) {
    const all = orders(site);
    const [key, , value] = all.find(([each]) => each === state.get("sort")) || all[0];
    if (key === "title") return films.sort((a, b) => a[TITLE].localeCompare(b[TITLE]));
    // Equals stand by their number of reviews, then as they came.
    return films.sort((a, b) => value(b) - value(a) || b[REVIEWS] - a[REVIEWS]);
  }

  function card(site, film) {
    const counts = plural(film[REVIEWS], "review");
    const rows = state.analysis() ? state.sides(site).map((side) => model(site, film, side)) : [];
    return h("li", null, h("a", { class: "card", href: link("film", { film: film[KEY] }) },
      h("span", { class: "year" }, film[YEAR] || " "),
      h("span", { class: "title" }, h("bdi", null, film[TITLE])),
      h("span", { class: "quiet count" }, counts), rows));
  }

  function model(site, film, side) {
    const [counts, right, strip] = film[MODELS][side];
    const words = [Frame.shareWords(counts)];
    if (state.accuracy(site)) words.push(`${percent(right / film[REVIEWS])} right`);
    return h("span", { class: "by" },
      state.compare(site) ? h("span", { class: "model" }, site.models[side].name) : null,
      strip ? Frame.strip(strip) : null, Frame.shares(counts),
      h("span", { class: "words" }, words.join(" · ")));
  }

  let found = null;
  let list = null;
  let names = null;

  function show(site) {
    names = names || site.films.map((film) => folded(`${film[TITLE]} ${film[YEAR]} ${film[KEY]}`));
    const wanted = folded(state.get("q")).split(/\s+/).filter(Boolean);
    const films = sorted(site, site.films.filter((_, place) =>
      wanted.every((word) => names[place].includes(word))));
    found.textContent = wanted.length
      ? `${Textflix.number(films.length)} of ${plural(site.films.length, "film")}`
      : plural(films.length, "film");
    fill(list, films, (film) => card(site, film));
  }

  Frame.page("index", (site) => {
    Frame.title("Films");
    found = h("p", { class: "quiet found", role: "status" });
    list = h("ul", { class: "grid", id: "films" });
    const search = h("input", {
      type: "search", id: "search", value: state.get("q"), autocomplete: "off",
      placeholder: "Title or year",
      oninput: (event) => {
        state.set("q", event.target.value);
        show(site);
      },
    });
    Frame.content(
      h("h1", null, "Films"), lead(site),
      h("div", { class: "bar", role: "search" },
        h("label", { class: "choice grow" }, h("span", null, "Search"), search),
        Frame.sorting(orders(site).map(([key, words]) => [key, words]), "Sort by",
          () => show(site)), found),
      list);
    show(site);
  });

  function lead(site) {
    if (!state.analysis()) return null;
    const facts = state.sides(site).map((side) => {
      const total = site.films.reduce((sum, film) =>
        film[MODELS][side][0].map((count, label) => count + (sum[label] || 0)), []);
      const words = [`${site.models[side].name}: ${Frame.shareWords(total)}`];
      if (state.accuracy(site)) {
        words.push(`${percent(site.evaluations[side].accuracy.value, 1)} right`);
      }
      if (site.abstained[side]) {
        words.push(`${Textflix.number(site.abstained[side])} abstained`);
      }
      return h("span", { class: "fact" }, words.join(" · "));
    });
    return h("p", { class: "lead" }, `${plural(site.texts, "review")}. `, facts);
  }
})();
