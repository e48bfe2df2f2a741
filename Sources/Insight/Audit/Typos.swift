// A slip of the fingers: two neighbouring letters inside one word change places.

internal import Randomness

enum Typos {
    static func test(_ seed: UInt64, _ templates: [String]) -> BehaviourTest {
        var random = RandomSource(seed: seed)
        let cases = templates.flatMap { text -> [[String]] in
            let template = Template(text)
            let most = BehaviourTest.mostCases / templates.count
            return template.choices(Lexicon.lists, most: most, seed: seed).map { choice in
                let sentence = template.text(choice)
                return [sentence, slipped(sentence, &random)]
            }
        }
        return BehaviourTest(
            ability: "typos", name: "two letters swapped", demand: .sameSide, cases: cases)
    }

    /// Neither the first nor the last letter of a word moves, and the two are different.
    static func slipped(_ sentence: String, _ random: inout RandomSource) -> String {
        var letters = Array(sentence)
        let places = letters.indices.dropFirst().dropLast(2).filter { place in
            letters[(place - 1)...(place + 2)].allSatisfy(\.isLetter)
                && letters[place] != letters[place + 1]
        }
        guard !places.isEmpty else { return sentence }
        let place = places[random.below(places.count)]
        letters.swapAt(place, place + 1)
        return String(letters)
    }
}
