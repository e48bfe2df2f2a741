// Tables as JSON objects: separators, names, and what is said of tables and rows that are wrong.

import DelimitedText
import Testing

private func read(
    _ bytes: [UInt8], columns: [String] = [], pieces: Int = .max
) throws(TableError) -> [String] {
    var reader = TableReader(columns: columns, hint: " (hint)")
    var rows: [TableReader.Row] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        try reader.append(rest.prefix(pieces))
        rest = rest.dropFirst(pieces)
        while let row = reader.next() { rows.append(row) }
    }
    while let row = try reader.finish() { rows.append(row) }
    return rows.map { row in
        switch row {
        case .object(let json, let line): "\(line) \(String(decoding: json, as: UTF8.self))"
        case .bad(let reason, let line): "\(line) \(reason)"
        }
    }
}

private func read(
    _ text: String, columns: [String] = [], pieces: Int = .max
) throws(TableError) -> [String] {
    try read(Array(text.utf8), columns: columns, pieces: pieces)
}

@Suite struct TableReaderTests {
    @Test(arguments: [",", ";", "\t"])
    func theFirstRowShowsTheSeparator(_ mark: String) throws {
        let text = "text\(mark)\"a,b;c\"\r\n\"x\(mark)y\"\(mark)\"2\"\r\n"
        let wanted = mark == "\t" ? "x\\ty" : "x\(mark)y"
        for pieces in [1, 2, 1000] {
            #expect(
                try read(text, columns: ["text"], pieces: pieces) == [
                    #"2 {"text":"\#(wanted)","a,b;c":"2"}"#
                ])
        }
    }

    @Test func oneColumnIsATableToo() throws {
        #expect(try read("text\na\n\"b\nc\"\n") == [#"2 {"text":"a"}"#, #"3 {"text":"b\nc"}"#])
        #expect(try read("text") == [])
    }

    /// What has no separator in its first row has none behind it.
    @Test func oneColumnMayHoldAnyOfThem() throws {
        #expect(
            try read("text\r\nGood, and short.\r\nBad; long\t!\r\n")
                == [#"2 {"text":"Good, and short."}"#, #"3 {"text":"Bad; long\t!"}"#])
    }

    /// Under which the columns are there, whatever else the first row holds.
    @Test(arguments: [
        "text;a, b, and c\nx;y\n", "a, b;text\ny;x\n", "a, b\ttext\ny\tx\n",
        "text,size 12\"\nx,y\n",
    ])
    func theSeparatorGivesTheColumnsThatAreNeeded(_ table: String) throws {
        for pieces in [1, 1000] {
            let rows = try read(table, columns: ["text"], pieces: pieces)
            #expect(rows.count == 1 && rows[0].contains(#""text":"x""#), "\(rows)")
        }
    }

    @Test func columnsWithoutANameArePassedOver() throws {
        #expect(
            try read(",text,label,\n0,a,b,\n", columns: ["text"])
                == [#"2 {"text":"a","label":"b"}"#])
        #expect(try read("\"\",\"text\"\n\"1\",\"a\"\n") == [#"2 {"text":"a"}"#])
    }

    @Test func anEmptyCellIsNoFieldButForTheText() throws {
        let rows = try read("id,text,label\n,,\n7,a,\n,b,\"\"\n", columns: ["text"])
        #expect(rows == [#"2 {"text":""}"#, #"3 {"id":"7","text":"a"}"#, #"4 {"text":"b"}"#])
    }

    @Test func aRowThatIsWrongIsToldAlone() throws {
        let rows = try read("text,label\na,b,c\na\nd,e\n")
        #expect(rows.count == 3)
        #expect(rows[0].hasPrefix("2 3 fields, the first row has 2"))
        #expect(rows[1].hasPrefix("3 1 fields, the first row has 2"))
        #expect(rows[2] == #"4 {"text":"d","label":"e"}"#)
        let latin = Array("text,label\n".utf8) + [0xE4] + Array(",b\n".utf8)
        #expect(try read(latin) == [#"2 column "text" is not UTF-8"#])
    }

    @Test(arguments: [
        ("", "it is empty"), ("\n\n", "it is empty"), (",\na,b\n", "no column \"text\""),
        ("a,b,a\n", "two columns are called \"a\""),
        ("\"a\"b,c\n", "the first row: text behind a closing quote"),
        ("text,label\rx,y\r", "its lines end with CR alone"),
        ("review,label\nx,y\n", "no column \"text\"; the first row names review, label (hint)"),
        (String(repeating: "x", count: 70_000), "longer than 64 KiB"),
    ])
    func aTableThatIsWrongIsRefused(_ text: String, _ reason: String) {
        let error = #expect(throws: TableError.self) { _ = try read(text, columns: ["text"]) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func utf16IsToldAsWhatItIs() {
        let text: [UInt8] = [0xFF, 0xFE] + "text\n".utf8.flatMap { [$0, 0] }
        let error = #expect(throws: TableError.self) { _ = try read(text) }
        #expect(error?.message.contains("UTF-16") == true)
    }

    @Test func namesEndInCsvOrTsv() {
        #expect(["a.csv", "b/c.TSV"].allSatisfy(TableReader.isTable))
        #expect(!["a.jsonl", "csv", "a.csv.gz"].contains(where: TableReader.isTable))
    }
}
