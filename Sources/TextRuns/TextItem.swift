// One text of the input, with what comes back beside its answer.

internal import JSONText
package import TextflixProtocol

package struct TextItem: Sendable {
    /// The line it stood on, or which argument it was; from 1.
    package let number: Int
    package let text: Text
    /// The `id` of its object, else its number: JSON as it was written.
    package let identity: [UInt8]
    /// The object's other fields, to be written after ours.
    package var carried: [Carried] = []
    /// Its label, where the object had one: what the answer should have been.
    package var givenLabel: String?

    /// A field that is carried through: the name it will have, and its value as it was written.
    package struct Carried: Sendable, Equatable {
        package let name: [UInt8]
        package let json: [UInt8]
        /// Its name in the input.
        let original: String
    }

    /// Whether the identity is the object's own.
    private var isIdentified = false

    package init(number: Int, text: Text, identity: [UInt8]? = nil) {
        self.number = number
        self.text = text
        self.identity = identity ?? Array(String(number).utf8)
    }
}

/// Which fields of an object mean what.
package struct ObjectFields: Sendable, Equatable {
    package var text = "text"
    package var label = "label"

    package init(text: String = "text", label: String = "label") {
        self.text = text
        self.label = label
    }
}

/// Why a line gave no text.
package struct BadLine: Error, Equatable {
    package let number: Int
    package let reason: String
}

extension TextItem {
    /// A line of plain text.
    package init(line number: Int, _ bytes: [UInt8]) throws(BadLine) {
        let text = Text(utf8: bytes)
        if let offset = text.firstInvalidByte() {
            throw BadLine(number: number, reason: "invalid UTF-8 at byte \(offset)")
        }
        self.init(number: number, text: text)
    }

    /// A line that is a JSON object.
    package init(object number: Int, _ line: [UInt8], fields: ObjectFields) throws(BadLine) {
        let textField = fields.text
        if let offset = Text(utf8: line).firstInvalidByte() {
            throw BadLine(number: number, reason: "invalid UTF-8 at byte \(offset)")
        }
        let root: JSONNode
        do throws(JSONError) {
            root = try JSONDocument.parse(line)
        } catch {
            throw BadLine(number: number, reason: "column \(error.column): \(error.message)")
        }
        guard let members = root.object else {
            throw BadLine(number: number, reason: "\(root.value.kind), not an object")
        }
        guard let field = root[textField] else {
            throw BadLine(number: number, reason: "no field \"\(textField)\"")
        }
        guard let utf8 = field.utf8 else {
            throw BadLine(
                number: number,
                reason: "field \"\(textField)\" is \(field.value.kind), not a string")
        }
        self.init(
            number: number, text: Text(utf8: utf8),
            identity: root["id"].map { Array(line[$0.span]) })
        isIdentified = root["id"] != nil
        givenLabel = root[fields.label]?.scalarText
        carried = Self.carried(members, of: line, but: textField)
    }

    /// The identity without JSON's quotes, for eyes and TSV: a string's own characters, anything
    /// else as it was written.
    package var plainIdentity: [UInt8] {
        (try? JSONDocument.parse(identity))?.scalarText.map { Array($0.utf8) } ?? identity
    }

    /// A field of the input but the text, by its name there, as text: a string's own, a number or a
    /// boolean as written.
    package func field(_ name: String) -> String? {
        let json =
            name == "id" && isIdentified
            ? identity : carried.last { $0.original == name }?.json
        return json.flatMap { (try? JSONDocument.parse($0))?.scalarText }
    }

    /// Names of our own in an answer; a field of that name is carried as `input_NAME`.
    package static let reserved = [
        "label", "probability", "scores", "tokens", "truncated", "abstained", "label_set",
        "tokens_total", "explains", "method", "weights_of", "intercept", "fidelity_r2",
        "evaluations", "samples", "windows", "features", "embedding", "spans", "ids", "starts",
        "ends",
    ]

    private static func carried(
        _ members: [JSONMember], of line: [UInt8], but textField: String
    ) -> [Carried] {
        let names = Set(members.map(\.name))
        return members.compactMap { member in
            if member.nameText == textField || member.nameText == "id" { return nil }
            var name = member.name
            if reserved.contains(member.nameText) {
                repeat { name = Array("input_".utf8) + name } while names.contains(name)
            }
            return Carried(
                name: name, json: Array(line[member.node.span]), original: member.nameText)
        }
    }
}
