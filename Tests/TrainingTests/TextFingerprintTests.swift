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
        ("I love C++", "i love c++!"), ("a + b", "a b"), ("5 # 6", "56"),
        ("fun :)", "Fun :-) "), ("genre:(comedy)", "genre (comedy)"),
        ("see http://a.b/c", "see http a b c"), ("(one)", "one"), ("note: (this)", "note this"),
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
        ("good", "god"),
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
