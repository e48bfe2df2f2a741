// JSON in and out: values and spans, what is refused and where, JSON5's additions, and that what
// the writer writes the parser reads back. The verdicts on the tables were taken from RFC 8259 and
// json5.org, and agree with Python's json module (for .json).

import JSONText
import Testing

private func parse(
    _ text: String, _ dialect: JSONDocument.Dialect = .json
) throws(JSONError) -> JSONNode {
    try JSONDocument.parse(Array(text.utf8), dialect: dialect)
}

@Suite struct JSONParsing {
    @Test func valuesKeepTheirSpans() throws {
        let text = #"{ "a": [1, -2.5e3, true, null], "b" : "x\n\u00e9\ud83d\ude00" }"#
        let node = try parse(text)
        let first = try #require(node["a"])
        #expect(Array(text.utf8[...])[first.span].elementsEqual("[1, -2.5e3, true, null]".utf8))
        #expect(first.array?[0].int == 1)
        #expect(first.array?[1].double == -2500)
        #expect(first.array?[2].bool == true)
        #expect(first.array?[3].isNull == true)
        #expect(node["b"]?.string == "x\né😀")
        #expect(node["c"] == nil)
    }

    @Test func namesAreComparedByBytes() throws {
        let node = try parse("{\"\u{e9}\": 1, \"e\u{301}\": 2}")
        #expect(node["\u{e9}"]?.int == 1)
        #expect(node["e\u{301}"]?.int == 2)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "0x10", "NaN", "'a'", "{a:1}",
        "[1 2]", "\"\\x41\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "tru", "1 2",
        "\"a\nb\"", "// c\n1", "{\"a\" 1}", "{\"a\":}", "--1", "1e", "\"\\u12g4\"", "\u{a0}1",
    ])
    func whatIsNotJSONIsRefused(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test(arguments: [
        "[1,]", "{a:1,}", "{$b_1: 'x', \"c\": .5}", "+1", "0x1F", "-Infinity", "NaN", "5.",
        "// c\n1 /* d */", "'it\\'s \\x41\\\n'", "\u{a0}1\u{2028}", "[]", "{}",
    ])
    func whatJSON5Adds(_ text: String) throws {
        _ = try parse(text, .json5)
    }

    @Test(arguments: ["[,]", "{,}", "010", "0x", "/* open", "'a", "'\\1'", "{a 1}", "1 /"])
    func whatJSON5StillRefuses(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text, .json5) }
    }

    @Test func numbersBecomeWhatIsAsked() throws {
        #expect(try parse("1.0").int == 1)
        #expect(try parse("1.5").int == nil)
        #expect(try parse("9223372036854775808").int == nil)
        #expect(try parse("0x1F", .json5).int == 31)
        #expect(try parse("-0x1F", .json5).double == -31)
        #expect(try parse("5.", .json5).double == 5)
        #expect(try parse("-Infinity", .json5).double == -.infinity)
    }

    @Test func errorsSayWhere() {
        let error = #expect(throws: JSONError.self) { try parse("{\n  \"a\": 1,\n  \"a\": 2\n}") }
        #expect(error?.line == 3)
        #expect(error?.column == 3)
        #expect(error?.description == #"line 3, column 3: the key "a" stands twice"#)
        let hostile = #expect(throws: JSONError.self) {
            try parse(#"{"\u001b[2J\n": 1, "\u001b[2J\n": 2}"#)
        }
        #expect(hostile?.message == #"the key "\u001b[2J\n" stands twice"#)
    }

    @Test func depthIsLimited() throws {
        let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        _ = try parse(deep)
        #expect(throws: JSONError.self) { try parse("[" + deep + "]") }
    }

    @Test func valuesAreCounted() throws {
        func count(_ text: String, atMost most: Int) throws {
            try Array(text.utf8).withUnsafeBufferPointer {
                _ = try JSONDocument.parse($0, maxValues: most)
            }
        }
        try count(#"{"a":[1,2,"x"]}"#, atMost: 5)
        let error = #expect(throws: JSONError.self) {
            try count(#"{"a":[1,2,"x"]}"#, atMost: 4)
        }
        #expect(error?.description.contains("more than 4 values") == true)
        #expect(throws: JSONError.self) { try JSONDocument.parse(Array("[1]".utf8), maxValues: 1) }
        _ = try JSONDocument.parse(Array("[1]".utf8), maxValues: 2)
    }

    @Test func invalidUTF8IsRefused() {
        #expect(throws: JSONError.self) { try JSONDocument.parse([0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test func mutatedInputNeverTraps() {
        let seed = Array(
            #"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",{"b":null}],"c":'d',e:0x1F/**/}"#.utf8)
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
            bytes.removeLast(random(bytes.count))
            _ = try? JSONDocument.parse(bytes, dialect: random(2) == 0 ? .json : .json5)
        }
    }
}

@Suite struct JSONWriting {
    @Test func aMembersTypeChoosesItsDigits() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("f", Float(0.1))
        writer.member("d", Double(Float(0.1)))
        writer.member("zero", 0.0)
        writer.member("i", 0)
        writer.member("nan", Double.nan)
        writer.member("b", true)
        writer.member("s", "é\"")
        writer.member("u", utf8: "x".utf8)
        writer.member("t", ["a", "b"])
        writer.member(utf8: "r".utf8, raw: "[1]".utf8)
        writer.endObject()
        #expect(
            writer.text == #"{"f":0.1,"d":0.10000000149011612,"zero":0.0,"i":0,"nan":null,"#
                + #""b":true,"s":"é\"","u":"x","t":["a","b"],"r":[1]}"#)
    }

    @Test func arraysInOneCall() throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("f", [Float(0.1), .nan])
        writer.member("d", [0.5])
        writer.member("i", [UInt32(1), 2])
        writer.member("none", [Int]())
        writer.key("pairs")
        writer.array([("a", 1), ("b", 2)]) { writer, pair in
            writer.beginObject()
            writer.member(pair.0, pair.1)
            writer.endObject()
        }
        writer.endObject()
        #expect(
            writer.text == #"{"f":[0.1,null],"d":[0.5],"i":[1,2],"none":[],"#
                + #""pairs":[{"a":1},{"b":2}]}"#)
    }

    @Test func compactAndPretty() {
        func write(_ writer: inout JSONWriter) {
            writer.beginObject()
            writer.key("a")
            writer.beginArray()
            writer.int(1)
            writer.float(0.1)
            writer.double(.nan)
            writer.endArray()
            writer.key("b")
            writer.beginObject()
            writer.endObject()
            writer.key("c")
            writer.raw("[true]".utf8)
            writer.endObject()
        }
        var compact = JSONWriter()
        write(&compact)
        #expect(compact.text == #"{"a":[1,0.1,null],"b":{},"c":[true]}"#)
        var pretty = JSONWriter(pretty: true)
        write(&pretty)
        let lines = ["{", #"  "a": ["#, "    1,", "    0.1,", "    null", "  ],"]
        #expect(pretty.text.split(separator: "\n").prefix(6).map(String.init) == lines)
        #expect(pretty.text.hasSuffix("}\n"))
    }

    @Test func whateverIsWrittenIsReadBack() throws {
        for scalar in UInt32(0)...0x2FFF {
            guard let character = Unicode.Scalar(scalar) else { continue }
            let text = "\"\\" + String(Character(character))
            var writer = JSONWriter()
            writer.string(text)
            #expect(try JSONDocument.parse(writer.bytes).utf8 == Array(text.utf8))
        }
    }
}
