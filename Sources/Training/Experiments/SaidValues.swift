// What a file's values say, whatever their spelling: blanks, comments, quotes, the order of keys,
// how a number is written, and null for a key that is left out.
//
// Invariant: two values of which everything that is read is the same have the same bytes. A default
// that is written out is not told from another value: only the reader of a key knows defaults.

internal import JSONText

extension JSONNode {
    /// - Parameter keys: of this object, passed over; those of objects inside it stay.
    func said(without keys: [String] = []) -> [UInt8] {
        var json = JSONWriter()
        say(to: &json, without: keys)
        return json.bytes
    }

    private func say(to json: inout JSONWriter, without keys: [String]) {
        switch value {
        case .null: json.null()
        case .bool(let flag): json.bool(flag)
        case .number(let literal): say(number: literal, to: &json)
        case .string(let bytes): json.string(utf8: bytes)
        case .array(let nodes):
            json.array(nodes) { $1.say(to: &$0, without: []) }
        case .object(let members):
            json.beginObject()
            for member in members.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) })
            where !member.node.isNull && !keys.contains(member.nameText) {
                json.key(utf8: member.name)
                member.node.say(to: &json, without: [])
            }
            json.endObject()
        }
    }

    private func say(number literal: String, to json: inout JSONWriter) {
        if let whole = int {
            json.int(whole)
        } else if let number = double, number.isFinite {
            json.double(number)
        } else {
            json.string(literal)
        }
    }
}
