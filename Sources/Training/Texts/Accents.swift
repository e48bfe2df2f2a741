// Letters with accents, and the letters that they are without: a text is the same whether its
// accents are part of its letters (é) or marks behind them (e and U+0301), as systems differ in.
//
// It knows lower case of Latin, Greek and Cyrillic letters that languages of today are written
// with. What is a letter of its own and no composed one (ø, ł, ß) stays.

enum Accents {
    /// Each row: a letter, and those that are composed with it.
    private static let rows = """
        aàáâãäåāăąǎạảấầẩẫậắằẳẵặ cçćĉċč dď eèéêëēĕėęěẹẻẽếềểễệ gĝğġģǧ hĥ iìíîïĩīĭįǐỉị jĵ kķǩ lĺļľ
        nñńņňǹ oòóôõöōŏőǒơọỏốồổỗộớờởỡợ rŕŗř sśŝşšș tţťț uùúûüũūŭůűųǔưụủứừửữự wŵ yýÿŷỳỵỷỹ zźżž
        αά εέ ηή ιίϊΐ οό υύϋΰ ωώ гѓ еѐё иѝй ії кќ уў
        """

    private static let bare: [Unicode.Scalar: Unicode.Scalar] = {
        var bare: [Unicode.Scalar: Unicode.Scalar] = [:]
        for row in rows.split(whereSeparator: \.isWhitespace) {
            guard let letter = row.unicodeScalars.first else { continue }
            for composed in row.unicodeScalars.dropFirst() { bare[composed] = letter }
        }
        return bare
    }()

    /// Of a letter in lower case.
    static func removed(from letter: Unicode.Scalar) -> Unicode.Scalar { bare[letter] ?? letter }

    /// Whether marks behind the letter are accents, and not, say, the vowels of Hindi.
    static func follow(_ letter: Unicode.Scalar) -> Bool {
        letter.properties.isAlphabetic
            && (letter.value < 0x530 || 0x1E00..<0x2000 ~= letter.value)
    }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .nonspacingMark
    }
}
