// What a comparison of a precision with f32 found on real texts, kept beside the packed weights.
//
//     { "texts": 5000, "agreement": 0.9974, "largest_difference": 0.41,
//       "mean_difference": 0.03, "doubt_below": 0.3, "second_looks": 0.071, "accepted": true }
//
// `auto` takes int8 only where such a record says that it was accepted: random or unseen weights
// can hide what rounding to 8 bits does to them. A model's maker may ship one beside the model, in
// `int8.checked`, which says of which revision it is. What is written can be read again: a record
// with a figure that is no finding (NaN, infinity) is refused.

internal import JSONText
internal import Syscalls

package struct CheckRecord: Sendable, Equatable {
    /// Texts compared; for a model that labels tokens, tokens.
    package var texts: Int
    /// Share of them with the same label as in f32.
    package var agreement: Double
    /// Of any logit.
    package var largestDifference: Double
    package var meanDifference: Double
    /// Margins of logits under it are computed again in bf16, which `agreement` counts in; 0: none.
    package var doubtBelow: Double
    /// Share of the texts that this concerned.
    package var secondLooks: Double
    /// It passed, or somebody forced it.
    package var accepted: Bool

    package init(
        texts: Int, agreement: Double, largestDifference: Double, meanDifference: Double,
        doubtBelow: Double = 0, secondLooks: Double = 0, accepted: Bool
    ) {
        self.texts = texts
        self.agreement = agreement
        self.largestDifference = largestDifference
        self.meanDifference = meanDifference
        self.doubtBelow = doubtBelow
        self.secondLooks = secondLooks
        self.accepted = accepted
    }

    private static let shares = 0.0...1
    /// Of logits: no model means a larger number.
    private static let differences = 0.0...1e30

    private var isReadable: Bool {
        texts > 0 && [agreement, secondLooks].allSatisfy { Self.shares.contains($0) }
            && [largestDifference, meanDifference, doubtBelow].allSatisfy {
                Self.differences.contains($0)
            }
    }

    /// nil where there is none, or none that can be read.
    package init?(path: String) {
        guard let file = try? JSONSource(path, limit: Limits.recordBytes),
            let texts = try? file.natural("texts", in: 1...Int.max),
            let agreement = try? file.number("agreement", in: Self.shares),
            let largest = try? file.number("largest_difference", in: Self.differences),
            let mean = try? file.number("mean_difference", in: Self.differences),
            let doubt = try? file.number("doubt_below", in: Self.differences),
            let looks = try? file.number("second_looks", in: Self.shares),
            let accepted = try? file.flag("accepted")
        else { return nil }
        self.init(
            texts: texts, agreement: agreement, largestDifference: largest, meanDifference: mean,
            doubtBelow: doubt, secondLooks: looks, accepted: accepted)
    }

    /// What the maker of a model has found; nil where there is none, or it is of another revision.
    package init?(shippedWith folder: ModelFolder) {
        let path = Self.shippedPath(folder)
        guard let file = try? JSONSource(path, limit: Limits.recordBytes),
            (try? file.string("revision")) == folder.revision.description
        else { return nil }
        self.init(path: path)
    }

    /// Where a maker's finding on int8 stands.
    package static func shippedPath(_ folder: ModelFolder) -> String {
        folder.path + "/int8.checked"
    }

    /// - Parameter revision: of the model, where the record's place does not tell it.
    /// - Throws: `.notFinite` for a figure that could not be read again, too.
    package func write(_ path: String, revision: Revision? = nil) throws(WeightsError) {
        guard isReadable else {
            throw WeightsError(
                .notFinite, path,
                "refused: logits differ by up to \(largestDifference), mean \(meanDifference)")
        }
        var json = JSONWriter(pretty: true)
        json.beginObject()
        if let revision { json.member("revision", revision.description) }
        json.member("texts", texts)
        json.member("agreement", agreement)
        json.member("largest_difference", largestDifference)
        json.member("mean_difference", meanDifference)
        json.member("doubt_below", doubtBelow)
        json.member("second_looks", secondLooks)
        json.member("accepted", accepted)
        json.endObject()
        let bytes = json.bytes
        try writing(path) { () throws(Errno) in
            try writeFileAtomically(path, bytes: bytes, owner: .directory)
        }
    }
}
