// Explain: which sentences or words of a text speak for its label, and how strongly.
//
// Offsets count UTF-8 bytes of the text that was sent, so that a client can underline without a
// tokenizer.

/// One text whose classification is to be explained.
public struct ExplainRequest: Message {
    public var model: String
    public var text: Text
    public var unit: Unit
    /// 0: the method's default.
    public var samples: UInt32
    /// The label to explain; empty: the one that won.
    public var label: String
    public var seed: UInt64
    public var priority: Priority
    public var method: Method
    /// What to do with a text that is too long for the model. Windows: all of it is explained.
    public var truncation: Truncation

    public init(
        model: String = "", text: Text = Text(utf8: []), unit: Unit = .sentence,
        samples: UInt32 = 0, label: String = "", seed: UInt64 = 0,
        priority: Priority = .interactive, method: Method = .auto,
        truncation: Truncation = .modelDefault
    ) {
        self.model = model
        self.text = text
        self.unit = unit
        self.samples = samples
        self.label = label
        self.seed = seed
        self.priority = priority
        self.method = method
        self.truncation = truncation
    }

    public init() { self.init(model: "") }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: model = try field.string()
        case 2: text = try field.text()
        case 3: unit = try field.enumeration()
        case 4: samples = try field.uint32()
        case 5: label = try field.string()
        case 6: seed = try field.uint64()
        case 7: priority = try field.enumeration()
        case 8: method = try field.enumeration()
        case 9: truncation = try field.enumeration()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, model)
        out.put(2, text)
        out.put(3, unit)
        out.put(4, samples)
        out.put(5, label)
        out.put(6, seed)
        out.put(7, priority)
        out.put(8, method)
        out.put(9, truncation)
    }
}

/// The classification and what supports it, strongest first.
public struct ExplainResponse: Message {
    public var classification: Classification?
    public var features: [Feature]
    public var intercept: Float
    /// Weighted R² of the linear explanation, 1 is perfect.
    public var fidelityR2: Float
    /// Different texts that the model scored for this answer.
    public var evaluations: UInt32
    /// The method used, which `auto` left open.
    public var method: Method
    public var timing: Timing?
    /// The label that was explained.
    public var label: String
    public var model: String
    public var revision: String
    /// Variants of the text that were drawn, equal ones counted again, the text itself among them;
    /// 0: all were enumerated.
    public var samples: UInt32
    /// Parts of the text that the model read one by one; their probabilities were averaged. 1: it
    /// read the text at once.
    public var windows: UInt32

    public init(
        classification: Classification? = nil, features: [Feature] = [], intercept: Float = 0,
        fidelityR2: Float = 0, evaluations: UInt32 = 0, method: Method = .auto,
        timing: Timing? = nil, label: String = "", model: String = "", revision: String = "",
        samples: UInt32 = 0, windows: UInt32 = 0
    ) {
        self.classification = classification
        self.features = features
        self.intercept = intercept
        self.fidelityR2 = fidelityR2
        self.evaluations = evaluations
        self.method = method
        self.timing = timing
        self.label = label
        self.model = model
        self.revision = revision
        self.samples = samples
        self.windows = windows
    }

    public init() { self.init(classification: nil) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try field.message(into: &classification)
        case 2: try field.messages(to: &features)
        case 3: intercept = try field.float()
        case 4: fidelityR2 = try field.float()
        case 5: evaluations = try field.uint32()
        case 6: method = try field.enumeration()
        case 7: try field.message(into: &timing)
        case 8: label = try field.string()
        case 9: model = try field.string()
        case 10: revision = try field.string()
        case 11: samples = try field.uint32()
        case 12: windows = try field.uint32()
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, classification)
        out.put(2, features)
        out.put(3, intercept)
        out.put(4, fidelityR2)
        out.put(5, evaluations)
        out.put(6, method)
        out.put(7, timing)
        out.put(8, label)
        out.put(9, model)
        out.put(10, revision)
        out.put(11, samples)
        out.put(12, windows)
    }
}

/// A stretch of the text and its weight.
public struct Feature: Message {
    /// UTF-8 byte offsets into the text sent.
    public var start: UInt32
    public var end: UInt32
    public var text: Text
    /// Above 0 it supports the explained label.
    public var weight: Float
    /// Where else the same word stands, as many as `furtherEnds`.
    public var furtherStarts: [UInt32]
    public var furtherEnds: [UInt32]

    public init(
        start: UInt32 = 0, end: UInt32 = 0, text: Text = Text(utf8: []), weight: Float = 0,
        furtherStarts: [UInt32] = [], furtherEnds: [UInt32] = []
    ) {
        self.start = start
        self.end = end
        self.text = text
        self.weight = weight
        self.furtherStarts = furtherStarts
        self.furtherEnds = furtherEnds
    }

    public init() { self.init(start: 0) }

    public mutating func merge(_ field: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: start = try field.uint32()
        case 2: end = try field.uint32()
        case 3: text = try field.text()
        case 4: weight = try field.float()
        case 5: try field.append(to: &furtherStarts)
        case 6: try field.append(to: &furtherEnds)
        default: break
        }
    }

    public func encode(into out: inout [UInt8]) {
        out.put(1, start)
        out.put(2, end)
        out.put(3, text)
        out.put(4, weight)
        out.put(5, furtherStarts)
        out.put(6, furtherEnds)
    }
}
