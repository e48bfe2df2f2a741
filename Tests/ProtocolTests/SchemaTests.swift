// textflix.proto and the Swift messages are one schema: the same messages with the same fields in
// the same order. That numbers and types agree is what the golden vectors show.

import Testing
import TextflixProtocol

@Suite struct SchemaTests {
    @Test func everyFieldOfTheProtoIsAProperty() throws {
        let fields = try Self.fieldsOfTheProto()
        #expect(Set(fields.keys) == Set(Golden.messageTypes.keys))
        for (name, type) in Golden.messageTypes {
            let properties = Mirror(reflecting: type.init()).children.map { $0.label ?? "" }
            #expect(properties == fields[name], "\(name)")
        }
    }

    @Test func everyMethodOfTheProtoIsNamed() throws {
        let lines = try Self.lines().filter { $0.first == "rpc" }
        #expect(
            lines.map { $0[1].prefix { $0 != "(" } } == MethodName.allCases.map { $0.rawValue[...] }
        )
        let streaming = lines.filter { $0.contains("(stream") }.map { $0[1].prefix { $0 != "(" } }
        #expect(streaming == MethodName.allCases.filter(\.isStreaming).map { $0.rawValue[...] })
    }

    /// The lines as words, comments and semicolons left out.
    private static func lines() throws -> [[Substring]] {
        let text = String(decoding: try Golden.bytes("Protocol/textflix.proto"), as: UTF8.self)
        return text.split(separator: "\n").map { line in
            line.prefix { $0 != "/" && $0 != ";" }.split(separator: " ")
        }
    }

    private static func fieldsOfTheProto() throws -> [String: [String]] {
        var fields: [String: [String]] = [:]
        var message: String?
        for words in try lines() where !words.isEmpty {
            if words[0] == "message" {
                fields[String(words[1])] = []
                message = words.last == "{}" ? nil : String(words[1])
            } else if words[0] == "}" {
                message = nil
            } else if let message, words.count >= 4, words[words.count - 2] == "=" {
                fields[message]?.append(camelCase(words[words.count - 3]))
            }
        }
        return fields
    }

    private static func camelCase(_ name: Substring) -> String {
        let parts = name.split(separator: "_")
        return parts.dropFirst().reduce(String(parts[0])) {
            $0 + $1.prefix(1).uppercased() + $1.dropFirst()
        }
    }
}
