// The figures of each model, as `textflixctl evaluate` and `compare` tell them.
"use strict";

(() => {
  const { h, svg, percent, number } = Textflix;

  const share = (value) => percent(value, 1);
  const decimal = (value) => value.toFixed(3);

  const interval = (estimate, shown = share) => [
    h("b", { class: "n" }, shown(estimate.value)),
    h("span", { class: "quiet n" }, ` ${shown(estimate.low)} to ${shown(estimate.high)}`)];

  function table(caption, heads, rows) {
    return [h("p", { class: "quiet" }, caption),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
        h("table", { "aria-label": caption },
          h("thead", null, h("tr", null, heads.map((head, place) =>
            h(head ? "th" : "td", { scope: head ? "col" : null, class: place ? "n" : null },
              head)))),
          h("tbody", null, rows.map((row) => h("tr", null, row.map((cell, place) =>
            place ? h("td", { class: "n" }, cell) : h("th", { scope: "row" }, cell)))))))];
  }

  function quality(site) {
    const rows = [
      ["Accuracy", "accuracy", share], ["Balanced accuracy", "balanced_accuracy", share],
      ["Calibration error", "calibration_error", share], ["Brier score", "brier", decimal],
      ["Area under risk and coverage", "risk_coverage_area", decimal],
    ];
    return table("Each with the interval that would hold it in 95 of 100 files of this kind",
      ["", ...site.models.map((model) => model.name)],
      rows.map(([words, name, shown]) =>
        [words, ...site.evaluations.map((each) => interval(each[name], shown))]));
  }

  function confusion(site, side) {
    const counts = site.evaluations[side].confusion;
    return table(`What ${site.models[side].name} answers`,
      ["is", ...site.labels.map((label) => `answered ${label}`)],
      site.labels.map((label, truth) =>
        [label, ...counts[truth].map((count) => number(count))]));
  }

  /** Accuracy over the share that is answered; the table beside it has the same numbers. */
  function chart(site) {
    const low = Math.floor(10 * Math.min(0.9, ...site.evaluations.flatMap((evaluation) =>
      evaluation.risk_coverage.filter((point) => point[1] > 0).map((point) => point[2])))) / 10;
    const [left, right, top, bottom] = [44, 336, 12, 168];
    const x = (share) => left + share * (right - left);
    const y = (share) => bottom - (share - low) / (1 - low) * (bottom - top);
    const plot = svg("svg", {
      class: "plot", viewBox: "0 0 360 200", role: "img",
      "aria-label": "Accuracy over the share of reviews that are answered",
    });
    const text = (words, left, top, end) => {
      const node = svg("text", { x: left, y: top, "text-anchor": end });
      node.textContent = words;
      return node;
    };
    for (const share of [low, (low + 1) / 2, 1]) {
      plot.append(svg("path", { class: "rule", d: `M${left} ${y(share)}H${right}` }),
        text(percent(share), left - 6, y(share) + 4, "end"));
    }
    for (const share of [0, 0.5, 1]) plot.append(text(percent(share), x(share), 184, "middle"));
    plot.append(text("answered", right, 197, "end"));
    site.evaluations.forEach((evaluation, side) => {
      const points = evaluation.risk_coverage.filter((point) => point[1] > 0);
      const path = points.map((point) => `${x(point[1])} ${y(point[2])}`).join("L");
      if (path) plot.append(svg("path", { class: `line line-${side}`, d: `M${path}` }));
      for (const point of points) {
        plot.append(side
          ? svg("rect", { class: "dot line-1", x: x(point[1]) - 3, y: y(point[2]) - 3,
            width: 6, height: 6 })
          : svg("circle", { class: "dot line-0", cx: x(point[1]), cy: y(point[2]), r: 3.5 }));
      }
    });
    const key = site.models.map((model, side) => h("li", { class: `key line-${side}` },
      h("span", { "aria-hidden": "true" }, side ? "■ " : "● "), model.name));
    return h("figure", null, plot, h("figcaption", null, h("ul", { class: "row" }, key)));
  }

  function coverage(site) {
    const thresholds = site.evaluations[0].risk_coverage.map((point) => point[0]);
    return table("Answering only when sure", ["at least", ...site.models.flatMap((model) =>
      [`${model.name} answers`, "of them right"])],
    thresholds.map((threshold, place) => [percent(threshold), ...site.evaluations.flatMap(
      (evaluation) => {
        const [, share, accuracy] = evaluation.risk_coverage[place];
        // Of nothing, no part is right.
        return [percent(share, 1), share > 0 ? percent(accuracy, 1) : "-"];
      })]));
  }

  function paired(site) {
    const [first, second] = site.models.map((model) => model.name);
    const parts = [h("p", null, "They agree on ", h("b", { class: "n" },
      percent(site.agreement, 1)), " of the reviews.")];
    if (site.paired) {
      const { both_right: both, only_first: one, only_second: other, both_wrong: none } =
        site.paired;
      const p = site.paired.mcnemar_mid_p;
      parts.push(table("Who is right", ["", "reviews"], [
        ["both", number(both)], [`only ${first}`, number(one)], [`only ${second}`, number(other)],
        ["neither", number(none)]]),
      h("p", null, `${second} beside ${first}, accuracy: `,
        interval(site.accuracy_difference), `; McNemar's mid-p ${p < 0.001 ? "below 0.001"
          : p.toFixed(3)}.`));
    }
    return h("section", null, h("h2", null, `${first} and ${second}`), parts);
  }

  function reading(site) {
    return table("What was read", ["", ...site.models.map((model) => model.name)], [
      ["reviews", ...site.models.map(() => number(site.texts))],
      ["abstained", ...site.abstained.map(number)],
      ["read in part", ...site.truncated.map(number)]]);
  }

  Frame.page("figures", (site) => {
    Frame.title("Figures");
    const isLabelled = site.evaluations.length > 0;
    Frame.content(
      h("h1", null, "Figures"),
      h("p", { class: "lead" }, isLabelled
        ? "The same numbers as textflixctl evaluate and compare have of this file."
        : "The reviews have no labels of their own, so nobody knows how many answers are right."),
      h("div", { id: "figures" },
        ...(isLabelled ? [h("section", null, h("h2", null, "How good"), quality(site)),
          h("section", null, h("h2", null, "Surer, fewer, righter"),
            h("div", { class: "columns two" }, chart(site), h("div", null, coverage(site)))),
          h("section", null, h("h2", null, "Which mistakes"),
            h("div", { class: "columns two" },
              site.models.map((_, side) => h("div", null, confusion(site, side)))))] : []),
        site.models.length > 1 ? paired(site) : null,
        h("section", null, h("h2", null, "What was read"), reading(site))));
  });
})();
