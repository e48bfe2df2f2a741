// Which scalars make words, outside ASCII.
//
// In the scripts of China, Japan, Thailand, Laos, Cambodia and Burma no blank stands between words:
// each of their letters is taken for one (as BERT takes Han's), and n-grams of letters do for
// words. Their numbers are words like those of other scripts. Vowel signs and other combining marks
// belong to the letter that they follow, in every script.
//
// The rules are part of what a model was trained with: a change needs a key in its config.json.

enum WordScalars {
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    static func isCombining(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: false
        }
    }

    /// A letter of a script without blanks.
    static func isWholeWord(_ scalar: Unicode.Scalar) -> Bool {
        guard hasNoBlanks(scalar.value) else { return false }
        switch scalar.properties.generalCategory {
        case .otherLetter, .modifierLetter, .letterNumber: return true
        default: return false
        }
    }

    private static func hasNoBlanks(_ value: UInt32) -> Bool {
        switch value {
        case 0x0E00...0x0EFF,  // Thai, Lao
            0x1000...0x109F, 0xA9E0...0xA9FF, 0xAA60...0xAA7F,  // Myanmar
            0x1780...0x17FF,  // Khmer
            0x3005...0x3007, 0x3021...0x3029, 0x3038...0x303B,  // Han: repetition, zero, tallies
            0x3040...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F,  // Hiragana, Katakana
            0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF:  // Han
            true
        default: false
        }
    }
}
