// What is to be learned: texts, and the target of each.

package import Encoder
internal import Gradients
internal import Randomness

package protocol Lesson {
    var tokens: TextTokens { get }

    /// The texts of those places as they are asked in an epoch.
    func questions(_ places: [Int], epoch: Int) -> Questions
}

package struct Questions {
    package var batch: RaggedBatch
    package var targets: LessonTargets
    /// Over how many the loss is a mean.
    package var count: Int
}

/// Texts with a distribution over labels each: true labels, smoothed ones, or a teacher's.
package struct LabelLesson: Lesson {
    package let tokens: TextTokens
    package let labelCount: Int
    /// [texts, C]
    package let targets: [Float]

    package init(_ tokens: TextTokens, labelCount: Int, targets: [Float]) {
        precondition(targets.count == tokens.count * labelCount)
        self.tokens = tokens
        self.labelCount = labelCount
        self.targets = targets
    }

    /// - Parameter smoothing: the share that is spread over all labels.
    package static func targets(
        truths: [Int], labelCount: Int, smoothing: Double
    ) -> [Float] {
        let spread = Float(smoothing / Double(labelCount))
        return truths.flatMap { truth in
            (0..<labelCount).map { spread + ($0 == truth ? Float(1 - smoothing) : 0) }
        }
    }

    package func questions(_ places: [Int], epoch: Int) -> Questions {
        let rows = places.flatMap { targets[$0 * labelCount..<($0 + 1) * labelCount] }
        return Questions(
            batch: tokens.batch(places), targets: .labels(rows), count: places.count)
    }
}

/// Texts with hidden pieces, different ones each epoch (Devlin 2018): of the chosen share 80 %
/// become [MASK], 10 % any piece, 10 % stay. Special tokens are never chosen.
package struct MaskedLesson: Lesson {
    package let tokens: TextTokens
    private let share: Double
    private let mask: UInt32
    private let vocabularyCount: Int
    private let seed: UInt64

    package init(
        _ tokens: TextTokens, share: Double, mask: UInt32, vocabularyCount: Int, seed: UInt64
    ) {
        self.tokens = tokens
        self.share = share
        self.mask = mask
        self.vocabularyCount = vocabularyCount
        self.seed = seed
    }

    package func questions(_ places: [Int], epoch: Int) -> Questions {
        var batch = RaggedBatch()
        var masked: [MaskedToken] = []
        for place in places {
            var random = RandomSource(seed: mixed(seed, UInt64(epoch), UInt64(place)))
            var text = Array(tokens.tokens(place))
            // [CLS] first and [SEP] last.
            for at in text.indices.dropFirst().dropLast() where random.unit() < share {
                masked.append(MaskedToken(row: batch.tokenCount + at, id: text[at]))
                let draw = random.unit()
                if draw < 0.8 {
                    text[at] = mask
                } else if draw < 0.9 {
                    text[at] = UInt32(random.below(vocabularyCount))
                }
            }
            batch.append(text)
        }
        return Questions(batch: batch, targets: .pieces(masked), count: masked.count)
    }
}

/// One seed of several numbers, each of which changes all of it.
func mixed(_ numbers: UInt64...) -> UInt64 {
    numbers.reduce(0) { state, number in
        var random = RandomSource(seed: state ^ number)
        return random.next()
    }
}
