// Label sets that hold the right label as often as promised (split-conformal), for textflix.json.
//
// The threshold comes from texts that the margins' fits were not trained on; the calibration that
// made probabilities of those margins saw them too: negligible for two parameters.

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

    /// Under so many held-out texts no label can be kept out of a set.
    static func leastTexts(_ coverage: Double) -> Int {
        var texts = 1
        while Int((Double(texts + 1) * coverage).rounded(.up)) > texts { texts += 1 }
        return texts
    }

    /// What a user who asked for it should know; nil: nothing.
    static func caution(_ coverage: Double, heldOut count: Int) -> String? {
        let least = leastTexts(coverage)
        guard count < least else { return nil }
        return "\(count) held-out texts are too few to promise a coverage of \(coverage): every "
            + "label set will hold all labels; \(least) are the least"
    }

    func append(to json: inout JSONWriter) {
        json.key("conformal")
        json.beginObject()
        json.member("alpha", alpha)
        json.member("threshold", threshold)
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
        let bytes = json.bytes
        try writing(path) { () throws(Errno) in try writeFileAtomically(path, bytes: bytes) }
    }
}
