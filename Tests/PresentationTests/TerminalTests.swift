// What a terminal is given: widths, cuts, bars, tables, and nothing that could repaint it.

import Presentation
import Testing

private let plainScreen = Screen(isTerminal: false, columns: 60, isColoured: false)

@Suite struct DisplayWidthTests {
    @Test(arguments: [
        ("abc", 3), ("", 0), ("日本", 4), ("e\u{301}", 1), ("😀", 2), ("—…", 2), ("한", 2),
        ("⭐✅⚡", 6), ("🫠🪄", 4), ("❤", 1), ("🇩🇪", 2), ("👍🏽", 4),
    ])
    func columns(text: String, width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test(arguments: [
        ("hello", 5, "hello"), ("hello", 4, "hel…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"),
        ("hello", 1, "…"), ("hello", 0, ""), ("", 3, ""),
    ])
    func cut(text: String, columns: Int, result: String) {
        #expect(DisplayWidth.cut(text, to: columns) == result)
        #expect(DisplayWidth.of(result) <= columns)
    }

    @Test func aTextCannotMoveTheCursor() {
        let hostile = "a\u{1B}[2Jb\r\nc\u{9B}31m\u{202E}d\t  e "
        let shown = DisplayWidth.oneLine(hostile.utf8)
        #expect(shown == "a [2Jb c 31md e")
        #expect(DisplayWidth.oneLine("co\u{AD}-op \u{200D}x".utf8) == "co-op x")
        #expect(DisplayWidth.oneLine([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
    }
}

@Suite struct BarTests {
    @Test(arguments: [
        (0.0, "          "), (1.0, "██████████"), (0.5, "█████     "), (0.0125, "▏         "),
        (2.0, "██████████"), (-1.0, "          "), (.nan, "          "),
    ])
    func eighths(share: Double, bar: String) {
        #expect(Bar.text(share, columns: 10) == bar)
    }
}

@Suite struct TextTableTests {
    @Test func columnsAlign() {
        var table = TextTable([
            .init(title: "NAME"), .init(title: "N", isNumber: true), .init(title: "NOTE", most: 6),
        ])
        table.append(["a", "1", ""])
        table.append(["日本", "1,000", "a long note"])
        #expect(
            table.lines(on: plainScreen, indent: "  ") == [
                "  NAME      N  NOTE",
                "  a         1",
                "  日本  1,000  a lon…",
            ])
    }

    @Test func aWideTitleStandsWhole() {
        var table = TextTable([.init(title: "映画"), .init(title: "点数", isNumber: true)])
        table.append(["x", "1"])
        #expect(table.lines(on: plainScreen) == ["映画  点数", "x        1"])
    }
}

@Suite struct QuantityTests {
    @Test func forPeople() {
        #expect(
            [0, 999, 1000, 87_300_000, 1_210_000_000].map { byteText($0) }
                == ["0 B", "999 B", "1.00 kB", "87.3 MB", "1.21 GB"])
        #expect(
            [0, 999, 1000, 1_234_567, -1000].map { grouped($0) }
                == ["0", "999", "1,000", "1,234,567", "-1,000"])
        #expect([0.5, 99.96, 1234.4].map { rateText($0) } == ["0.50", "100", "1,234"])
        #expect(
            [5, 65, 3700, 90_000].map { ageText(nanoseconds: $0 * 1_000_000_000) }
                == ["5 s", "1 min 5 s", "1 h 1 min", "1 d 1 h"])
        #expect([-1, 65, .nan].map { ageText(seconds: $0) } == ["0 s", "1 min 5 s", "0 s"])
        #expect(ageText(seconds: .infinity).contains(" d "))
    }
}
