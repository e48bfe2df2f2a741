// config.json of a linear text model: read with every key checked, and written.

internal import JSONText
internal import Syscalls
internal import Weights

struct LinearConfiguration {
    let labels: [String]
    let recipe: NGramRecipe
    let platt: PlattScaling
    let bias: Double
    let bytes: [UInt8]

    init(_ folder: String) throws(WeightsError) {
        let source = try JSONSource(folder + "/config.json")
        try source.refuseKeys(otherThan: [
            "model_type", "format", "labels", "minimum_word_length", "keeps_marks",
            "removes_stop_words", "stems", "order", "weighting", "knows_scripts", "platt_slope",
            "platt_offset", "bias",
        ])
        guard try source.natural("format", in: 1...Int(Int32.max)) == Self.format else {
            throw source.error(
                "format must be \(Self.format); train the model again with this version",
                source.node("format") ?? source.root)
        }
        let labels = try source.strings("labels") ?? []
        guard labels.count == 2, labels[0] != labels[1] else {
            throw source.error(
                "labels must be two different strings, the negative one first",
                source.node("labels") ?? source.root)
        }
        self.labels = labels
        recipe = try NGramRecipe(source)
        platt = PlattScaling(
            slope: try Self.number("platt_slope", source),
            offset: try Self.number("platt_offset", source))
        bias = try Self.number("bias", source)
        bytes = source.bytes
    }

    /// It must be there: null stands where training gave no number, and 0 in its place would change
    /// the answers.
    private static func number(
        _ key: String, _ source: JSONSource
    ) throws(WeightsError) -> Double {
        guard let number = try source.number(key, in: -1e9...1e9) else {
            throw source.error("\(key), a number, is missing", source.root[key] ?? source.root)
        }
        return number
    }

    /// The names of n-grams (NGramHash) and the table's slots belong to it.
    static let format = 1

    static func json(
        labels: [String], recipe: NGramRecipe, platt: PlattScaling, bias: Double
    ) -> [UInt8] {
        var json = JSONWriter(pretty: true)
        json.beginObject()
        json.member("model_type", LinearTextModel.modelType)
        json.member("format", format)
        json.member("labels", labels)
        recipe.write(to: &json)
        json.member("platt_slope", platt.slope)
        json.member("platt_offset", platt.offset)
        json.member("bias", bias)
        json.endObject()
        return json.bytes
    }
}

extension NGramRecipe {
    init(_ source: JSONSource) throws(WeightsError) {
        self.init(
            minimumWordLength: try source.natural("minimum_word_length", in: 1...100) ?? 1,
            keepsMarks: try source.flag("keeps_marks") ?? false,
            removesStopWords: try source.flag("removes_stop_words") ?? false,
            stems: try source.flag("stems") ?? false,
            order: try source.natural("order", in: 1...Limits.order) ?? 1,
            weighting: try source.choice("weighting", Weighting.self) ?? .binary,
            knowsScripts: try source.flag("knows_scripts") ?? false)
    }

    func write(to json: inout JSONWriter) {
        json.member("minimum_word_length", minimumWordLength)
        json.member("keeps_marks", keepsMarks)
        json.member("removes_stop_words", removesStopWords)
        json.member("stems", stems)
        json.member("order", order)
        json.member("weighting", weighting.rawValue)
        json.member("knows_scripts", knowsScripts)
    }
}
