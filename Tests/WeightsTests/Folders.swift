// Model folders for the tests: made in a fresh directory, changed, opened, removed.

import Syscalls
import TestSupport
import Testing
import Weights

/// A small model; every test that breaks something starts from it.
let sound: SyntheticModel = {
    var model = SyntheticModel(
        BERTConfiguration(
            head: .sequence, hidden: 12, heads: 3, feedForward: 20, layers: 2, positions: 16,
            vocabulary: 40))
    model.seed = 7
    return model
}()

/// Runs the body with the path of a fresh directory, then removes that and all below.
func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = try TemporaryFolder("weights")
    return try body(folder.path)
}

func write(_ text: String, _ path: String) throws {
    try writeFileAtomically(path, bytes: Array(text.utf8))
}

/// Replaces text in a file of the folder; the text must be there.
func edit(_ path: String, _ old: String, _ new: String) throws {
    let text = String(decoding: try readFile(path, limit: 1 << 20), as: UTF8.self)
    let parts = text.split(separator: old, omittingEmptySubsequences: false)
    try #require(parts.count > 1, "\(old) is not in \(path)")
    try write(parts.joined(separator: new), path)
}

/// The error of opening the folder, which must be of that kind and mention those words.
func expectError(
    _ folder: String, _ kind: WeightsError.Kind, mentions words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    do {
        _ = try ModelFolder.open(folder)
        Issue.record("it opened", sourceLocation: sourceLocation)
    } catch {
        #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
        for word in words {
            #expect(
                error.description.contains(word), "\(word) is not in: \(error)",
                sourceLocation: sourceLocation)
        }
    }
}

/// A safetensors file of any header and data, right or wrong.
func safetensors(_ header: String, data: [UInt8], length: UInt64? = nil) -> [UInt8] {
    let bytes = Array(header.utf8)
    let stated = (length ?? UInt64(bytes.count)).littleEndian
    return withUnsafeBytes(of: stated) { Array($0) } + bytes + data
}
