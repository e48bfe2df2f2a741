// Who teaches, which unlabelled texts are learned with the teachers' answers, and how.
//
//     "teacher": "DIR",          // a model folder of any kind, a file of answers, a list of those
//                                // (their mean counts), or "previous": the step before
//     "texts": 20000,            // so many at most, drawn by the seed
//     "confidence": 0.9,         // texts whose likeliest label is less probable are left out
//     "balanced": true,          // as many of each label as the rarest has, the surest of them
//     "temperature": 1,          // of the teacher: above 1 softer, under 1 harder
//     "hard": false              // the surest label alone is the target

internal import JSONText
internal import Weights

package struct TeachingSettings: Sendable {
    package static let previous = "previous"
    /// Those that say which texts are learned.
    static let choosing = ["teacher", "texts", "confidence", "balanced"]
    /// Those that say what is learned of them.
    static let softness = ["temperature", "hard"]

    /// Model folders, files of answers, or `previous`; an encoder's run puts its seed for `{seed}`.
    package var teachers: [String]
    package var confidence: Double
    package var temperature: Double
    package var isHard: Bool
    package var isBalanced: Bool
    package var texts: Int?

    var asksPrevious: Bool { teachers.contains(Self.previous) }

    /// Those that exist before a run of that seed.
    func given(seed: UInt64) -> [String] {
        teachers.filter { $0 != Self.previous }.map { TrainingTexts.named($0, seed) }
    }

    init(_ source: JSONSource, _ places: ExperimentPlaces) throws(WeightsError) {
        let named =
            source.node("teacher")?.array == nil
            ? try source.string("teacher").map { [$0] } : try source.strings("teacher")
        guard let named, !named.isEmpty else {
            throw source.error("teacher is missing: a model folder or a file", source.root)
        }
        teachers = named.map { $0 == Self.previous ? $0 : places.resolve($0) }
        confidence = try source.number("confidence", in: 0...1) ?? 0
        temperature = try source.number("temperature", in: 0.05...20) ?? 1
        isHard = try source.flag("hard") ?? false
        isBalanced = try source.flag("balanced") ?? false
        texts = try source.natural("texts", in: 1...Int.max)
    }
}
