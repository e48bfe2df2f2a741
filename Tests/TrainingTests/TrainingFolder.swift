// A folder for a test's files, removed with it.

import Syscalls

final class TrainingFolder {
    let path: String

    init() throws { path = try makeTemporaryDirectory(prefix: "/tmp/textflix-experiment-") }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in (try? listDirectory(path)) ?? [] {
            let inner = path + "/" + name
            if isDirectory(inner) { remove(inner) } else { try? removeFile(inner) }
        }
        try? removeDirectory(path)
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try writeFileAtomically(path + "/" + name, bytes: Array(text.utf8))
        return path + "/" + name
    }

    func rename(_ name: String, to other: String) throws {
        try renameFile(path + "/" + name, to: path + "/" + other)
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
