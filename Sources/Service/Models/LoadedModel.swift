// How the load of a model went: what is served from now on, or why it is not there.
//
// What becomes of the model that was there before is `ModelCatalog`'s.

internal import TextflixProtocol

/// One model of a load, or why it is not there.
package struct LoadedModel: Sendable {
    package let name: String
    package let outcome: Result<ServedModel, LoadFailure>
    let nanoseconds: UInt64

    package init(
        name: String, outcome: Result<ServedModel, LoadFailure>, nanoseconds: UInt64 = 0
    ) {
        self.name = name
        self.outcome = outcome
        self.nanoseconds = nanoseconds
    }
}

/// Why, in at most `Limits.messageBytes`: a name that a file gives may have megabytes, and
/// Status bears the reason.
package struct LoadFailure: Error, Sendable, Equatable {
    package let text: String

    package init(_ text: String) { self.text = Limits.cut(message: text) }
}
