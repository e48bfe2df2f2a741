// What comes back from the threads: outcomes of texts, batches, expiries, loads.

internal import Syscalls
internal import TextflixProtocol

extension Exchange {
    package func handle(_ notices: [Notice], now: Instant) {
        for notice in notices {
            switch notice {
            case .text(let outcome): take(outcome, now: now)
            case .batch(let report): take(report, now: now)
            case .expired(let requests): for request in requests { expire(request, now: now) }
            case .loading(let text): statusReport.progress = text
            case .loaded(let models): take(models)
            case .notLoaded(let failure): take(failure)
            case .signal(let signal): take(signal, now: now)
            case .engine: apply(lifecycle.engineStarted())
            case .noEngine(let failure): take(failure)
            }
        }
        queueMoved = true
    }

    /// What a signal asks for.
    func take(_ signal: SignalQueue.Signal, now: Instant) {
        switch signal {
        case .terminate, .interrupt:
            log(.notice, "\(signal.name): draining")
            apply(lifecycle.terminate(now: now))
            // What waits for room is told that there will be none.
            queueMoved = true
        case .hangUp:
            log(.notice, "\(signal.name): reloading")
            apply(lifecycle.reload())
        }
    }

    /// Nothing will ever be computed: the process ends, and another start may do better.
    private func take(_ failure: EngineFailure) {
        log(.critical, "the engine cannot start: \(failure)")
        giveUp()
        apply(lifecycle.engineFailed())
    }

    private func take(_ outcome: TextOutcome, now: Instant) {
        // Of the request no more is kept at hand: its outcomes would be copied for every text.
        guard
            let (model, workClass) = pending[outcome.request].map({ ($0.model, $0.workClass) })
        else { return }
        if outcome.readNanoseconds > 0 {
            figures.observe(
                "textflix_tokenize_duration_seconds", nanoseconds: outcome.readNanoseconds,
                in: .shortSeconds, "model", model.name, "priority", workClass.name)
        }
        guard let whole = pending[outcome.request]!.take(outcome) else { return }
        remember(whole)
        if case .failure(let code, _) = whole.result {
            figures.count(
                "textflix_texts_failed_total", 1, "model", model.name, "code", code.name)
        }
        finishIfComplete(outcome.request, now: now)
    }

    private func remember(_ outcome: TextOutcome) {
        guard cache.isOn, let request = pending[outcome.request], request.kind == .classify,
            let answer = AnswerCache.Answer(outcome)
        else { return }
        cache.store(answer, for: request.cacheKey(outcome.index))
    }

    private func take(_ report: BatchReport, now: Instant) {
        note(report)
        tellFailures(of: report)
        for request in Set(report.outcomes.map(\.request)) { pending[request]?.note(report) }
        var parts: [TextOutcome] = []
        for outcome in report.outcomes {
            if pending[outcome.request]?.kind.isExplanation == true {
                parts.append(outcome)
            } else {
                take(outcome, now: now)
            }
        }
        if !parts.isEmpty { sink.deliver(parts) }
    }

    private func note(_ report: BatchReport) {
        let (model, priority) = (report.model, report.workClass.name)
        figures.count(
            "textflix_batches_total", 1, "model", model, "priority", priority, "closed",
            report.closed.rawValue)
        figures.count("textflix_preemptions_total", report.interruptions, "model", model)
        if report.wasAbandoned {
            figures.count("textflix_batches_abandoned_total", 1, "model", model)
        }
        figures.observe(
            "textflix_batch_tokens", count: report.tokenCount, "model", model, "priority", priority)
        figures.observe(
            "textflix_batch_texts", count: report.textCount, "model", model, "priority", priority)
        figures.observe(
            "textflix_compute_duration_seconds", nanoseconds: report.computed, "model", model,
            "priority", priority)
        figures.count(
            "textflix_tokens_total", report.computedTokens, "model", model, "priority", priority)
    }

    /// A text that could not be computed fails inside a good answer. It is our fault or the
    /// model's, so whoever runs the daemon hears of it too, once a batch.
    private func tellFailures(of report: BatchReport) {
        let faults: [String] = report.outcomes.compactMap { outcome in
            if case .failure(.internal, let message) = outcome.result { message } else { nil }
        }
        guard let first = faults.first else { return }
        log.limited(
            .error,
            "model \(report.model): \(faults.count) of \(report.textCount) texts failed: \(first)",
            [("MODEL", report.model), ("CODE", StatusCode.internal.name)])
    }

