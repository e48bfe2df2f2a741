// Characters as HTML writes them, `&quot;` or `&#39;`, for comparing texts of the web with others.
//
// Invariant: what is no reference stays as it is; each is read once, so `&amp;lt;` is `&lt;`. Of
// names it knows those of marks that HTML needs, and the space; one without its `;` is none.

enum CharacterReferences {
    static func replaced(in text: [UInt8]) -> [UInt8] {
        let ampersand = UInt8(ascii: "&")
        guard var next = text.firstIndex(of: ampersand) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while true {
            bytes += rest[..<next]
            rest = rest[next...]
            if let (scalar, end) = reference(rest) {
                bytes += String(scalar).utf8
                rest = rest[end...]
            } else {
                bytes.append(ampersand)
                rest = rest.dropFirst()
            }
            guard let following = rest.firstIndex(of: ampersand) else { return bytes + rest }
            next = following
        }
    }

    /// Bytes of the longest one, between `&` and `;`.
    private static let mostBytes = 8

    private static let names: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}",
    ]

    /// The one that `text` begins with, and the place behind it.
    private static func reference(_ text: ArraySlice<UInt8>) -> (Unicode.Scalar, end: Int)? {
        let inner = text.dropFirst().prefix(mostBytes + 1)
        guard let end = inner.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = String(decoding: inner[..<end], as: UTF8.self)
        guard let scalar = names[name] ?? numbered(name) else { return nil }
        return (scalar, end + 1)
    }

    /// `#39` or `#x27`; a control character stays as it is written.
    private static func numbered(_ name: String) -> Unicode.Scalar? {
        guard name.hasPrefix("#"), !name.contains("+") else { return nil }
        let digits = name.dropFirst()
        let isHexadecimal = digits.hasPrefix("x") || digits.hasPrefix("X")
        let number =
            isHexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
        guard let number, number >= 0x20 else { return nil }
        return Unicode.Scalar(number)
    }
}
