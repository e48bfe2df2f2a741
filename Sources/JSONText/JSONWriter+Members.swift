// A member of an object in one call: its name and its value; and an array in one call.
//
// Invariant: the bytes are those of `key` and then of the value's own call, which the value's type
// alone chooses: a Float has a Float's digits, 0.1 and not 0.10000000149011612. Objects, and arrays
// of anything but strings and numbers, are no values here: they follow a `key`.

extension JSONWriter {
    package mutating func member(_ name: String, _ text: String) {
        key(name)
        string(text)
    }

    package mutating func member(_ name: String, utf8 text: some Sequence<UInt8>) {
        key(name)
        string(utf8: text)
    }

    package mutating func member(_ name: String, _ number: some BinaryInteger) {
        key(name)
        int(number)
    }

    package mutating func member(_ name: String, _ number: Float) {
        key(name)
        float(number)
    }

    package mutating func member(_ name: String, _ number: Double) {
        key(name)
        double(number)
    }

    package mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        bool(flag)
    }

    package mutating func member(_ name: String, _ texts: [String]) {
        key(name)
        array(texts) { $0.string($1) }
    }

    package mutating func member(_ name: String, _ numbers: some Sequence<some BinaryInteger>) {
        key(name)
        array(numbers) { $0.int($1) }
    }

    package mutating func member(_ name: String, _ numbers: [Float]) {
        key(name)
        array(numbers) { $0.float($1) }
    }

    package mutating func member(_ name: String, _ numbers: [Double]) {
        key(name)
        array(numbers) { $0.double($1) }
    }

    /// A value that is JSON already.
    package mutating func member(_ name: String, raw json: some Sequence<UInt8>) {
        key(name)
        raw(json)
    }

    /// A member carried through: both its name, unescaped, and its value come from elsewhere.
    package mutating func member(
        utf8 name: some Sequence<UInt8>, raw json: some Sequence<UInt8>
    ) {
        key(utf8: name)
        raw(json)
    }

    /// - Parameter write: writes one value, that of the element it is given.
    package mutating func array<Element>(
        _ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) throws -> Void
    ) rethrows {
        beginArray()
        for element in elements { try write(&self, element) }
        endArray()
    }
}
