// From a request to the queue, or to an answer at once.
//
// Status, Cancel, Reload and every refusal are answered here and now, on the I/O thread, so they
// are answered under any load.

internal import Syscalls
internal import TextflixProtocol
internal import Weights

extension Exchange {
    /// Begins a stream.
    func begin(
        _ address: StreamAddress, _ envelope: RequestEnvelope, _ endpoint: Endpoint, now: Instant
    ) {
        // The connection has answered all other names.
        let method = MethodName(rawValue: envelope.method)!
        var modelName = ""
        do throws(Status) {
            let deadline = try Self.deadline(envelope.timeoutNanoseconds, now: now)
            switch method {
            case .status:
                _ = try StatusRequest(reading: envelope.payload)
                endpoint.connection.answer(address.stream, statusResponse(now: now))
                count(method, .ok)
            case .cancel:
                let request = try CancelRequest(reading: envelope.payload)
                cancel(request, address, endpoint)
                count(method, .ok)
            case .reload:
                _ = try ReloadRequest(reading: envelope.payload)
                try beginReload(address, endpoint, deadline: deadline)
            case .classifyStream:
                endpoint.streams[address.stream] = MessageRow(deadline: deadline)
                streamCount += 1
                if deadline != .distantFuture { timers.push(deadline, .stream(address)) }
            case .classify, .embed, .tag, .tokenize, .explain:
                let order = try WorkOrder(method, envelope.payload)
                modelName = order.modelName
                let outcome = try submit(
                    order, method, address, endpoint, deadline: deadline, now: now)
                switch outcome {
                case .success(let request):
                    endpoint.unary[address.stream] = request
                    finishIfComplete(request, now: now)
                case .failure(let refusal): throw status(of: refusal)
                }
            }
        } catch {
            refuse(address, endpoint, method, error, modelName: modelName, now: now)
        }
    }

    /// The answer to who is refused by the queue, counted.
    func status(of refusal: Refusal) -> Status {
        countRefusal(refusal.name)
        return Status(refusal, limits)
    }

    /// Refuses what a client asks.
    private func refuse(
        _ address: StreamAddress, _ endpoint: Endpoint, _ method: MethodName, _ status: Status,
        modelName: String, now: Instant
    ) {
        noteRefusal(status, endpoint, now: now)
        fail(address, endpoint, method, status, modelName: modelName)
    }

    /// Whoever goes on asking for what is refused is not read for a moment, unless it is the daemon
    /// that is not ready.
    func noteRefusal(_ status: Status, _ endpoint: Endpoint, now: Instant) {
        if status.code != .unavailable { endpoint.connection.noteRefusal(now: now) }
    }

    /// Ends a stream with an error, and counts it.
    /// - Parameters:
    ///   - fields: what else the log is to hold.
    ///   - modelName: as the client has it.
    func fail(
        _ address: StreamAddress, _ endpoint: Endpoint, _ method: MethodName, _ status: Status,
        _ fields: [Log.Field] = [], modelName: String = ""
    ) {
        abandon(address.stream, endpoint)
        endpoint.connection.fail(address.stream, status)
        count(method, status.code)
        log.limited(
            .info,
            "\(method.rawValue): \(status.code.name), \(Self.logged(status, modelName: modelName))",
            [
                ("REQUEST", address.text), ("CODE", status.code.name),
                ("USER", "\(endpoint.peer.user)"),
            ] + fields)
        touch(address.connection)
    }

    /// A name that no model has is whatever the client sent, be it a text in the wrong field. The
    /// client may be told what it is; the log is not.
    private static func logged(_ status: Status, modelName: String) -> String {
        status.code == .notFound
            ? "no model of that name (\(modelName.utf8.count) bytes)" : status.message
    }

    /// - Parameter method: nil: none of ours.
    func count(_ method: MethodName?, _ code: StatusCode) {
        figures.count(
            "textflix_requests_total", 1, "method", method?.rawValue ?? "unknown", "code",
            code.name)
    }

    private static func deadline(_ timeout: Int64, now: Instant) throws(Status) -> Instant {
        if timeout < 0 {
            throw Status(code: .deadlineExceeded, message: "the deadline passed before it arrived")
        }
        return timeout == 0 ? .distantFuture : now.advanced(by: UInt64(timeout))
    }

