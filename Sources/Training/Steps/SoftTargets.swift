// From teachers' answers to a student's targets: which texts, and which distribution.

internal import Insight

internal import func Glibc.pow

struct SoftTargets {
    /// Places of the texts that are learned.
    private(set) var places: [Int] = []
    /// [places][C]
    private(set) var rows: [[Double]] = []
    /// Texts without an answer, and those of which the teacher is less sure than asked.
    private(set) var unanswered = 0
    private(set) var unsure = 0
    /// Those beyond as many as the rarest label has.
    private(set) var unbalanced = 0
    /// Labels that no answer is surest of, where as many of each were asked for.
    private var unseen: [Int] = []

    /// - Parameter answers: of each teacher, a row for each text; the mean of all counts.
    init(_ answers: [[[Double]?]], _ settings: TeachingSettings) {
        let count = answers.first?.count ?? 0
        for place in 0..<count {
            let given = answers.compactMap { $0[place] }
            guard given.count == answers.count, let width = given.first?.count else {
                unanswered += 1
                continue
            }
            let mean = (0..<width).map { label in
                given.reduce(0) { $0 + $1[label] } / Double(given.count)
            }
            guard mean.max() ?? 0 >= settings.confidence else {
                unsure += 1
                continue
            }
            places.append(place)
            rows.append(mean)
        }
        if settings.isBalanced { balance() }
        rows = rows.map {
            settings.isHard
                ? Self.hardened($0) : Self.tempered($0, temperature: settings.temperature)
        }
    }

    /// Says how many texts are learned and why others are not.
    /// - Parameter labels: their names.
    /// - Throws: where there are none.
    func tell(
        _ name: String, _ settings: TeachingSettings, _ labels: [String], _ watch: TrainingWatch
    ) throws {
        guard !places.isEmpty else {
            throw TrainingError.unfit(
                "\(name): no text has an answer to learn: \(unsure) are less sure than "
                    + "\(settings.confidence), \(unanswered) have none (ids and texts must be the "
                    + "same)" + balancing + advice(settings, labels))
        }
        watch.tell(
            "\(name): \(places.count) texts with a teacher's answer, \(unsure) less sure than "
                + "\(settings.confidence), \(unanswered) without one"
                + balancing)
    }

    private var balancing: String {
        unbalanced > 0 ? ", \(unbalanced) are more than the rarest label has" : ""
    }

    private static let toldLabels = 5

    /// Of labels that leave nothing to balance.
    private func advice(_ settings: TeachingSettings, _ labels: [String]) -> String {
        guard !unseen.isEmpty else { return "" }
        let names = unseen.prefix(Self.toldLabels).map { "\"\(labels[$0])\"" }
        let more = unseen.count > names.count ? " and \(unseen.count - names.count) more" : ""
        let other = settings.confidence > 0 ? ", or lower confidence" : ""
        return "; no answer is surest of the label \(names.joined(separator: ", "))\(more), and "
            + "\"balanced\" takes as many of each: set it to false\(other)"
    }

    private static func hardened(_ row: [Double]) -> [Double] {
        let best = row.argmax
        return row.indices.map { $0 == best ? 1 : 0 }
    }

    private static func tempered(_ row: [Double], temperature: Double) -> [Double] {
        guard temperature != 1 else { return row }
        let powers = row.map { pow($0, 1 / temperature) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    /// As many of each label as the rarest has, the surest of them.
    private mutating func balance() {
        let groups = Dictionary(grouping: rows.indices) { rows[$0].argmax }
        unseen = (rows.first ?? []).indices.filter { groups[$0] == nil }
        let least = unseen.isEmpty ? groups.values.map(\.count).min() ?? 0 : 0
        let kept = groups.values.flatMap { group in
            group.sorted { (rows[$0].max() ?? 0, $1) > (rows[$1].max() ?? 0, $0) }.prefix(least)
        }.sorted()
        unbalanced = places.count - kept.count
        places = kept.map { places[$0] }
        rows = kept.map { rows[$0] }
    }
}
