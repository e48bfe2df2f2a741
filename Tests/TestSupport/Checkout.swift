// Where the sources lie, for tests that read golden files, pages and examples beside them.

package enum Checkout {
    /// Absolute, without a slash at its end: three levels above this file.
    package static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
}
