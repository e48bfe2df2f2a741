// A JSON file of a model folder, with readers that name the file, line, column and key in whatever
// they refuse.
//
// Invariant: a value is either of the asked type and inside the asked range, or an error says where
// it stands and what was expected. Absent and null are the same: the reference writes null for
// "not set".

package import JSONText
internal import Syscalls

package struct JSONSource: Sendable {
    package let path: String
    package let bytes: [UInt8]
    package let root: JSONNode

    /// - Parameters:
    ///   - limit: the most bytes, and `maxValues` the most values, that it may have.
    ///   - mayBePipe: whether a person has named it, say as `<(…)`; in a model's folder a pipe
    ///     would keep its reader waiting.
    package init(
        _ path: String, limit: Int = Limits.configurationBytes, maxValues: Int = .max,
        dialect: JSONDocument.Dialect = .json, mayBePipe: Bool = false
    ) throws(WeightsError) {
        self.path = path
        (bytes, root) = try Self.document(
            path, limit: limit, maxValues: maxValues, dialect: dialect, mayBePipe: mayBePipe)
        guard root.object != nil else {
            throw error("expected an object, found \(root.value.kind)", root)
        }
    }

    /// What a file holds, be it an object or not.
    static func document(
        _ path: String, limit: Int = Limits.configurationBytes, maxValues: Int = .max,
        dialect: JSONDocument.Dialect = .json, mayBePipe: Bool = false
    ) throws(WeightsError) -> (bytes: [UInt8], root: JSONNode) {
        let bytes = try reading(path) { () throws(Errno) in
            try mayBePipe ? readFile(path, limit: limit) : readRegularFile(path, limit: limit)
        }
        do {
            return (bytes, try JSONDocument.parse(bytes, dialect: dialect, maxValues: maxValues))
        } catch {
            throw WeightsError(.configuration, path, error.description)
        }
    }

    package func error(_ message: String, at offset: Int) -> WeightsError {
        WeightsError(
            .configuration, path, JSONError(message, at: offset, in: bytes).description)
    }

    package func error(_ message: String, _ node: JSONNode) -> WeightsError {
        error(message, at: node.span.lowerBound)
    }

    private init(path: String, bytes: [UInt8], root: JSONNode) {
        self.path = path
        self.bytes = bytes
        self.root = root
    }

    /// An object inside this one, read by the same rules; nil where it is absent or null.
    package func section(_ key: String) throws(WeightsError) -> JSONSource? {
        guard let node = node(key) else { return nil }
        guard node.object != nil else { throw error("\(key) must be an object", node) }
        return JSONSource(path: path, bytes: bytes, root: node)
    }

    /// The objects of a list; nil where it is absent or null.
    package func sections(_ key: String) throws(WeightsError) -> [JSONSource]? {
        guard let node = node(key) else { return nil }
        guard let nodes = node.array else { throw error("\(key) must be a list of objects", node) }
        var sections: [JSONSource] = []
        for node in nodes {
            guard node.object != nil else {
                throw error("\(key) must be a list of objects, this is \(node.value.kind)", node)
            }
            sections.append(JSONSource(path: path, bytes: bytes, root: node))
        }
        return sections
    }

    /// The member, unless absent or null.
    package func node(_ key: String) -> JSONNode? {
        root[key].flatMap { $0.isNull ? nil : $0 }
    }

    package func natural(_ key: String, in range: ClosedRange<Int>) throws(WeightsError) -> Int? {
        guard let node = node(key) else { return nil }
        guard let number = node.int, range.contains(number) else {
            throw error(
                "\(key) must be a whole number from \(range.lowerBound) to \(range.upperBound)",
                node)
        }
        return number
    }

    package func required(_ key: String, in range: ClosedRange<Int>) throws(WeightsError) -> Int {
        guard let number = try natural(key, in: range) else {
            throw error("\(key) is missing", root)
        }
        return number
    }

    package func number(
        _ key: String, in range: ClosedRange<Double>
    ) throws(WeightsError) -> Double? {
        guard let node = node(key) else { return nil }
        guard let number = node.double, range.contains(number) else {
            throw error(
                "\(key) must be a number from \(range.lowerBound) to \(range.upperBound)", node)
        }
        return number
    }

    package func flag(_ key: String) throws(WeightsError) -> Bool? {
        guard let node = node(key) else { return nil }
        guard let flag = node.bool else { throw error("\(key) must be true or false", node) }
        return flag
    }

    package func string(_ key: String) throws(WeightsError) -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.string else { throw error("\(key) must be a string", node) }
        return text
    }

    package func strings(_ key: String) throws(WeightsError) -> [String]? {
        guard let node = node(key) else { return nil }
        let texts = node.array?.compactMap(\.string)
        guard let texts, texts.count == node.array?.count else {
            throw error("\(key) must be a list of strings", node)
        }
        return texts
    }

    /// One of the cases that a string stands for.
    package func choice<Case: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Case.Type
    ) throws(WeightsError) -> Case? where Case.RawValue == String {
        guard let node = node(key) else { return nil }
        guard let value = node.string.flatMap(Case.init(rawValue:)) else {
            let names = Case.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw error("\(key) must be one of \(names)", node)
        }
        return value
    }

    package func refuseKeys(otherThan known: [String]) throws(WeightsError) {
        for member in root.object ?? [] where !known.contains(member.nameText) {
            throw error(
                "unknown key \"\(member.nameText.prefix(60))\"; known are "
                    + known.joined(separator: ", "), at: member.nameOffset)
        }
    }
}