    /// Puts an order into the queue.
    /// - Returns: the queue's refusal, not counted: a message of a stream may wait.
    func submit(
        _ order: WorkOrder, _ method: MethodName, _ address: StreamAddress, _ endpoint: Endpoint,
        deadline: Instant, now: Instant
    ) throws(Status) -> Result<RequestID, Refusal> {
        try checkState()
        let model = try catalog.find(order.modelName)
        try check(order, against: model)
        var accepted = PendingRequest(
            address: address, method: method, order: order, model: model, arrival: now,
            keepsTexts: cache.isOn)
        let request = makeRequest()
        let missing = answerFromCache(&accepted, request, order)
        let texts = missing.map { order.texts[$0] }
        let claim = Self.claim(
            request, texts, order, of: accepted, user: endpoint.peer.user, deadline: deadline)
        do throws(Refusal) {
            if !texts.isEmpty { try sink.admit(claim, now: now) }
        } catch {
            return .failure(error)
        }
        countCached(order, missing: missing.count)
        pending[request] = accepted
        if deadline != .distantFuture { timers.push(deadline, .request(request)) }
        if !texts.isEmpty { handOn(texts, missing, order, of: accepted, claim) }
        return .success(request)
    }

    /// What an order asks of the queue for the texts that are left.
    private static func claim(
        _ request: RequestID, _ texts: [Text], _ order: WorkOrder, of accepted: PendingRequest,
        user: UInt32, deadline: Instant
    ) -> Claim {
        Claim(
            request: request, user: user, connection: accepted.address.connection,
            workClass: order.workClass,
            batchKey: BatchKey(model: accepted.model.number, output: order.output),
            arrival: accepted.arrival, deadline: deadline, textCount: texts.count,
            byteCount: texts.reduce(0) { $0 + $1.utf8.count },
            estimatedTokens: estimate(texts, order, accepted.model))
    }

    /// Gives admitted texts to the thread that begins with them.
    private func handOn(
        _ texts: [Text], _ indices: [Int], _ order: WorkOrder, of accepted: PendingRequest,
        _ claim: Claim
    ) {
        if case .explain(let explained) = order.kind {
            return sink.explain(
                ExplanationTask(
                    request: claim.request, model: accepted.model, order: explained,
                    text: texts[0], truncation: accepted.truncation, deadline: claim.deadline))
        }
        sink.tokenise(
            TokenisingTask(
                request: claim.request, user: claim.user, connection: claim.connection,
                model: accepted.model, workClass: order.workClass, output: order.output,
                truncation: accepted.truncation,
                specialTokens: order.kind != .tokenize(specialTokens: false), texts: texts,
                indices: indices))
    }

    func countRefusal(_ reason: String) {
        figures.count("textflix_refused_total", 1, "reason", reason)
    }

    /// Answers what was asked before.
    /// - Returns: the texts that are left, by index.
    private func answerFromCache(
        _ accepted: inout PendingRequest, _ request: RequestID, _ order: WorkOrder
    ) -> [Int] {
        guard isCached(order) else { return Array(order.texts.indices) }
        return order.texts.indices.filter { index in
            guard let answer = cache.find(accepted.cacheKey(index)) else { return true }
            accepted.take(answer.outcome(request, index))
            return false
        }
    }

    private func isCached(_ order: WorkOrder) -> Bool { cache.isOn && order.kind == .classify }

    /// Once an order is accepted: one that waits for room is looked up each time that it tries.
    private func countCached(_ order: WorkOrder, missing: Int) {
        guard isCached(order) else { return }
        figures.count("textflix_cache_hits_total", order.texts.count - missing)
        figures.count("textflix_cache_misses_total", missing)
    }

    private func checkState() throws(Status) {
        switch lifecycle.state {
        case .ready: return
        case .loading:
            countRefusal("loading")
            throw Status(
                code: .unavailable, message: "the models are being loaded",
                retryAfter: .milliseconds(500))
        case .draining:
            countRefusal("stopping")
            throw Self.stopping
        }
    }

