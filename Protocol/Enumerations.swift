// The enumerations of the schema. All are open: a number that this version does not know is kept as
// `unrecognized` and written back unchanged; the daemon answers it with INVALID_ARGUMENT.

/// Who waits for the answer.
public enum Priority: OpenEnumeration {
    /// A person: ahead of all bulk work.
    case interactive
    /// A file: whenever nobody else waits.
    case bulk
    case unrecognized(Int32)

    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .interactive
        case 1: self = .bulk
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .interactive: 0
        case .bulk: 1
        case .unrecognized(let value): value
        }
    }
}

/// What becomes of a text that is longer than the model takes.
public enum Truncation: OpenEnumeration {
    /// As the model's own settings say.
    case modelDefault
    /// Its beginning is used.
    case head
    /// Its beginning and its end are used.
    case headAndTail
    /// It is read in overlapping windows whose results are averaged.
    case windows
    /// It fails, alone.
    case refuse
    case unrecognized(Int32)

    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .modelDefault
        case 1: self = .head
        case 2: self = .headAndTail
        case 3: self = .windows
        case 4: self = .refuse
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .modelDefault: 0
        case .head: 1
        case .headAndTail: 2
        case .windows: 3
        case .refuse: 4
        case .unrecognized(let value): value
        }
    }
}

/// What an explanation weighs.
public enum Unit: OpenEnumeration {
    case sentence
    case word
    case unrecognized(Int32)

    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .sentence
        case 1: self = .word
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .sentence: 0
        case .word: 1
        case .unrecognized(let value): value
        }
    }
}

/// How an explanation is found.
public enum Method: OpenEnumeration {
    /// Exact where the text is short enough, else sampled.
    case auto
    /// Sampled LIME.
    case lime
    /// LIME with every subset enumerated: what infinitely many samples would give.
    case exactLime
    /// Shapley values.
    case shapley
    /// The drop in probability when one unit is left out.
    case leaveOneOut
    /// What each unit adds to the logit: linear models alone.
    case linear
    case unrecognized(Int32)

    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .auto
        case 1: self = .lime
        case 2: self = .exactLime
        case 3: self = .shapley
        case 4: self = .leaveOneOut
        case 5: self = .linear
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .auto: 0
        case .lime: 1
        case .exactLime: 2
        case .shapley: 3
        case .leaveOneOut: 4
        case .linear: 5
        case .unrecognized(let value): value
        }
    }
}

/// Which hidden states become the embedding.
public enum Pooling: OpenEnumeration {
    /// As the model's own settings say.
    case model
    /// That of [CLS].
    case cls
    /// The mean of all tokens'.
    case mean
    case unrecognized(Int32)

    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .model
        case 1: self = .cls
        case 2: self = .mean
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .model: 0
        case .cls: 1
        case .mean: 2
        case .unrecognized(let value): value
        }
    }
}

/// What the daemon, or one of its models, is doing.
public enum ServerState: OpenEnumeration {
    /// Reading weights: requests are answered UNAVAILABLE.
    case loading
    case ready
    /// Finishing what it accepted before it stops: new requests are answered UNAVAILABLE.
    case draining
    case unrecognized(Int32)

    public init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .loading
        case 1: self = .ready
        case 2: self = .draining
        default: self = .unrecognized(rawValue)
        }
    }

    public var rawValue: Int32 {
        switch self {
        case .loading: 0
        case .ready: 1
        case .draining: 2
        case .unrecognized(let value): value
        }
    }
}
