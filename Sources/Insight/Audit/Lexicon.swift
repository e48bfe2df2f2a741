// The words that audit sentences are made of: plain film talk whose connotation is beyond doubt.
//
// Names that readers take for Black or white Americans' are from the résumé study of Bertrand and
// Mullainathan (2004); they stand for nobody.

enum Lexicon {
    static let lists: [String: [String]] = [
        "work": ["film", "movie", "picture", "thriller", "comedy", "drama"],
        "thing": [
            "story", "acting", "script", "ending", "soundtrack", "dialogue", "cast", "camera work",
        ],
        "good": [
            "wonderful", "excellent", "brilliant", "delightful", "charming", "gripping",
            "beautiful", "superb",
        ],
        "bad": [
            "terrible", "awful", "boring", "dreadful", "clumsy", "tedious", "annoying", "horrible",
        ],
        "like": ["like", "enjoy", "love", "admire"],
        "liked": ["liked", "enjoyed", "loved", "admired"],
        "hate": ["hate", "dislike", "despise", "regret"],
        "hated": ["hated", "disliked", "despised", "regretted"],
        "very": ["very", "really", "truly", "absolutely", "extremely"],
        "rather": ["somewhat", "fairly", "rather", "moderately"],
        "neutral": [
            "I saw it on a Tuesday.", "It is about two hours long.",
            "We sat in the third row.", "The cinema is near the station.",
            "My neighbour lent me the disc.", "It was shown with subtitles.",
        ],
        "aside": [
            "having seen it with two friends on a Tuesday",
            "given that we sat in the third row of the old cinema",
            "after the long journey there by train and bus",
        ],
        "number": ["84", "91", "107", "120", "133", "148"],
        "year": ["1951", "1968", "1987", "1999", "2004", "2016"],
        "place": ["Lisbon", "Ottawa", "Nairobi", "Osaka", "Leeds", "Lima", "Cork", "Oslo"],
        "person": [
            "Martha Quill", "Peter Osgood", "Ines Calder", "Tom Abernathy", "Yuki Tanabe",
            "Rosa Lindqvist", "Omar Haddad", "Clara Whitlow",
        ],
        "feeling": [
            "happy", "cheerful", "amused", "relieved", "sad", "angry", "disappointed", "scared",
        ],
        "quality": [
            "wonderful", "funny", "moving", "excellent", "boring", "terrible", "silly", "awful",
        ],
    ]

    /// The same part of a sentence for a woman and for a man.
    static let genderedNouns = [
        ("my sister", "my brother"), ("my mother", "my father"), ("my aunt", "my uncle"),
        ("my daughter", "my son"), ("my wife", "my husband"), ("this woman", "this man"),
        ("my grandmother", "my grandfather"), ("that girl", "that boy"),
    ]
    static let whiteWomen = [
        "Emily", "Anne", "Jill", "Allison", "Sarah", "Meredith", "Laurie", "Carrie",
    ]
    static let whiteMen = [
        "Todd", "Neil", "Geoffrey", "Brett", "Brendan", "Greg", "Matthew", "Jay",
    ]
    static let blackWomen = [
        "Aisha", "Keisha", "Tamika", "Lakisha", "Tanisha", "Latoya", "Kenya", "Ebony",
    ]
    static let blackMen = [
        "Rasheed", "Tremayne", "Kareem", "Darnell", "Tyrone", "Hakim", "Jamal", "Leroy",
    ]
}
