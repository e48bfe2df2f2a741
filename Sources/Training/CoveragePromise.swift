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

    /// textflix.json of a folder, if there is one.
    /// - Throws: where a daemon would not read it.
    static func settings(of folder: String) throws(WeightsError) -> JSONSource? {
        let path = folder + "/textflix.json"
        guard try ModelFolder.isThere(path) else { return nil }
        let source = try JSONSource(path, dialect: .json5)
        _ = try ModelSettings(source)
        return source
    }

    /// What textflix.json says of a model's own probabilities, and is wrong of the next model's.
    private static let ofOneModel = ["conformal", "temperature"]

    /// Writes a linear model's textflix.json, which holds the promise, if there is one, and what an
    /// earlier one said for any model; without either there is no such file.
    static func put(_ promise: CoveragePromise?, into folder: String) throws(WeightsError) {
        let source = try settings(of: folder)
        let members = source?.root.object ?? []
        let kept = members.filter { !ofOneModel.contains($0.nameText) }
        guard promise != nil || kept.count < members.count else { return }
        let path = folder + "/textflix.json"
        guard promise != nil || !kept.isEmpty else {
            return try writing(path) { () throws(Errno) in try removeFile(path) }
        }
        var json = JSONWriter(pretty: true)
        json.beginObject()
        for member in kept {
            json.member(utf8: member.name, raw: source?.bytes[member.node.span] ?? [])
        }
        promise?.append(to: &json)
        json.endObject()
        let bytes = json.bytes
        try writing(path) { () throws(Errno) in try writeFileAtomically(path, bytes: bytes) }
    }
}