    /// Answers a request whose last text has come.
    func finishIfComplete(_ request: RequestID, now: Instant) {
        guard let done = pending[request], done.missing == 0 else { return }
        pending[request] = nil
        guard let endpoint = endpoints[done.address.connection] else { return }
        let stream = done.address.stream
        endpoint.unary[stream] = nil
        let answer = done.answer
        if case .failure(let status) = answer {
            return fail(
                done.address, endpoint, done.method, status, done.fields(now: now))
        }
        var code = StatusCode.ok
        switch answer {
        case .classify(let response) where done.method == .classifyStream:
            answerMessage(done.address, request, response, endpoint, now: now)
        case .classify(let response): code = endpoint.connection.answer(stream, response)
        case .embed(let response): code = endpoint.connection.answer(stream, response)
        case .tag(let response): code = endpoint.connection.answer(stream, response)
        case .tokenize(let response): code = endpoint.connection.answer(stream, response)
        case .explain(let response):
            figures.count("textflix_explained_variants_total", Int(response.evaluations))
            code = endpoint.connection.answer(stream, response)
        case .failure: break
        }
        if done.method != .classifyStream { countAnswer(done.address, done.method, code) }
        note(done, code, now: now)
        touch(done.address.connection)
    }

    /// Counts what was answered; an answer that was too large is told like any other failure.
    func countAnswer(_ address: StreamAddress, _ method: MethodName, _ code: StatusCode) {
        count(method, code)
        guard code != .ok else { return }
        log.limited(
            .info, "\(method.rawValue): \(code.name), the answer would be too large",
            [("REQUEST", address.text), ("CODE", code.name)])
    }

    private func note(_ done: PendingRequest, _ code: StatusCode, now: Instant) {
        if log.isOn(.debug) { tell(done, code, now: now) }
        let (model, priority) = (done.model.name, done.workClass.name)
        figures.count(
            "textflix_texts_total", done.outcomes.count, "model", model, "priority", priority)
        figures.observe(
            "textflix_request_duration_seconds", nanoseconds: now.since(done.arrival), "model",
            model, "priority", priority)
        guard done.hasBatch else { return }
        figures.observe(
            "textflix_queue_duration_seconds", nanoseconds: done.timing.queuedNs, "model", model,
            "priority", priority)
    }

    private func tell(_ done: PendingRequest, _ code: StatusCode, now: Instant) {
        log(
            .debug,
            "\(done.method.rawValue): \(done.outcomes.count) texts by \(done.model.name) in"
                + " \(now.since(done.arrival) / 1000) µs",
            [("REQUEST", done.address.text), ("CODE", code.name)]
                + done.fields(now: now))
    }

    /// A deadline has come: whoever asked is told, and the work is dropped.
    func expire(_ request: RequestID, now: Instant) {
        guard let late = pending[request] else { return }
        drop(request)
        figures.count("textflix_cancelled_total", 1, "reason", "deadline")
        guard let endpoint = endpoints[late.address.connection] else { return }
        let waited = now.since(late.arrival) / 1_000_000
        fail(
            late.address, endpoint, late.method,
            Status(
                code: .deadlineExceeded,
                message: "not done by its deadline, \(waited) ms after it came"),
            late.fields(now: now))
        run(late.address.connection, endpoint, now: now)
    }

    /// Nothing was read.
    private func take(_ failure: LoadFailure) {
        (statusReport.progress, statusReport.detail) = ("", failure.text)
        if catalog.canServe { countRefusedReload() }
        apply(lifecycle.loaded(canServe: catalog.canServe, fault: failure.text))
    }

    private func take(_ models: [LoadedModel]) {
        var next = catalog
        next.take(models)
        (statusReport.progress, statusReport.detail) = ("", "")
        for (entry, load) in zip(next.entries, models) { tell(entry, load.nanoseconds) }
        let wasServing = catalog.canServe
        guard next.canServe || !wasServing else {
            // Other names, all of them wrong.
            statusReport.detail = "none of the new models could be loaded; the old ones stay"
            log(.error, statusReport.detail)
            countRefusedReload()
            return apply(lifecycle.loaded(canServe: true, fault: next.faults))
        }
        catalog = next
        for entry in catalog.entries {
            figures.count(
                "textflix_texts_failed_total", 0, "model", entry.name, "code",
                StatusCode.internal.name)
        }
        if wasServing {
            figures.count("textflix_reloads_total")
            if !catalog.faults.isEmpty { countRefusedReload() }
        }
        apply(lifecycle.loaded(canServe: catalog.canServe))
    }

    /// Whole, or for a model of it.
    private func countRefusedReload() { figures.count("textflix_reloads_failed_total") }

    private func tell(_ entry: ModelCatalog.Entry, _ nanoseconds: UInt64) {
        let fields: [Log.Field] = [
            ("MODEL", entry.name), ("DURATION_US", "\(nanoseconds / 1000)"),
        ]
        if !entry.error.isEmpty {
            let kept = entry.model == nil ? "" : "; the one in service stays"
            log(
                .error, "model \(entry.name): \(entry.error)\(kept)",
                fields + [Log.Event.modelRefused.field])
        } else if let model = entry.model {
            let status = model.status
            log(
                .notice,
                "model \(entry.name) is ready after \(nanoseconds / 1_000_000) ms:"
                    + " \(status.architecture), \(status.precision),"
                    + " revision \(status.revision)", fields)
        }
    }
}

extension PendingRequest {
    /// What the log holds of a request beside its name and its end.
    func fields(now: Instant) -> [Log.Field] {
        [("MODEL", model.name), ("DURATION_US", "\(now.since(arrival) / 1000)")]
    }
}
