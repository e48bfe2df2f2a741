// Rows against RFC 4180 by hand, the same whatever pieces the bytes come in, and what is refused.

import DelimitedText
import Testing

private typealias Row = RowSplitter.Row

/// Fed in pieces of so many bytes.
private func rows(_ text: String, pieces: Int = .max, limit: Int = 1 << 20) -> [Row] {
    var splitter = RowSplitter(separator: UInt8(ascii: ","), limit: limit)
    var rows: [Row] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        splitter.append(rest.prefix(pieces))
        rest = rest.dropFirst(pieces)
        while let row = splitter.next() { rows.append(row) }
    }
    return rows + [splitter.finish()].compactMap { $0 }
}

private func fields(_ text: String) -> [[String]] {
    rows(text).map { $0.fields.map { String(decoding: $0, as: UTF8.self) } }
}

@Suite struct RowSplitterTests {
    @Test(arguments: [
        ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
        ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
        ("a,\n,b\n,\n", [["a", ""], ["", "b"], ["", ""]]),
        ("\"a,\"\"b\"\"\r\nc\",d\n", [["a,\"b\"\r\nc", "d"]]),
        ("\"\",\"\"\"\"\n", [["", "\""]]),
        ("5\" screen,\"a\"\n", [["5\" screen", "a"]]),
        (" \"a\" ,b\n", [[" \"a\" ", "b"]]),
        ("a\rb,c\r\r\n", [["a\rb", "c\r"]]),
        ("\n\r\na\n\n\nb", [["a"], ["b"]]),
        ("\"a\"", [["a"]]),
        ("\"\"", [[""]]),
        ("ü,\"\u{2028}\"\n", [["ü", "\u{2028}"]]),
        ("", []),
    ])
    func rowsAreWhatTheRuleSays(_ text: String, _ wanted: [[String]]) {
        #expect(fields(text) == wanted)
    }

    @Test func piecesDoNotMatter() {
        let text = "a,\"b\r\n\"\"c\"\"\"\r\n\r\n\"x\"y,z\nd,e\n\"open,\nf,g\n"
        let whole = rows(text)
        #expect(whole.count == 4)
        for pieces in 1...7 { #expect(rows(text, pieces: pieces) == whole) }
    }

    @Test func aRowIsToldByTheLineOnWhichItBegins() {
        #expect(rows("a\n\n\"b\nc\"\nd\n").map(\.line) == [1, 3, 5])
    }

    @Test func textBehindAQuoteIsAFaultOfThatRowAlone() {
        let all = rows("a\n\"b\n\"c\",d\ne\n")
        #expect(all.map { $0.fault == nil } == [true, false, true])
        #expect(all[1].fault?.contains("on line 3") == true)
        #expect(all[1].fields.isEmpty)
    }

    @Test func anOpenQuoteIsToldWithItsLine() {
        let all = rows("a\nb,\"c\nd\n")
        #expect(all.map(\.line) == [1, 2])
        #expect(all[1].fault == "the quote that opens on line 2 is not closed")
    }

    @Test func aRowOverTheLimitIsReportedOnce() {
        let long = String(repeating: "x", count: 3 << 20)
        let all = rows("a\n\(long),b\nc\n", pieces: 1000)
        #expect(all.map(\.fault) == [nil, "longer than 1 MiB", nil])
        let open = rows("a\nb,\"\(long)\nc\n", pieces: 1000)
        #expect(open.map(\.line) == [1, 2])
        #expect(open[1].fault == "longer than 1 MiB; the quote that opens on line 2 is open")
    }
}
