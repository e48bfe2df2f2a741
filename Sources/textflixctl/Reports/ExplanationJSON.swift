// An explanation for programs: offsets are UTF-8 bytes of the text; features strongest first.
//
//     "method":"exact","explains":"positive","weights_of":"probability","intercept":0.31,
//     "fidelity_r2":0.98,"evaluations":128,
//     "features":[{"start":0,"end":27,"text":"…","weight":0.31},…]

import JSONText
import TextRuns
import TextflixProtocol

extension JSONWriter {
    /// The members of an explanation.
    mutating func explanation(_ explained: Explained, of text: [UInt8]) {
        let response = explained.response
        member("explains", explained.label)
        member("method", MethodWord(response.method)?.rawValue ?? "\(response.method.rawValue)")
        member("weights_of", explained.isLinear ? "logit" : "probability")
        member("intercept", response.intercept)
        key("fidelity_r2")
        if explained.fidelity == nil { null() } else { float(response.fidelityR2) }
        member("evaluations", response.evaluations)
        if response.samples > 0 { member("samples", response.samples) }
        if response.windows > 1 { member("windows", response.windows) }
        key("features")
        array(response.features) { $0.write($1, text) }
    }

    private mutating func write(_ feature: Feature, _ text: [UInt8]) {
        beginObject()
        member("start", feature.start)
        member("end", feature.end)
        if !feature.furtherStarts.isEmpty {
            key("also")
            array(zip(feature.furtherStarts, feature.furtherEnds)) { json, range in
                json.array([range.0, range.1]) { $0.int($1) }
            }
        }
        let (start, end) = (Int(feature.start), Int(feature.end))
        member("text", utf8: start <= end && end <= text.count ? text[start..<end] : [])
        member("weight", feature.weight)
        endObject()
    }
}

/// How an explanation is found, as it is spelled on the command line.
enum MethodWord: String, CaseIterable {
    case auto, lime, exact, shapley, leaveOneOut = "leave-one-out", linear

    var method: Method {
        switch self {
        case .auto: .auto
        case .lime: .lime
        case .exact: .exactLime
        case .shapley: .shapley
        case .leaveOneOut: .leaveOneOut
        case .linear: .linear
        }
    }

    init?(_ method: Method) {
        guard let word = Self.allCases.first(where: { $0.method == method }) else { return nil }
        self = word
    }
}
