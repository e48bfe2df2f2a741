// Which model answers, as the daemon tells it: kept answers and reports must name a revision.

import Presentation
import Syscalls
package import TextflixClient
import TextflixProtocol

package struct ServedModel: Sendable, Equatable {
    package let name: String
    package let revision: String
    package let precision: String
    package let labels: [String]
    /// Whether its own weights are an explanation already.
    package let isLinear: Bool

    /// Asks until the model is there; it may still be loading. One that could not be loaded anew
    /// answers as before.
    /// - Parameters:
    ///   - name: empty: the daemon's first.
    ///   - timeout: for either wait, that for the daemon and that for the model; nil: as usual.
    package static func find(
        _ name: String, _ client: Client, timeout: Duration?
    ) throws(Failure) -> ServedModel {
        let limit = MonotonicClock.now.advanced(by: timeout ?? .seconds(60))
        while true {
            let status: StatusResponse
            do throws(ClientError) {
                status = try client.call(
                    .status, StatusRequest(), timeout: timeout ?? .seconds(10))
            } catch { throw Failure(error) }
            let names = status.models.map { DisplayWidth.oneLine($0.name) }
            guard let model = status.models.first(where: { name.isEmpty || $0.name == name }) else {
                throw Failure(
                    .usage, "no model '\(name)'; the daemon serves \(names.joined(separator: ", "))"
                )
            }
            if model.state == .ready {
                return ServedModel(
                    name: model.name, revision: model.revision, precision: model.precision,
                    labels: model.labels, isLinear: model.architecture == "LinearNGrams")
            }
            let shown = DisplayWidth.oneLine(model.name)
            guard model.error.isEmpty else {
                throw Failure(.configuration, "the model '\(shown)': \(model.error)")
            }
            guard MonotonicClock.now < limit else {
                throw Failure(.tryAgain, "the model '\(shown)' is still \(model.state.word)")
            }
            MonotonicClock.sleep(nanoseconds: 100_000_000)
        }
    }

    /// `sentiment (int8, revision 1f0c55aa7e21)`
    package var title: String {
        let parts = [precision, "revision \(revision.prefix(12))"].filter { !$0.isEmpty }
        return "\(DisplayWidth.oneLine(name)) (\(parts.joined(separator: ", ")))"
    }

    /// Holds an answer to the revision that reports and kept answers name.
    package func check(answeredBy revision: String) throws(Failure) {
        guard !revision.isEmpty, revision != self.revision else { return }
        throw Failure(
            .tryAgain,
            "the model '\(DisplayWidth.oneLine(name))' was replaced meanwhile (revision "
                + "\(self.revision.prefix(12)), now \(revision.prefix(12))); run this again")
    }

    /// - Throws: where there is nothing to be right about.
    package func needLabels() throws(Failure) {
        guard labels.count > 1 else {
            throw Failure(.usage, "the model '\(name)' has no labels to choose from")
        }
    }
}

extension ServerState {
    /// As it is called on pages and in JSON.
    package var word: String {
        switch self {
        case .loading: "loading"
        case .ready: "ready"
        case .draining: "draining"
        case .unrecognized(let number): "state \(number)"
        }
    }
}
