// A review's text with its sentences shaded by weight, and what else a review looks like in a list.
//
// A weight speaks for the label that the model gave, or against it; so does its colour: that label's
// own, or the other one's. Strong ones are underlined, straight for, wavy against: no meaning is in
// the colour alone.
"use strict";

const Reasons = (() => {
  const { state, h, readable, signed } = Textflix;
  // Past half of the largest weight, as the report had it.
  const strongFrom = 0.5;
  const leastShown = 0.05;

  /** The tone of what speaks against a label. */
  const opposite = { praise: "against", against: "praise", neither: "counter" };

  function words(site, review, side, weight) {
    const label = site.labels[review.a[side][0]];
    return `${signed(weight)}, ${weight < 0 ? "against" : "for"} ${label}`;
  }

  /** The text as nodes; plain where analysis is off or there are no reasons. */
  function text(site, review, side, isFocusable) {
    const parts = state.analysis() ? review.w[side] : null;
    if (!parts || parts.length < 2) return [readable(review.t)];
    const most = Math.max(...parts.map(([, , weight]) => Math.abs(weight)));
    const nodes = [];
    let end = 0;
    parts.forEach(([start, length, weight], place) => {
      nodes.push(readable(review.t.slice(end, start)));
      end = start + length;
      const part = sentence(site, review, side, weight, most > 0 ? Math.abs(weight) / most : 0);
      part.append(readable(review.t.slice(start, end)));
      if (isFocusable) nodes.push(...describe(part, `weight-${side}-${place}`));
      else nodes.push(part);
    });
    nodes.push(readable(review.t.slice(end)));
    return nodes;
  }

  /** The model cut the text, and what stands here moved nothing. */
  const isUnread = (review, side, weight) => Boolean(review.a[side][2] & 2) && weight === 0;

  function sentence(site, review, side, weight, strength) {
    if (isUnread(review, side, weight)) {
      return h("span", { class: "s unread", "data-said": "0.000, not read: the text was cut" });
    }
    const own = Frame.toneClass(review.a[side][0]);
    const tone = weight < 0 ? opposite[own] : own;
    const isStrong = strength > strongFrom;
    const kind = ["s", tone, isStrong ? "strong" : "", weight < 0 ? "minus" : "plus"];
    return h(isStrong ? "mark" : "span", {
      class: kind.filter(Boolean).join(" "),
      "--share": `${strength < leastShown ? 0 : Math.round(100 * strength)}%`,
      "data-said": words(site, review, side, weight),
    });
  }

  /** Makes a sentence one that can be reached, and that says its weight when it is. */
  function describe(part, id) {
    part.setAttribute("tabindex", "0");
    part.setAttribute("aria-describedby", id);
    if (part.tagName === "SPAN") part.setAttribute("role", "note");
    return [part, h("span", { id, hidden: true }, part.dataset.said)];
  }

  /** One line beside the pointer or the focus that tells a sentence's weight. */
  function watch(root) {
    const tip = h("div", { class: "tip", "aria-hidden": "true", hidden: true });
    document.body.append(tip);
    const show = (event) => {
      const place = event.target.closest?.(".s");
      if (!place) {
        tip.hidden = true;
        return;
      }
      tip.textContent = place.dataset.said;
      tip.hidden = false;
      const box = place.getClientRects()[0];
      const left = Math.min(Math.max(8, box.left), innerWidth - tip.offsetWidth - 8);
      tip.style.setProperty("--left", `${left + scrollX}px`);
      tip.style.setProperty("--top", `${box.top + scrollY - tip.offsetHeight - 6}px`);
    };
    root.addEventListener("pointerover", show);
    root.addEventListener("focusin", show);
    root.addEventListener("focusout", () => { tip.hidden = true; });
    root.addEventListener("pointerleave", () => { tip.hidden = true; });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") tip.hidden = true;
    });
  }

  /** A model's side of a review: who, what, how sure, and the text as it saw it. */
  function column(site, review, side, isFocusable) {
    return h("div", { class: "column" },
      h("p", { class: "head" },
        state.compare(site) ? h("span", { class: "model" }, site.models[side].name) : null,
        state.analysis() ? Frame.verdict(review, side) : null, Frame.judged(review, side)),
      h("p", { class: "text", dir: "auto" }, text(site, review, side, isFocusable)));
  }

  const columns = (site, review, isFocusable) =>
    h("div", { class: state.compare(site) ? "columns two" : "columns" },
      state.sides(site).map((side) => column(site, review, side, isFocusable)));

  return { text, watch, columns, isUnread };
})();
