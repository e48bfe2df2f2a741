// Text on its way to a terminal, whatever it is: the last look at what a terminal would obey or be
// turned round by, and nobody here sends on purpose.
//
// Those are DEL, the controls above ASCII (a C1 control is an escape sequence in one character) and
// Unicode's marks of direction. They are written as in a string of JSON, the only place where they
// still may stand: there it means the same. The controls below 0x20 are left alone: line ends and
// colours are meant, and whoever quotes somebody escapes the others.

extension String {
    /// With `\u009b` and `\u202e` for them.
    package var withEscapedControls: String {
        guard unicodeScalars.contains(where: \.isObeyed) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.isObeyed {
                text += scalar.jsonEscape
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isObeyed: Bool {
        value >= 0x7F && (value < 0xA0 || properties.isBidiControl)
    }

    /// All of them have four digits at most.
    fileprivate var jsonEscape: String {
        let digits = String(value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