    private func check(_ order: WorkOrder, against model: ServedModel) throws(Status) {
        if model.linear != nil, !order.isForLinearModels {
            throw Status(
                code: .failedPrecondition,
                message: "model \(model.name) has neither pieces nor vectors: it classifies")
        }
        switch (order.kind, model.head) {
        case (.explain(let explained), .sequence): try explained.check(against: model)
        case (.classify, .sequence), (.tag, .token), (.embed, _), (.tokenize, _): break
        case (.classify, _), (.explain, _):
            throw Status(
                code: .failedPrecondition,
                message: "model \(model.name) has no head that classifies texts")
        case (.tag, _):
            throw Status(
                code: .failedPrecondition,
                message: "model \(model.name) has no head that labels tokens")
        }
        try model.checkAnswer(to: order)
    }

    /// A guess at the tokens of all texts: a piece is about four bytes of English.
    private static func estimate(
        _ texts: [Text], _ order: WorkOrder, _ model: ServedModel
    ) -> Int {
        guard order.output != .tokens else { return 0 }
        if model.linear != nil { return texts.reduce(0) { $0 + LinearEngine.cost(of: $1) } }
        // An explanation is charged for its variants, none of which is longer than the model reads.
        let isWhole =
            (order.truncation ?? model.truncation) == .windows && !order.kind.isExplanation
        let most = model.maxTokens * (isWhole ? Limits.textWindows : 1)
        return texts.reduce(0) { $0 + min(most, $1.utf8.count / 4 + 2) }
    }

    // MARK: What is answered at once

    private func cancel(
        _ request: CancelRequest, _ address: StreamAddress, _ endpoint: Endpoint
    ) {
        var cancelled: UInt32 = 0
        for stream in request.streams
        where stream != address.stream && endpoint.connection.isOpen(stream) {
            let method = method(of: stream, endpoint)
            fail(
                StreamAddress(connection: address.connection, stream: stream), endpoint, method,
                Status(code: .cancelled, message: "cancelled by the client"))
            figures.count("textflix_cancelled_total", 1, "reason", "client")
            cancelled += 1
        }
        endpoint.connection.answer(address.stream, CancelResponse(cancelled: cancelled))
    }

    func method(of stream: UInt32, _ endpoint: Endpoint) -> MethodName {
        if endpoint.reloads.contains(stream) { return .reload }
        return endpoint.unary[stream].flatMap { pending[$0]?.method } ?? .classifyStream
    }

    private func beginReload(
        _ address: StreamAddress, _ endpoint: Endpoint, deadline: Instant
    ) throws(Status) {
        let user = endpoint.peer.user
        guard user == 0 || user == ThisProcess.user else {
            throw Status(
                code: .permissionDenied,
                message: "only root and the daemon's own user may reload; you are user \(user)")
        }
        guard lifecycle.state != .draining else { throw Self.stopping }
        log(.notice, "reload asked for", [("USER", "\(user)")])
        endpoint.reloads.insert(address.stream)
        if deadline != .distantFuture { timers.push(deadline, .stream(address)) }
        apply(lifecycle.reload(for: address))
    }

    /// The reload that these asked for is done.
    package func answerReload(_ addresses: [StreamAddress]) {
        let response = ReloadResponse(models: catalog.statuses)
        for address in addresses {
            guard let endpoint = endpoints[address.connection],
                endpoint.reloads.remove(address.stream) != nil
            else { continue }
            endpoint.connection.answer(address.stream, response)
            count(.reload, .ok)
            touch(address.connection)
        }
    }

    package func failReload(_ addresses: [StreamAddress], _ fault: String) {
        endReload(addresses, Status(code: .failedPrecondition, message: fault))
    }

    package func refuseReload(_ addresses: [StreamAddress]) {
        endReload(addresses, Self.stopping)
    }

    private func endReload(_ addresses: [StreamAddress], _ status: Status) {
        for address in addresses {
            guard let endpoint = endpoints[address.connection],
                endpoint.reloads.contains(address.stream)
            else { continue }
            fail(address, endpoint, .reload, status)
        }
    }

    /// No more will be computed: whoever still waits is told.
    package func giveUp() {
        for (key, endpoint) in endpoints {
            for stream in endpoint.unanswered {
                let address = StreamAddress(connection: key, stream: stream)
                fail(address, endpoint, method(of: stream, endpoint), Self.stopping)
            }
        }
    }

    private static let stopping = Status(code: .unavailable, message: "the daemon is stopping")

    private func statusResponse(now: Instant) -> StatusResponse {
        statusReport.response(
            lifecycle: lifecycle, models: catalog.statuses, queue: sink.queue,
            connections: endpoints.count, figures: figures, now: now)
    }
}
