// Which texts are held to be copies of one another.

import Testing
import Training

@Suite struct TextFingerprintTests {
    private func areCopies(_ one: String, _ other: String) -> Bool {
        TextFingerprints([Array(one.utf8)]).contains(Array(other.utf8))
    }

    @Test(arguments: [
        ("Great!", "great"), ("Хороший фильм", "ХОРОШИЙ ФИЛЬМ!"), ("good film", "good\u{A0}film"),
        ("Film – wirklich!", "Film - wirklich!"), ("«Élan»", "élan"), ("很好，看", "很好看。"),
        ("don’t", "don't"), ("soft\u{AD}ware", "software"), ("\u{FEFF}film", "film"),
        ("a<br />b", "a b"), ("<p>A <em>fine</em> film</p>", "a fine film"),
        ("see <a href=\"https://example.org/a?b=c\">this</a>", "see this"),
        ("one<BR>two", "one two"),
        ("I love C++", "i love c++!"), ("a + b", "a b"), ("5 # 6", "5 / 6"), ("a # 6", "a6"),
        ("fun :)", "Fun :-) "), ("genre:(comedy)", "genre (comedy)"),
        ("see http://a.b/c", "see http a b c"), ("(one)", "one"), ("note: (this)", "note this"),
        ("café", "cafe\u{301}"), ("Ấn Độ", "A\u{302}\u{301}n Đo\u{323}\u{302}"),
        ("Мой чай", "мои\u{306} чаи\u{306}"), ("İyi", "i\u{307}yi"), ("naïve", "naive"),
        ("it&#39;s", "it's"), ("it&#x27;s", "it's"), ("&quot;one&quot; &amp; two", "one two"),
        ("&lt;br&gt;one&nbsp;two", "one two"), ("fun :&#41;", "fun :)"), ("caf&#233;", "café"),
        ("4.5 of 5", "4,5 of 5"), ("7 / 10", "7/10"), ("5 6", "56"), ("a 5, b", "a 5 b"),
        ("one-5", "one 5"), ("5<br />6", "5 6"), ("x <30", "x 30"),
    ])
    func whatDoesNotMatter(_ one: String, _ other: String) {
        #expect(areCopies(one, other))
    }

    @Test(arguments: [
        ("written in C", "written in C++"), ("written in C", "written in C#"),
        ("in C++", "in C#"), ("Grade: B+", "Grade: B"), ("Read List<String>", "Read List<Integer>"),
        ("a <b and c> d", "a d"), ("meeting happy :)", "meeting happy :("),
        ("happy :)", "happy"), ("so ;-)", "so ;-("), ("so :D", "so :P"),
        ("it is 5 €", "it is 5 $ "),
        ("ok 😀", "ok 😡"), ("हिन्दी", "हनद"), ("!!!", "???"), ("…", "!"), (":)", ":("),
        ("good", "god"), ("4.5", "45"), ("1/10", "110"), ("1–10", "110"), ("5 # 6", "56"),
        ("-5", "5"), ("it fell to -5", "it fell to 5"), ("$5", "5"), ("$5", "€5"),
        ("I <3 it", "I </3 it"), ("I <3 it", "I 3 it"), ("&lt;3", "&lt;/3"),
        ("for", "før"), ("&#+49;", "1"), ("&copy;", "©"), ("&amp;lt;b", "<b"),
    ])
    func whatMakesAnotherText(_ one: String, _ other: String) {
        #expect(!areCopies(one, other))
    }

    @Test func anyBytesAreAText() {
        let texts: [[UInt8]] = [
            [], [0x3C], [0x3A], [0x3A, 0x2D], [0xC3], [0xFF, 0x41], [0x3C, 0x2F],
        ]
        for text in texts {
            #expect(TextFingerprints([text]).contains(text))
            #expect(!TextFingerprints([text]).contains(text + [0x7A]))
        }
    }
}
