// Numbered points inside a text: "1) plot 2) cast", "a. this b. that", "• 3. one".
//
// A list begins at the beginning of a sentence with 1, with a, or after a bullet with any number;
// from then on its next number, in the same format, begins a sentence wherever it stands.

struct ListMarker {
    /// Offset after the marker.
    let end: Int
    /// What the next one is written as: "2.", "b)", "3.)".
    let successor: [UInt8]

    /// The marker that begins at an offset, nil where none does.
    /// - Parameter expected: how the list that is open would go on.
    init?(in text: [UInt8], at start: Int, expecting expected: [UInt8]) {
        var offset = start
        if let end = TextMarks.bullet(in: text, at: start) {
            offset = end
            while offset < text.count, let end = TextMarks.blank(in: text, at: offset) {
                offset = end
            }
        }
        let hasBullet = offset > start
        let label = offset
        var number = 0
        while offset < text.count, offset - label < 3, TextMarks.isDigit(text[offset]) {
            number = 10 * number + Int(text[offset] - UInt8(ascii: "0"))
            offset += 1
        }
        let isLetter = offset == label
        if isLetter {
            guard offset < text.count, text[offset] &- UInt8(ascii: "a") < 25 else { return nil }
            offset += 1
        }
        let dress = offset
        if offset < text.count, text[offset] == UInt8(ascii: ".") { offset += 1 }
        if offset < text.count, text[offset] == UInt8(ascii: ")") { offset += 1 }
        guard offset > dress, offset < text.count, TextMarks.blank(in: text, at: offset) != nil
        else { return nil }
        let isFirst = isLetter ? text[label] == UInt8(ascii: "a") : number == 1
        guard isFirst || hasBullet || text[label..<offset].elementsEqual(expected) else {
            return nil
        }
        let next = isLetter ? [text[label] + 1] : Array("\(number + 1)".utf8)
        end = offset
        successor = next + text[dress..<offset]
    }
}
