// A file of JSON that a tokenizer is made from, with its name in the error and a limit on what it
// takes in memory.

import JSONText

extension JSONDocument {
    static func parse(_ json: [UInt8], file: String) throws(TokenizationError) -> JSONNode {
        do {
            return try parse(json, maxValues: Limits.jsonValues)
        } catch {
            throw .unusable("\(file): \(error)")
        }
    }
}
