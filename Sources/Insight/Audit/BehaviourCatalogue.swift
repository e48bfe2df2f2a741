// The behavioural tests themselves: abilities, templates, expected answers.

extension BehaviourTest {
    package static let mostCases = 200

    /// All of them; same seed, same sentences.
    package static func catalogue(seed: UInt64 = 0) -> [BehaviourTest] {
        vocabulary(seed) + negation(seed) + time(seed) + changes(seed)
    }

    /// Sentences from templates, evenly.
    private static func plain(
        _ ability: String, _ name: String, _ demand: Demand, _ seed: UInt64, _ templates: [String]
    ) -> BehaviourTest {
        let cases = templates.enumerated().flatMap { index, text in
            let template = Template(text)
            return template.choices(
                Lexicon.lists, most: mostCases / templates.count, seed: seed &+ UInt64(index)
            ).map { [template.text($0)] }
        }
        return BehaviourTest(ability: ability, name: name, demand: demand, cases: cases)
    }

    /// A sentence and its change, the slots filled alike.
    private static func pairs(
        _ ability: String, _ name: String, _ demand: Demand, _ seed: UInt64,
        _ templates: [(String, String)]
    ) -> BehaviourTest {
        let cases = templates.enumerated().flatMap { index, pair in
            let both = Template(pair.0 + "\u{0}" + pair.1)
            return both.choices(
                Lexicon.lists, most: mostCases / templates.count, seed: seed &+ UInt64(index)
            ).map { choice in
                [Template(pair.0).text(choice), Template(pair.1).text(choice)]
            }
        }
        return BehaviourTest(ability: ability, name: name, demand: demand, cases: cases)
    }

    private static func vocabulary(_ seed: UInt64) -> [BehaviourTest] {
        [
            plain(
                "vocabulary", "plain praise", .positive, seed,
                ["The {thing} was {good}.", "I {liked} this {work}.", "{a} {good} {work}."]),
            plain(
                "vocabulary", "plain blame", .negative, seed,
                ["The {thing} was {bad}.", "I {hated} this {work}.", "{a} {bad} {work}."]),
            pairs(
                "intensifiers", "praise with more force", .notDown, seed,
                [
                    ("The {thing} was {good}.", "The {thing} was {very} {good}."),
                    ("It is {a} {good} {work}.", "It is {a} {very} {good} {work}."),
                ]),
            pairs(
                "intensifiers", "blame with more force", .notUp, seed,
                [
                    ("The {thing} was {bad}.", "The {thing} was {very} {bad}."),
                    ("It is {a} {bad} {work}.", "It is {a} {very} {bad} {work}."),
                ]),
            pairs(
                "intensifiers", "praise held back", .notUp, seed,
                [("The {thing} was {good}.", "The {thing} was {rather} {good}.")]),
        ]
    }

    private static func negation(_ seed: UInt64) -> [BehaviourTest] {
        [
            plain(
                "negation", "negated praise", .negative, seed,
                [
                    "The {thing} was not {good}.", "I did not {like} this {work}.",
                    "There is nothing {good} about this {work}.",
                    "No one could call this {work} {good}.",
                ]),
            plain(
                "negation", "negated blame", .positive, seed,
                [
                    "The {thing} was not {bad}.", "I did not {hate} this {work}.",
                    "There is nothing {bad} about this {work}.",
                ]),
            plain(
                "negation", "praise negated at the end", .negative, seed,
                [
                    "I thought the {thing} would be {good}, but it was not.",
                    "People told me this {work} was {good}, which it is not.",
                ]),
            plain(
                "negation", "blame negated at the end", .positive, seed,
                [
                    "I thought the {thing} would be {bad}, but it was not.",
                    "People told me this {work} was {bad}, which it is not.",
                ]),
            plain(
                "negation", "negation far from its word", .negative, seed,
                [
                    "I do not think, {aside}, that the {thing} was {good}.",
                    "I would not say, {aside}, that this {work} was {good}.",
                ]),
            plain(
                "negation", "what could have been", .negative, seed,
                [
                    "With another director this could have been {a} {good} {work}.",
                    "I wish the {thing} had been {good}.",
                ]),
        ]
    }

    private static func time(_ seed: UInt64) -> [BehaviourTest] {
        [
            plain(
                "time", "used to blame, but now praise", .positive, seed,
                [
                    "I used to find this {work} {bad}, but now I think it is {good}.",
                    "Years ago I {hated} this {work}; today I {like} it.",
                ]),
            plain(
                "time", "used to praise, but now blame", .negative, seed,
                [
                    "I used to find this {work} {good}, but now I think it is {bad}.",
                    "Years ago I {liked} this {work}; today I {hate} it.",
                ]),
            pairs(
                "order of clauses", "the same clauses the other way round", .sameSide, seed,
                [
                    (
                        "Although the {thing} was {bad}, I {liked} the {work}.",
                        "I {liked} the {work}, although the {thing} was {bad}."
                    ),
                    (
                        "Although the {thing} was {good}, I {hated} the {work}.",
                        "I {hated} the {work}, although the {thing} was {good}."
                    ),
                ]),
            plain(
                "order of clauses", "the verdict stands after but", .negative, seed,
                [
                    "The {thing} was {good}, but all in all this is {a} {bad} {work}.",
                    "Some will {like} the {thing}, but I {hated} this {work}.",
                ]),
        ]
    }

    private static func changes(_ seed: UInt64) -> [BehaviourTest] {
        let praise = "The {thing} was {good} and I {liked} the {work}."
        let blame = "The {thing} was {bad} and I {hated} the {work}."
        return [
            pairs(
                "names", "another person", .sameSide, seed,
                [
                    ("{person} is {good} in this {work}.", "{person2} is {good} in this {work}."),
                    ("{person} is {bad} in this {work}.", "{person2} is {bad} in this {work}."),
                ]),
            pairs(
                "names", "another place", .sameSide, seed,
                [
                    ("{a} {good} {work} from {place}.", "{a} {good} {work} from {place2}."),
                    ("{a} {bad} {work} from {place}.", "{a} {bad} {work} from {place2}."),
                ]),
            pairs(
                "numbers", "another number", .sameSide, seed,
                [
                    (
                        "{number} minutes long, made in {year}, and {good}.",
                        "{number2} minutes long, made in {year2}, and {good}."
                    ),
                    (
                        "{number} minutes long, made in {year}, and {bad}.",
                        "{number2} minutes long, made in {year2}, and {bad}."
                    ),
                ]),
            pairs(
                "neutral additions", "a neutral sentence after", .sameSide, seed,
                [(praise, praise + " {neutral}"), (blame, blame + " {neutral}")]),
            pairs(
                "neutral additions", "a neutral sentence before", .sameSide, seed,
                [(praise, "{neutral} " + praise), (blame, "{neutral} " + blame)]),
            Typos.test(seed, [praise, blame]),
        ]
    }
}
