// The words that the process was started with, unrepaired.
//
// Swift's own `CommandLine.arguments` replaces invalid UTF-8 in silence; a text to classify or the
// name of a file must never change in silence, so here it is an error with the place.

package enum Arguments {
    /// The command line without the program's name.
    package static func words(of program: String) throws(UsageError) -> [String] {
        var words: [String] = []
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let start = CommandLine.unsafeArgv[index] else { break }
            let bytes = UnsafeBufferPointer(start: start, count: length(start))
                .map { UInt8(bitPattern: $0) }
            guard let word = String(validating: bytes, as: UTF8.self) else {
                throw UsageError("argument \(index) is not valid UTF-8", in: program)
            }
            words.append(word)
        }
        return words
    }

    private static func length(_ start: UnsafeMutablePointer<CChar>) -> Int {
        var end = start
        while end.pointee != 0 { end += 1 }
        return end - start
    }
}
