// Word vectors, as the field ships them, and a text as the mean of its words' vectors.
//
//     GloVe text:       "word 0.1 -0.2 ...\n" a line; word2vec's text form has "count D\n" before
// it
//     word2vec binary:  "count D\n", then for each word "word " and D little-endian f32, maybe "\n"
//
// Words are named in lower case, as texts are read: of "Paris" and "paris" the latter stays, and
// without it the first of the others.
//
// Invariant: vectors are [V, D], finite, one a distinct name (the first of equal words stays). A
// file that does not hold what it promises is an error with the line or the word's number.

internal import Syscalls

package struct WordVectors: Sendable {
    package let dimension: Int
    /// [V], as NGramReader names single words.
    package private(set) var names: [UInt64] = []
    /// Row-major [V, D].
    package private(set) var elements: [Float] = []
    private var rows: [UInt64: Int] = [:]
    /// Those whose words are not in lower case in the file.
    private var cased: Set<Int> = []

    package enum Limits {
        /// Of a file: GloVe's largest, 840B at 300 dimensions, has 5.6 GB.
        package static let bytes = 8 << 30
        package static let dimension = 4096
    }

    package var count: Int { names.count }

    package func row(_ name: UInt64) -> Int? { rows[name] }

    private init(dimension: Int) { self.dimension = dimension }

    private mutating func add(_ word: UnsafeBufferPointer<UInt8>, _ vector: [Float]) {
        let lower = Self.lowercase(word)
        let token = lower.withUnsafeBufferPointer { NGramHash.token($0) }
        let name = NGramHash().appending(token: token)
        let isCased = !lower.elementsEqual(word)
        guard let row = rows[name] else {
            rows[name] = names.count
            if isCased { cased.insert(names.count) }
            names.append(name)
            elements.append(contentsOf: vector)
            return
        }
        guard !isCased, cased.remove(row) != nil else { return }
        elements.replaceSubrange(row * dimension..<(row + 1) * dimension, with: vector)
    }

    /// Scalar by scalar, as `NGramReader` does it.
    private static func lowercase(_ word: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let isLower = word.allSatisfy { $0 < 0x80 && !(0x41...0x5A).contains($0) }
        if isLower { return Array(word) }
        return String(decoding: word, as: UTF8.self).unicodeScalars.flatMap {
            Array($0.properties.lowercaseMapping.utf8)
        }
    }

    /// Reads any of the three forms; which one, the first line tells.
    package init(path: String) throws(WordVectorsError) {
        let file: MappedFile
        do throws(Errno) {
            file = try MappedFile(path)
        } catch {
            throw WordVectorsError(path, error.message, isUnreadable: true)
        }
        let bytes = file.bytes.bindMemory(to: UInt8.self)
        guard let lineEnd = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            throw WordVectorsError(path, "no line in it")
        }
        let first = bytes[..<lineEnd].split(separator: UInt8(ascii: " "))
        let header = first.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        let isHeader = first.count == 2 && header.count == 2
        let dimension = isHeader ? header[1] : first.count - 1
        guard (1...Limits.dimension).contains(dimension) else {
            throw WordVectorsError(path, "line 1: \(dimension) numbers are not a vector")
        }
        self.init(dimension: dimension)
        let rest = UnsafeBufferPointer(rebasing: bytes[(isHeader ? lineEnd + 1 : 0)...])
        if isHeader, Self.isBinary(rest, dimension) {
            try readBinary(rest, count: header[0], path)
        } else {
            try readText(rest, firstLine: isHeader ? 2 : 1, path)
        }
        guard count > 0 else { throw WordVectorsError(path, "no vector in it") }
    }

    /// In text form the first record has D + 1 fields before its line ends.
    private static func isBinary(_ bytes: UnsafeBufferPointer<UInt8>, _ dimension: Int) -> Bool {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        return line.split(separator: UInt8(ascii: " ")).count != dimension + 1
            || line.contains { $0 == 0 }
    }

    private mutating func readText(
        _ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int, _ path: String
    ) throws(WordVectorsError) {
        var number = firstLine
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            // A few of GloVe's words hold spaces: the last D fields are the numbers.
            let fields = line.split(separator: UInt8(ascii: " "))
            let vector = fields.suffix(dimension)
                .compactMap { Float(String(decoding: $0, as: UTF8.self)) }
            guard vector.count == dimension, fields.count > dimension,
                vector.allSatisfy(\.isFinite)
            else {
                throw WordVectorsError(
                    path, "line \(number): expected a word and \(dimension) numbers")
            }
            let wordEnd = fields[fields.count - dimension].startIndex - 1
            add(UnsafeBufferPointer(rebasing: line[line.startIndex..<wordEnd]), vector)
            number += 1
        }
    }

    private mutating func readBinary(
        _ bytes: UnsafeBufferPointer<UInt8>, count: Int, _ path: String
    ) throws(WordVectorsError) {
        var offset = 0
        for number in 1...max(1, count) {
            while offset < bytes.count, bytes[offset] == UInt8(ascii: "\n") { offset += 1 }
            guard let space = bytes[offset...].firstIndex(of: UInt8(ascii: " ")),
                space + 1 + 4 * dimension <= bytes.count
            else { throw WordVectorsError(path, "the file ends inside word \(number) of \(count)") }
            let raw = UnsafeRawBufferPointer(bytes)
            let vector = (0..<dimension).map { index in
                let place = space + 1 + 4 * index
                return Float(
                    bitPattern: UInt32(
                        littleEndian: raw.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
            }
            guard vector.allSatisfy(\.isFinite) else {
                throw WordVectorsError(path, "the vector of word \(number) is not finite")
            }
            add(UnsafeBufferPointer(rebasing: bytes[offset..<space]), vector)
            offset = space + 1 + 4 * dimension
        }
    }
}

package struct WordVectorsError: Error, CustomStringConvertible, Sendable {
    package let path: String
    package let message: String
    /// The file cannot be opened; else what it holds is wrong.
    package let isUnreadable: Bool

    init(_ path: String, _ message: String, isUnreadable: Bool = false) {
        self.path = path
        self.message = message
        self.isUnreadable = isUnreadable
    }

    package var description: String { "\(path): \(message)" }
}
