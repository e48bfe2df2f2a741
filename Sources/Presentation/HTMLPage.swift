// A page in one file: no script, no font, no picture from elsewhere; what it may load is forbidden
// by its own policy, so it is safe to open and to mail.
//
// Colours follow the reader's light or dark scheme. Every pair of text and ground has at least the
// contrast of WCAG AA, 4.5:1 (a test computes it), also at the strongest tint. What colour says is
// also said by sign, underline or word. From 320 px up nothing is cut off.

package enum HTMLPage {
    /// Everything up to the content: for pages that are written while they grow.
    package static func opening(_ title: String) -> HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" \
        content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(title)</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        <main>

        """
    }

    package static let closing: HTML = "</main>\n</body>\n</html>\n"

    /// Names of the palette to their light and dark values, `#rrggbb`.
    package static let palette: [(name: String, light: String, dark: String)] = [
        ("ground", "#fbfbf9", "#16181c"),
        ("card", "#ffffff", "#1e2127"),
        ("ink", "#1c1e21", "#e9e7e2"),
        ("quiet", "#5a5f66", "#a5abb4"),
        ("line", "#dcdcd6", "#383d45"),
        ("for", "#0a6b58", "#59cdb1"),
        ("against", "#a63c12", "#f3a17c"),
        // Grounds of the strongest sentence; weaker ones are mixed with the card.
        ("for-tint", "#9fdccb", "#12564a"),
        ("against-tint", "#f7c3a8", "#71311a"),
    ]

    private static var style: HTML {
        let light = palette.map { "--\($0.name): \($0.light);" }.joined(separator: " ")
        let dark = palette.map { "--\($0.name): \($0.dark);" }.joined(separator: " ")
        return HTML(
            stringLiteral: ":root { \(light) }\n"
                + "@media (prefers-color-scheme: dark) { :root { \(dark) } }\n" + rules)
    }

    private static let rules = """
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink);
          font: 1rem/1.6 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
        h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .25rem; }
        h2 { font-size: 1.1rem; line-height: 1.35; margin: 0; }
        h3 { font-size: .95rem; margin: 1rem 0 .25rem; }
        p { margin: .5rem 0; }
        .quiet { color: var(--quiet); font-size: .875rem; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
          padding: 1rem 1.15rem; margin: 1rem 0; overflow-wrap: anywhere; }
        .head { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; }
        .head .quiet { margin-left: auto; }
        .for { color: var(--for); } .against { color: var(--against); }
        .n { font-variant-numeric: tabular-nums; white-space: nowrap; text-align: right; }
        .text { line-height: 1.9; white-space: pre-line; font-size: 1.05rem; }
        .text span { border-radius: .2rem; padding: .12em .1em; -webkit-box-decoration-break: clone;
          box-decoration-break: clone; }
        .text .plus { text-decoration-color: var(--for);
          background: color-mix(in srgb, var(--for-tint) var(--share), var(--card)); }
        .text .minus { text-decoration-color: var(--against);
          background: color-mix(in srgb, var(--against-tint) var(--share), var(--card)); }
        .text .strong { text-decoration-line: underline; text-decoration-thickness: 2px;
          text-underline-offset: .22em; }
        .text .strong.away { text-decoration-style: wavy; text-decoration-thickness: 1.5px; }
        .text .unread { color: var(--quiet); }
        .caution { color: var(--against); font-size: .875rem; }
        table { border-collapse: collapse; width: 100%; }
        th { text-align: left; font-size: .8rem; color: var(--quiet); font-weight: 600; }
        th.n { text-align: right; }
        td, th { padding: .3rem .5rem .3rem 0; vertical-align: top;
          border-bottom: 1px solid var(--line); }
        tr:last-child td { border-bottom: 0; }
        .scroll { overflow-x: auto; overflow-wrap: normal; }
        .bar { display: block; height: .5rem; border-radius: .25rem; background: var(--line);
          overflow: hidden; min-width: 5rem; margin-top: .55rem; }
        .bar i { display: block; height: 100%; background: var(--for); }
        .bar.minus i { background: var(--against); }
        .split { display: flex; height: .6rem; border-radius: .3rem; overflow: hidden;
          background: var(--against); margin: .6rem 0 .3rem; gap: 2px; }
        .split i { display: block; background: var(--for); }
        details { margin: .25rem 0; } summary { cursor: pointer; color: var(--quiet);
          font-size: .875rem; }
        ul.lines { list-style: none; margin: .25rem 0; padding: 0; }
        ul.lines li { display: flex; gap: .75rem; padding: .35rem 0;
          border-bottom: 1px solid var(--line); }
        ul.lines li:last-child { border-bottom: 0; }
        ul.lines .n { color: var(--quiet); font-size: .875rem; padding-top: .1rem;
          min-width: 4.2rem; }
        @media (max-width: 30rem) { main { padding: 1rem .6rem 3rem; }
          .card { padding: .8rem .85rem; } .head .quiet { margin-left: 0; width: 100%; } }
        @media print { .card { break-inside: avoid; } }
        """
}
