// Does a message say what protobuf's JSON of it says?
//
// A codec that swaps two fields in reading and in writing still gives the same bytes back; so the
// values are compared too, property by property, by reflection. Members absent from the JSON are
// defaults: that they are so is left to the bytes.

import JSONText
import TextflixProtocol

enum Resemblance {
    /// What differs, as paths of names; empty: nothing.
    static func differences(_ message: any Message, _ node: JSONNode) -> [String] {
        let properties = Dictionary(
            uniqueKeysWithValues: Mirror(reflecting: message).children.map {
                ($0.label ?? "", $0.value)
            })
        return (node.object ?? []).flatMap { member -> [String] in
            guard let value = properties[member.nameText] else { return [member.nameText] }
            return differences(unwrapped(value), member.node).map { member.nameText + $0 }
        }
    }

    private static func unwrapped(_ value: Any) -> Any {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .optional, let inner = mirror.children.first else {
            return value
        }
        return inner.value
    }

    private static func differences(_ value: Any, _ node: JSONNode) -> [String] {
        if let message = value as? any Message {
            return differences(message, node).map { "." + $0 }
        }
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .collection {
            let elements = mirror.children.map(\.value)
            guard let nodes = node.array, nodes.count == elements.count else { return [".count"] }
            return zip(elements, nodes).enumerated().flatMap { index, pair in
                differences(pair.0, pair.1).map { "[\(index)]" + $0 }
            }
        }
        return same(value, node) ? [] : [""]
    }

    private static func same(_ value: Any, _ node: JSONNode) -> Bool {
        switch value {
        case let string as String: node.utf8.map { Array(string.utf8) == $0 } ?? false
        case let text as Text: text.utf8 == node.utf8
        case let flag as Bool: node.bool == flag
        case let number as UInt32: literal(node) == String(number)
        case let number as Int32: literal(node) == String(number)
        case let number as Int64: literal(node) == String(number)
        case let number as UInt64: literal(node) == String(number)
        case let number as Float: number == Float(literal(node))
        case let number as Double: number == Double(literal(node))
        case let choice as any OpenEnumeration: literal(node) == String(choice.rawValue)
        default: false
        }
    }

    /// Numbers stand bare; 64-bit ones and infinities in quotes.
    private static func literal(_ node: JSONNode) -> String {
        if case .number(let literal) = node.value { return literal }
        return node.string ?? ""
    }
}
