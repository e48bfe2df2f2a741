// A fit's state as JSON: exactly, so that a run that goes on is the run that stopped. Numbers are
// written with the digits that read back as the same ones.

internal import JSONText

extension FitState {
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("updates", updates)
        json.member("tokens", tokens)
        json.member("seconds", seconds)
        json.member("held_out_seconds", heldOutSeconds)
        json.key("curve")
        json.rows(curve.map { [Double($0.update), $0.loss, $0.accuracy, $0.rate, $0.gradient] })
        json.key("evaluations")
        json.rows(evaluations.map { [Double($0.update), $0.loss, $0.accuracy] })
        json.key("best")
        json.rows(best.map { [[Double($0.update), $0.loss, $0.accuracy]] } ?? [])
        json.key("open")
        json.rows([
            [
                Double(open.updates), open.loss, Double(open.count), Double(open.right),
                open.gradient,
            ]
        ])
        json.endObject()
    }

    init?(_ node: JSONNode) {
        guard let updates = node["updates"]?.int, let tokens = node["tokens"]?.int,
            let seconds = node["seconds"]?.double,
            let heldOutSeconds = node["held_out_seconds"]?.double,
            let curve = node.rows("curve", 5),
            let evaluations = node.rows("evaluations", 3), let best = node.rows("best", 3),
            let open = node.rows("open", 5)?.first
        else { return nil }
        self.updates = updates
        self.tokens = tokens
        self.seconds = seconds
        self.heldOutSeconds = heldOutSeconds
        self.curve = curve.map {
            CurvePoint(
                update: Int($0[0]), loss: $0[1], accuracy: $0[2], rate: $0[3], gradient: $0[4])
        }
        self.evaluations = evaluations.map(Self.evaluation)
        self.best = best.first.map(Self.evaluation)
        self.open = Stretch(
            updates: Int(open[0]), loss: open[1], count: Int(open[2]), right: Int(open[3]),
            gradient: open[4])
    }

    private static func evaluation(_ row: [Double]) -> Evaluation {
        Evaluation(update: Int(row[0]), loss: row[1], accuracy: row[2])
    }
}

extension JSONWriter {
    fileprivate mutating func rows(_ rows: [[Double]]) {
        array(rows) { json, row in json.array(row) { $0.double($1) } }
    }
}

extension JSONNode {
    fileprivate func rows(_ key: String, _ width: Int) -> [[Double]]? {
        let rows = self[key]?.array?.map { $0.array?.compactMap(\.double) ?? [] }
        return rows?.allSatisfy { $0.count == width } == true ? rows : nil
    }
}
