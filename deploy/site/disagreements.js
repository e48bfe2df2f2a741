// Where two models give different labels: the clearest contradictions first, with both reasons.
//
// A text is loaded with its film, and only when its card comes near the screen.
"use strict";

(() => {
  const { load, state, h, fill, link, plural, percent, number } = Textflix;

  /** [key, words, which of them, how many there are]: the list may have only the clearest. */
  function orders(site) {
    const differing = site.answers.flatMap((row, first) =>
      row.filter((_, second) => second !== first)).reduce((sum, count) => sum + count, 0);
    const all = [["clear", "clearest first", () => true, differing]];
    if (site.evaluations.length) {
      const right = [site.paired.only_first, site.paired.only_second];
      site.models.forEach((model, side) => all.push([`right-${side}`, `${model.name} is right`,
        (dispute) => dispute.a[side][0] === dispute.y, right[side]]));
    }
    return all;
  }

  const counted = (shown, total) => (shown < total
    ? `the ${number(shown)} clearest of ${plural(total, "disagreement")}`
    : plural(total, "disagreement"));

  function card(site, dispute, watcher) {
    const film = site.films[dispute.f];
    const texts = site.models.map(() => h("p", { class: "text", dir: "auto" }, dispute.x));
    const item = h("li", { class: "review" }, h("article", null,
      h("h2", { class: "small" },
        h("a", { href: link("film", { film: film[0] }) }, h("bdi", null, film[1])),
        film[2] ? h("span", { class: "year" }, ` ${film[2]}`) : null),
      h("div", { class: "columns two heads clamp" }, site.models.map((model, side) =>
        h("div", null, h("p", { class: "head" }, h("span", { class: "model" }, model.name),
          state.analysis() ? Frame.verdict(dispute, side) : null,
          Frame.judged(dispute, side)), texts[side]))),
      h("p", { class: "row" }, h("a", {
        href: link("review", { film: film[0], review: dispute.k, compare: "on" }),
        "aria-label": `Read the review of ${film[1]}, as both models saw it`,
      }, "Read it side by side"))));
    item.reasons = async () => {
      const whole = (await load(`film-${film[0]}`)).reviews[dispute.r];
      texts.forEach((text, side) =>
        text.replaceChildren(...Reasons.text(site, whole, side, false)));
      item.classList.add("whole");
    };
    watcher.observe(item);
    return item;
  }

  function lead(site) {
    const agreed = percent(site.agreement, 1);
    const words = `${site.models[0].name} and ${site.models[1].name} agree on ${agreed} of `
      + `${plural(site.texts, "review")}. `;
    if (!state.accuracy(site)) return words;
    const { only_first: first, only_second: second } = site.paired;
    return `${words}Where only one of them is right, it is ${site.models[0].name} `
      + `${plural(first, "time")}, ${site.models[1].name} ${plural(second, "time")}.`;
  }

  Frame.page("disagreements", async (site) => {
    Frame.title("Disagreements");
    if (site.models.length < 2) {
      Frame.complain("This site has one model, which disagrees with nobody.");
      return;
    }
    const all = await load("disputes");
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watcher.unobserve(entry.target);
        entry.target.reasons();
      }
    }, { rootMargin: "600px" });
    const list = h("ul", { class: "reviews", id: "disputes" });
    const found = h("p", { class: "quiet found", role: "status" });
    const show = () => {
      const choices = orders(site);
      const [, , keep, total] = choices.find(([key]) => key === state.get("sort")) || choices[0];
      const disputes = all.filter(keep);
      found.textContent = counted(disputes.length, total);
      fill(list, disputes, (dispute) => card(site, dispute, watcher), 12);
    };
    Frame.content(
      h("h1", null, "Disagreements"), h("p", { class: "lead" }, lead(site)),
      h("div", { class: "bar" },
        orders(site).length > 1
          ? Frame.sorting(orders(site).map(([key, words]) => [key, words]), "Show", show) : null,
        found), list);
    show();
  });
})();
