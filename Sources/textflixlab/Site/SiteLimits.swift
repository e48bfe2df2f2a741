// What a site may hold. A browser reads one film and the list of films; both must stay quick.

enum SiteLimits {
    /// All texts are held in memory while the site is made: 200,000 of 1.3 KB are 260 MB.
    static let reviews = 200_000
    /// The list of films is read with the first page: 100 bytes each, 2 MB.
    static let films = 20_000
    /// Disagreements that are listed, the clearest first; all are counted.
    static let differences = 2000
    /// Labels: each is a column of figures and a colour.
    static let labels = 16
    /// One model, or two beside each other.
    static let models = 2
    /// Bytes of a text that stand where reviews are listed.
    static let excerptBytes = 280
}
