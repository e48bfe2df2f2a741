// Markup that cannot be broken by what is put into it.
//
//     let cell: HTML = "<td class=\"n\">\(count)</td><td>\(title)</td>"
//
// Invariant: only literals written in this source are markup. Whatever is interpolated is escaped,
// be it a text or an attribute's value, unless it is itself an `HTML`. Controls and direction marks
// of somebody else's text become U+FFFD: they could reorder what stands around them. Line ends of
// other systems, CR LF and CR, become LF.

package struct HTML: ExpressibleByStringInterpolation, Sendable {
    package private(set) var text: String

    package init(stringLiteral value: String) { text = value }

    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    package static let nothing: HTML = ""

    package static func += (left: inout HTML, right: HTML) { left.text += right.text }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity)
        }

        package mutating func appendLiteral(_ literal: String) { text += literal }

        package mutating func appendInterpolation(_ markup: HTML) { text += markup.text }

        package mutating func appendInterpolation(_ plain: String) {
            text += HTML.escaped(plain.utf8)
        }

        package mutating func appendInterpolation(utf8: some Sequence<UInt8>) {
            text += HTML.escaped(utf8)
        }

        package mutating func appendInterpolation(_ number: some BinaryInteger) {
            text += String(number)
        }
    }

    /// Safe between tags and between quotes.
    package static func escaped(_ utf8: some Sequence<UInt8>) -> String {
        var safe = ""
        var isAfterReturn = false
        for scalar in String(decoding: Array(utf8), as: UTF8.self).unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            switch scalar {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&#39;"
            case "\r": safe += "\n"
            case "\n" where isAfterReturn: break
            case "\n", "\t": safe.unicodeScalars.append(scalar)
            default:
                let category = scalar.properties.generalCategory
                let isHarmful = category == .control || isDirectionMark(scalar.value)
                safe.unicodeScalars.append(isHarmful ? "\u{FFFD}" : scalar)
            }
        }
        return safe
    }

    /// Embeddings, overrides and isolates: U+202A...202E, U+2066...2069.
    private static func isDirectionMark(_ value: UInt32) -> Bool {
        (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
    }
}

extension Sequence {
    /// One piece of markup after another.
    package func joined(_ markup: (Element) -> HTML) -> HTML {
        var all = HTML.nothing
        for element in self { all += markup(element) }
        return all
    }
}
