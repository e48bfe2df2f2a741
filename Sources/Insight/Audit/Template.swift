// Sentences from templates: "The {thing} was {good}." with every word of its lists, or a seeded
// sample of the combinations.
//
// Invariant: same template, lists, count and seed: same sentences in the same order, none twice. A
// slot that stands twice in a template takes the same word; {good}, {good2} take different ones of
// one list. Articles follow their word: "a/an" before a slot is written `{a}`.

internal import Randomness

struct Template: Sendable {
    /// A literal, or the slot's name.
    private enum Piece: Sendable { case text(String), slot(String) }

    private let pieces: [Piece]
    /// In the order of their first place.
    private let slots: [String]

    init(_ text: String) {
        var pieces: [Piece] = []
        var slots: [String] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else {
                preconditionFailure("a slot without its end in \(text)")
            }
            let name = String(rest[rest.index(after: open)..<close])
            pieces += [.text(String(rest[..<open])), .slot(name)]
            if name != "a", !slots.contains(name) { slots.append(name) }
            rest = rest[rest.index(after: close)...]
        }
        self.pieces = pieces + [.text(String(rest))]
        self.slots = slots
    }

    typealias Choice = [String: String]

    /// At most so many ways to fill the slots.
    /// - Parameter lists: by the slot's name without its number.
    func choices(_ lists: [String: [String]], most: Int, seed: UInt64) -> [Choice] {
        let sizes = slots.map { words($0, lists).count }
        let all = sizes.reduce(1, *)
        var order = Array(0..<all)
        var random = RandomSource(seed: seed)
        random.shuffle(&order)
        var chosen: [Choice] = []
        for number in order where chosen.count < most {
            if let choice = choice(number, sizes, lists) { chosen.append(choice) }
        }
        return chosen
    }

    /// The number in mixed radix; nil where two slots of one list would have the same word.
    private func choice(_ number: Int, _ sizes: [Int], _ lists: [String: [String]]) -> Choice? {
        var rest = number
        var choice: Choice = [:]
        for (slot, size) in zip(slots, sizes) {
            let word = words(slot, lists)[rest % size]
            rest /= size
            let list = Self.list(of: slot)
            let isTaken = choice.contains { Self.list(of: $0.key) == list && $0.value == word }
            if isTaken { return nil }
            choice[slot] = word
        }
        return choice
    }

    func text(_ choice: Choice) -> String {
        var text = ""
        for (index, piece) in pieces.enumerated() {
            switch piece {
            case .text(let literal): text += literal
            case .slot("a"): text += article(before: index, choice)
            case .slot(let name): text += choice[name] ?? ""
            }
        }
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    /// By the next word's first letter; good enough for the words that are listed here.
    private func article(before index: Int, _ choice: Choice) -> String {
        for piece in pieces[(index + 1)...] {
            let next: String
            switch piece {
            case .text(let literal): next = literal.filter { $0 != " " }
            case .slot(let name): next = choice[name] ?? ""
            }
            if let first = next.lowercased().first { return "aeiou".contains(first) ? "an" : "a" }
        }
        return "a"
    }

    private func words(_ slot: String, _ lists: [String: [String]]) -> [String] {
        guard let words = lists[Self.list(of: slot)], !words.isEmpty else {
            preconditionFailure("no list for the slot \(slot)")
        }
        return words
    }

    private static func list(of slot: String) -> String { slot.filter { !$0.isNumber } }
}
