// Markup that no text can break out of, and colours that everybody can read.

import Testing

internal import func Glibc.pow

@testable import Presentation

@Suite struct HTMLTests {
    @Test(arguments: [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\" onmouseover='x", "&quot; onmouseover=&#39;x"),
        ("a & b &amp; c", "a &amp; b &amp;amp; c"),
        ("tab\there\nline", "tab\there\nline"),
        ("one\r\ntwo\rthree\n\r\n", "one\ntwo\nthree\n\n"),
        ("\u{1B}[31m \u{202E}gnp.exe \u{0}", "\u{FFFD}[31m \u{FFFD}gnp.exe \u{FFFD}"),
        ("naïve 映画 👍🏽", "naïve 映画 👍🏽"),
    ])
    func whatIsPutInIsText(plain: String, safe: String) {
        let markup: HTML = "<p title=\"\(plain)\">\(plain)</p>"
        #expect(markup.text == "<p title=\"\(safe)\">\(safe)</p>")
    }

    @Test func markupIsNotEscapedTwice() {
        let inner: HTML = "<b>\("<")</b>"
        let outer: HTML = "<p>\(inner)\(3)</p>"
        #expect(outer.text == "<p><b>&lt;</b>3</p>")
        #expect([1, 2].joined { "<i>\($0)</i>" }.text == "<i>1</i><i>2</i>")
    }

    @Test func invalidUTF8IsRepaired() {
        let markup: HTML = "\(utf8: [0x61, 0xFF, 0x3C])"
        #expect(markup.text == "a\u{FFFD}&lt;")
    }

    @Test func thePageLoadsNothing() {
        let page = HTMLPage.opening("x < y").text + HTMLPage.closing.text
        #expect(page.contains("<title>x &lt; y</title>"))
        #expect(!page.contains("http://") && !page.contains("https://"))
        #expect(!page.contains("<script"))
        #expect(page.contains("default-src 'none'"))
    }

    /// WCAG 2.2: contrast of at least 4.5 to 1, in both schemes, also on the strongest tint.
    @Test(arguments: [
        ("ink", "ground"), ("ink", "card"), ("quiet", "ground"), ("quiet", "card"),
        ("for", "card"), ("against", "card"), ("ink", "for-tint"), ("ink", "against-tint"),
    ])
    func contrast(ink: String, ground: String) throws {
        for scheme in [\(name: String, light: String, dark: String).light, \.dark] {
            let colours = try [ink, ground].map { name in
                let entry = try #require(HTMLPage.palette.first { $0.name == name })
                return luminance(entry[keyPath: scheme])
            }
            let (high, low) = (max(colours[0], colours[1]), min(colours[0], colours[1]))
            #expect((high + 0.05) / (low + 0.05) >= 4.5, "\(ink) on \(ground)")
        }
    }

    private func luminance(_ colour: String) -> Double {
        let number = UInt32(colour.dropFirst(), radix: 16) ?? 0
        let channels = [16, 8, 0].map { Double(number >> UInt32($0) & 0xFF) / 255 }
        let linear = channels.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
}
