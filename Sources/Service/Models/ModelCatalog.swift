// Which models there are now, by name, and which of them is the default.
//
// Invariant: names are in the order of the configuration, the first is the default. A model that
// failed to load keeps what it had before; one that never loaded is known by its error.

internal import TextflixProtocol

struct ModelCatalog: Sendable {
    struct Entry: Sendable {
        let name: String
        var model: ServedModel?
        /// Why the last load of it failed; empty: it did not.
        var error = ""
    }

    private(set) var entries: [Entry]

    init(names: [String]) { entries = names.map { Entry(name: $0) } }

    var canServe: Bool { entries.contains { $0.model != nil } }

    /// Takes the outcome of a load.
    /// - Returns: what changed, for the log: name and whether it is new weights.
    mutating func take(_ loaded: [LoadedModel]) {
        entries = loaded.map { load in
            let old = entries.first { $0.name == load.name }?.model
            switch load.outcome {
            case .success(let new):
                // Equal weights keep their number, so their queue and cache stay one.
                let isSame =
                    old?.revision == new.revision
                    && old?.status.precision == new.status.precision
                    && old?.status.precisionReason == new.status.precisionReason
                return Entry(name: load.name, model: isSame ? old : new)
            case .failure(let failure):
                return Entry(name: load.name, model: old, error: failure.text)
            }
        }
    }

    /// The model that a request means.
    func find(_ name: String) throws(Status) -> ServedModel {
        guard let entry = name.isEmpty ? entries.first : entries.first(where: { $0.name == name })
        else {
            let names = entries.map(\.name).joined(separator: ", ")
            throw Status(
                code: .notFound, message: "no model named \(name); there are: \(names)")
        }
        guard let model = entry.model else {
            throw Status(
                code: .failedPrecondition,
                message: "model \(entry.name) could not be loaded: \(entry.error)")
        }
        return model
    }

    /// What is wrong with those that could not be loaded.
    var faults: String {
        entries.filter { !$0.error.isEmpty }.map { "model \($0.name): \($0.error)" }
            .joined(separator: "; ")
    }

    var statuses: [ModelStatus] {
        entries.map { entry in
            var status = entry.model?.status ?? ModelStatus(name: entry.name)
            status.state = entry.model == nil ? .loading : .ready
            status.error = entry.error
            return status
        }
    }
}
