// The header of a safetensors file, checked so thoroughly that nobody after it has to.
//
//     byte 0        8                     8 + n                                file size
//     | u64 LE: n   | JSON, n bytes       | tensor bytes, back to back         |
//
//     { "__metadata__": { "format": "pt" },
//       "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24] }, ... }
//
// Invariant of a header that was made: every tensor's range lies inside the data section and is
// exactly as long as its shape and type say; sorted by offset the ranges touch, without gap or
// overlap, from 0 to the end of the file (the format's reference demands the same); names are
// unique. It reads no tensor byte and allocates nothing on the word of a length it has not compared
// with the file's size.

import JSONText

package struct SafetensorsHeader: Sendable {
    package struct Entry: Sendable {
        package let name: String
        package let type: ElementType
        package let shape: [Int]
        /// Byte offsets into the file.
        package let range: Range<Int>
    }

    /// In the order of their bytes in the file.
    package let entries: [Entry]
    /// Free text beside the tensors, e.g. `format: pt`.
    package let metadata: [(key: String, value: String)]
    /// Where the tensor bytes begin in the file.
    package let dataStart: Int

    /// - Parameter file: the whole file, of which only the header is read.
    package init(_ file: UnsafeRawBufferPointer, path: String) throws(WeightsError) {
        func malformed(_ message: String) -> WeightsError {
            WeightsError(.malformed, path, message)
        }
        guard file.count >= 8 else {
            throw malformed("\(file.count) bytes: too short for a safetensors file")
        }
        guard !file.starts(with: "version https://git-lfs".utf8) else {
            throw malformed("a pointer of Git LFS in place of the file: git lfs pull fetches it")
        }
        let stated = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard stated <= UInt64(Limits.headerBytes) else {
            // Not the number: it is what the file begins with, and the file may be anybody's.
            throw malformed(
                "its first 8 bytes say a header over the format's limit of \(Limits.headerBytes) "
                    + "bytes: not a safetensors file")
        }
        let length = Int(stated)
        guard length <= file.count - 8 else {
            throw malformed(
                "truncated: a header of \(length) bytes in a file of \(file.count) bytes")
        }
        let text = UnsafeRawBufferPointer(rebasing: file[8..<8 + length])
        guard text.first == UInt8(ascii: "{") else {
            throw malformed("the header does not begin with '{': not a safetensors file")
        }
        let root: JSONNode
        do {
            root = try text.withMemoryRebound(to: UInt8.self) { source throws(JSONError) in
                try JSONDocument.parse(source, maxDepth: 4, maxValues: Limits.headerValues)
            }
        } catch {
            throw malformed("header, \(error)")
        }
        dataStart = 8 + length
        metadata = try Self.metadata(of: root, path: path)
        entries = try Self.entries(of: root, dataStart: dataStart, path: path)
        try Self.checkLayout(entries, dataStart: dataStart, fileSize: file.count, path: path)
    }

    private static func metadata(
        of root: JSONNode, path: String
    ) throws(WeightsError) -> [(key: String, value: String)] {
        guard let node = root["__metadata__"] else { return [] }
        var pairs: [(key: String, value: String)] = []
        guard let members = node.object else {
            throw WeightsError(.malformed, path, "__metadata__ is \(node.value.kind)")
        }
        for member in members {
            guard let value = member.node.string else {
                throw WeightsError(
                    .malformed, path,
                    "__metadata__.\(member.nameText) is \(member.node.value.kind), not a string")
            }
            pairs.append((member.nameText, value))
        }
        return pairs
    }

    private static func entries(
        of root: JSONNode, dataStart: Int, path: String
    ) throws(WeightsError) -> [Entry] {
        let members = (root.object ?? []).filter { !$0.name.elementsEqual("__metadata__".utf8) }
        guard members.count <= Limits.tensors else {
            throw WeightsError(
                .malformed, path, "\(members.count) tensors, over the limit of \(Limits.tensors)")
        }
        var entries: [Entry] = []
        entries.reserveCapacity(members.count)
        for member in members {
            do {
                entries.append(try entry(member, dataStart: dataStart))
            } catch {
                throw WeightsError(.malformed, path, "tensor \(shown(member)): \(error.reason)")
            }
        }
        // Zero-length tensors share their offset with a neighbour: they come before it.
        return entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
    }

    private struct EntryError: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private static func entry(
        _ member: JSONMember, dataStart: Int
    ) throws(EntryError) -> Entry {
        guard member.name.count <= Limits.nameBytes else {
            throw EntryError("the name is too long")
        }
        guard let typeName = member.node["dtype"]?.string else { throw EntryError("no dtype") }
        guard let type = ElementType(rawValue: typeName) else {
            throw EntryError("unknown dtype \(typeName.prefix(20))")
        }
        guard let shape = naturals(member.node["shape"]), shape.count <= Limits.rank else {
            throw EntryError("shape is not a list of at most \(Limits.rank) natural numbers")
        }
        guard let offsets = naturals(member.node["data_offsets"]), offsets.count == 2,
            offsets[0] <= offsets[1]
        else { throw EntryError("data_offsets is not a pair of natural numbers in order") }
        guard let expected = byteCount(shape, type) else {
            throw EntryError("the shape \(shape.asShape) overflows")
        }
        guard expected == offsets[1] - offsets[0] else {
            throw EntryError(
                "\(type.rawValue) \(shape.asShape) takes \(expected) bytes, but data_offsets "
                    + "\(offsets.asShape) give \(offsets[1] - offsets[0])")
        }
        let (end, overflow) = offsets[1].addingReportingOverflow(dataStart)
        guard !overflow else { throw EntryError("data_offsets overflow") }
        return Entry(
            name: member.nameText, type: type, shape: shape, range: offsets[0] + dataStart..<end)
    }

    private static func naturals(_ node: JSONNode?) -> [Int]? {
        guard let nodes = node?.array else { return nil }
        var numbers: [Int] = []
        for node in nodes {
            guard let number = node.int, number >= 0 else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// The bytes that a tensor takes; nil when the product leaves Int.
    static func byteCount(_ shape: [Int], _ type: ElementType) -> Int? {
        var count = type.byteCount
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            if overflow { return nil }
            count = product
        }
        return count
    }

    private static func checkLayout(
        _ entries: [Entry], dataStart: Int, fileSize: Int, path: String
    ) throws(WeightsError) {
        var end = dataStart
        for entry in entries {
            let start = entry.range.lowerBound
            guard start == end else {
                let what = start < end ? "overlaps the tensor before it" : "leaves a gap before it"
                throw WeightsError(
                    .malformed, path,
                    "tensor \(entry.name) \(what): begins at byte \(start) of the file, not \(end)")
            }
            end = entry.range.upperBound
        }
        guard end == fileSize else {
            let last = entries.last.map { ", the last tensor is \($0.name)" } ?? ""
            throw WeightsError(
                .malformed, path,
                end > fileSize
                    ? "truncated: the tensors end at byte \(end), the file at \(fileSize)\(last)"
                    : "\(fileSize - end) bytes after the tensors\(last)")
        }
    }

    /// A name that may come from a hostile file, cut to a bearable length.
    private static func shown(_ member: JSONMember) -> String {
        String(decoding: member.name.prefix(80), as: UTF8.self)
    }
}
