// Label sets that hold the right label as often as promised (split-conformal), for textflix.json.
//
// The threshold comes from texts that the margins' fits were not trained on; the one scale that
// made probabilities of those margins saw them too, which two numbers on thousands of texts bear.

package import Insight
internal import JSONText
internal import Syscalls
internal import Weights

package struct CoveragePromise: Sendable, Equatable {
    package let alpha: Double
    /// A label whose probability reaches it is in the set.
    package let threshold: Double

    package init(coverage: Double, heldOut: [Prediction]) {
        alpha = 1 - coverage
        threshold = max(
            0, SelectiveAnswers.conformalThreshold(heldOut: heldOut, alpha: 1 - coverage))
    }

    func append(to json: inout JSONWriter) {
        json.key("conformal")
        json.beginObject()
        json.key("alpha")
        json.double(alpha)
        json.key("threshold")
        json.double(threshold)
        json.endObject()
    }

    /// Of an earlier model in that folder.
    static func remove(_ folder: String) throws {
        let path = folder + "/textflix.json"
        if fileExists(path) { try removeFile(path) }
    }

    /// Writes a textflix.json that says nothing else.
    func write(_ folder: String) throws(WeightsError) {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        append(to: &json)
        json.endObject()
        let path = folder + "/textflix.json"
        do throws(Errno) { try writeFileAtomically(path, bytes: json.bytes) } catch {
            throw WeightsError(.unreadable, path, error.message)
        }
    }
}
