// The English words that decide whether a dot ends a sentence.
//
// Facts of the language, gathered for reviews; short on purpose: without an entry a sentence would
// be split wrongly, or two would not be split. Keys are in small letters.

/// What a dot after a word means.
enum DottedWord {
    /// Nothing special: the dot ends the sentence.
    case plain
    /// A name follows: never an end.
    case title
    /// "vs.", "e.g.": never an end.
    case never
    /// "No. 5", "p. 55": no end before a number.
    case beforeNumber
    /// "etc.": an end before anything but a small letter.
    case unlessSmall
    /// "Inc.", "a.m.", "E." of a name: an end where a word follows that begins sentences.
    case mayEnd

    init(_ word: some Sequence<UInt8>) {
        let key = word.map(TextMarks.lowercase)
        self =
            if Self.titles.contains(key) {
                .title
            } else if Self.neverEnding.contains(key) {
                .never
            } else if Self.counted.contains(key) {
                .beforeNumber
            } else if key.elementsEqual("etc".utf8) {
                .unlessSmall
            } else if Self.company.contains(key) { .mayEnd } else { .plain }
    }

    private static func words(_ list: String) -> Set<[UInt8]> {
        Set(list.split(separator: " ").map { Array($0.utf8) })
    }

    static let titles = words(
        """
        mr mrs ms mx dr prof rev fr st sen rep gov pres hon gen col lt capt cmdr maj sgt cpl pvt \
        det insp supt msgr messrs mme mlle mt ft
        """)
    private static let neverEnding = words(
        "vs eg ie cf viz ca dir feat incl approx prod esp orig p.s a.k.a e.g i.e")
    private static let counted = words(
        "no nos p pp vol ch fig sec ep eps pt pts art jan feb apr aug sept oct nov dec")
    private static let company = words(
        "co corp inc ltd jr sr bros min mins hr hrs yr yrs est ave blvd rd dept univ assn intl")
}

/// Words that begin a sentence where they stand with a capital after a doubtful dot.
enum SentenceStart {
    static func contains(_ word: some Sequence<UInt8>) -> Bool {
        words.contains(word.map(TextMarks.lowercase))
    }

    private static let words: Set<[UInt8]> = Set(list.split(separator: " ").map { Array($0.utf8) })

    private static let list = """
        a after again all also although an and another any anyway are as at because before being \
        both but by can could despite did do does don't even ever every everyone everything \
        finally first for from had has have he he's her here his how however i i'd i'll i'm i've \
        if in indeed instead is it it's its just later let let's like many maybe meanwhile most \
        much my never next no nobody none not nothing now of oh ok on once one only or other our \
        overall perhaps please see she she's should since so some someone sometimes soon still \
        such sure thanks that that's the their then there there's these they they're this those \
        though thus to today too two under unfortunately unless unlike until upon was watch we \
        we're well were what what's when where whether which while who why will with without \
        would yes yet you you're your
        """
}
