// The figures that the daemon counts: what each name means, in a scrape and on the status page.
//
// A name that is not known here is still shown, with its words for an explanation, so an older
// textflixctl can read a newer daemon.

enum FigureNames {
    static let prefix = "textflix_"

    static func full(_ name: String) -> String { name.hasPrefix(prefix) ? name : prefix + name }

    /// One sentence, for HELP.
    static func help(_ name: String) -> String { known[full(name)] ?? "\(words(name))." }

    /// `textflix_queue_duration_seconds` is `queue duration`.
    static func words(_ name: String) -> String {
        var text = full(name).dropFirst(prefix.count)
        for suffix in ["_total", "_seconds"] where text.hasSuffix(suffix) {
            text = text.dropLast(suffix.count)
        }
        return text.split(separator: "_").joined(separator: " ")
    }

    private static let known = [
        "textflix_requests_total": "Requests, by method and the code they were answered with.",
        "textflix_texts_total": "Texts that were answered.",
        "textflix_texts_failed_total": "Texts that failed alone, by the code in their result.",
        "textflix_tokens_total": "Tokens that were computed.",
        "textflix_request_duration_seconds": "From the request's arrival to its answer.",
        "textflix_queue_duration_seconds": "From a request's arrival to its first batch's start.",
        "textflix_tokenize_duration_seconds": "Tokenising one text.",
        "textflix_compute_duration_seconds": "Computing one batch.",
        "textflix_batches_total": "Batches, by why each was closed.",
        "textflix_batch_tokens": "Tokens in a batch.",
        "textflix_batch_texts": "Texts in a batch.",
        "textflix_explained_variants_total": "Variants that explanations had scored.",
        "textflix_refused_total": "Requests refused before they were queued, by reason.",
        "textflix_cancelled_total": "Requests given up before an answer, by reason.",
        "textflix_preemptions_total": "Times that a bulk batch made way between two layers.",
        "textflix_batches_abandoned_total": "Batches left unfinished: nobody wanted them.",
        "textflix_cache_hits_total": "Texts answered from the cache of answers.",
        "textflix_cache_misses_total": "Texts looked for in the cache of answers in vain.",
        "textflix_reloads_total": "Times that the models were read again.",
        "textflix_reloads_failed_total": "Reloads that were refused, whole or for a model.",
        "textflix_connections_total": "Connections that were asked for.",
        "textflix_connections_refused_total": "Connections turned away at a limit.",
        "textflix_connections_closed_total": "Connections that ended, by reason.",
        "textflix_descriptors_dropped_total": "Messages whose descriptors were closed unseen.",
    ]
}
