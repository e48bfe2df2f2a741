// A folder for an experiment's files, removed with it, and reviews to write into it.

import Syscalls
import TestSupport

struct TrainingFolder {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    init() throws { folder = try TemporaryFolder("experiment") }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try folder.write(name, text) }

    func rename(_ name: String, to other: String) throws {
        try renameFile(folder(name), to: folder(other))
    }

    /// Reviews whose words say their label, as JSON lines; `label` nil leaves it out.
    static func reviews(
        _ count: Int, from first: Int,
        label: (Int) -> String? = { $0 % 2 == 0 ? "positive" : "negative" }
    ) -> String {
        let praise = ["warm", "loved", "fine", "bright"]
        let blame = ["dull", "bore", "poor", "flat"]
        return (first..<first + count).map { index in
            let words = index % 2 == 0 ? praise : blame
            let text = "a \(words[index / 2 % 4]) film \(words[index / 3 % 4]) number \(index)"
            let named = label(index).map { #","label":"\#($0)""# } ?? ""
            return #"{"id":"r\#(index)","text":"\#(text)"\#(named)}"# + "\n"
        }.joined()
    }
}
