// What is wrong with a command line, said to the person who typed it.

package struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
    package let message: String
    /// Whose `--help` would tell more: `textflixctl classify`.
    package let place: String

    package init(_ message: String, in place: String) {
        self.message = message
        self.place = place
    }

    package var description: String {
        "\(place): \(message)\nTry '\(place) --help'."
    }
}

/// The name that somebody probably meant.
package enum NearestName {
    /// `; did you mean --format?`, or nothing.
    static func hint(for word: String, among names: [String], prefix: String = "") -> String {
        nearest(to: word, among: names).map { "; did you mean \(prefix)\($0)?" } ?? ""
    }

    /// The nearest name within a third of the word's length in typing slips, or one that the word
    /// begins; the first in order among equals.
    package static func nearest(to word: String, among names: [String]) -> String? {
        let limit = max(1, word.count / 3)
        let best = names.map { (name: $0, slips: slips(from: word, to: $0)) }
            .min { $0.slips < $1.slips }
        if let best, best.slips <= limit { return best.name }
        return word.count < 2 ? nil : names.first { $0.hasPrefix(word) }
    }

    /// Optimal string alignment: insertions, deletions, changes, and swaps of neighbours.
    static func slips(from word: String, to name: String) -> Int {
        let source = Array(word.utf8)
        let target = Array(name.utf8)
        var before: [Int] = []
        var last = Array(0...target.count)
        for i in source.indices {
            var row = [i + 1]
            for j in target.indices {
                let change = last[j] + (source[i] == target[j] ? 0 : 1)
                var cost = min(change, last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, source[i] == target[j - 1], source[i - 1] == target[j] {
                    cost = min(cost, before[j - 1] + 1)
                }
                row.append(cost)
            }
            before = last
            last = row
        }
        return last[target.count]
    }
}
