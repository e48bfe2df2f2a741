// Everything that the service bounds, in one place, each bound with its arithmetic.
//
// The wire's own maxima (bodies, texts, windows) are `Limits` of TextflixProtocol and are promised
// to clients; these here are the administrator's. All can be set in the configuration and all are
// shown by Status. Invariant: a bound that is reached gives an answer that names it, never a wait
// without end and never growth.

internal import TextflixProtocol

package struct ServiceLimits: Sendable, Equatable {
    // MARK: The batch

    /// Tokens of one batch. Matrix products are at full speed from about 256 rows on; beyond that a
    /// longer batch only makes a layer longer, and a layer is what an interactive text waits for
    /// when it preempts: BERT-large in int8, 2048 tokens, 24 layers at 1.5 TOP/s:
    /// 2048 x 604.6 MFLOP / 24 / 1.5 T = 34 ms.
    package var batchTokens = 2048
    /// What a batch may take to compute, by measured speed: whoever comes next waits for it, and
    /// when preempting for one layer of it. A slow model gets short batches, a fast one the whole
    /// budget; on few cores that costs no throughput, since products are at full speed at
    /// `batchLeastTokens`, below which no batch is closed for its time.
    package var batchTime = Duration.milliseconds(25)
    package var batchLeastTokens = 256
    /// Texts of one batch: many tiny texts cost more in bookkeeping than in tokens.
    package var batchTexts = 256
    /// How long an idle engine waits for company before it starts an unfilled batch. Zero: never;
    /// work that arrives while it computes gathers anyway.
    package var batchDelay = Duration.zero
    /// Whether interactive work may go between two layers of a bulk batch. Without it a person
    /// waits for whole bulk batches; only measurements have a reason to turn it off.
    package var preemption = true

    // MARK: The queue

    /// Texts accepted and not yet computing. At 512 tokens of 4 bytes each: 8192 x 2 KiB = 16 MiB.
    package var queueTexts = 8192
    /// Their bytes as sent: sixteen of the largest requests (4 MiB).
    package var queueBytes = 64 << 20
    /// Of the texts, what one user may hold, and never more than it leaves free for others. One
    /// connection may hold as much of it as it leaves free, so half again. Bytes go by that rule
    /// too.
    package var queueTextsPerUser = 4096
    /// Work without a deadline that has waited so long goes before work with one: a guard against
    /// starvation, not a promise. Thirty seconds are what a person waits at most.
    package var interactivePatience = Duration.seconds(30)
    package var bulkPatience = Duration.seconds(300)
    /// Of the engine's tokens, and before it of the bytes that become tokens, bulk work gets at
    /// least one in so many, however much interactive work there is.
    package var bulkShareOneIn = 20

    // MARK: Connections

    /// Open connections. An idle one costs about 2 KB here and as much in the kernel.
    package var connections = 16_384
    /// Of them, one user's: three quarters.
    package var connectionsPerUser = 12_288
    /// Requests of one connection that are unanswered.
    package var streamsPerConnection = 256
    /// Refusals of one connection a second, beyond a burst; then it is not read for a moment. A
    /// refusal costs about 3 us, so a flood of them takes about a hundredth of a processor.
    package var refusalsPerSecond = 4000
    package var refusalBurst = 256
    package var refusalPause = Duration.milliseconds(10)
    /// Answers that wait for a client which does not read, and with them those of streams that wait
    /// for an earlier one. From the first bound on its requests are not read either; above the
    /// second (four of the largest frames), unread ones alone, the connection is closed.
    package var outputPauseBytes = 1 << 20
    package var outputBytes = 16 << 20
    /// Stream messages that wait for room in the queue, of one connection: two of the largest.
    /// Above that the connection is not read.
    package var parkedBytes = 8 << 20
    /// Half-received frames and parked messages of all connections together. Beyond that whoever
    /// holds most of them is closed, unless it is less than `modestInputBytes`.
    package var inputBytes = 256 << 20
    package var modestInputBytes = 64 << 10

    // MARK: Time

    /// From the first byte of a frame to its last: 4 MiB in 30 s is 140 KB/s, on a local socket.
    package var frameTime = Duration.seconds(30)
    /// From the first byte of a header to its tenth.
    package var headerTime = Duration.seconds(5)
    /// How long a client may let its answers lie without reading a byte.
    package var outputTime = Duration.seconds(30)
    /// From SIGTERM to the end, whatever is unfinished. Our unit allows 60 s to stop.
    package var drainTime = Duration.seconds(45)
    /// The same after a second SIGTERM.
    package var hastyDrainTime = Duration.seconds(2)
    /// A start that is over within this accepts nobody before it is ready: clients wait in the
    /// backlog instead of being told to try again. A longer one answers, for its progress is asked.
    package var acceptDelay = Duration.seconds(1)
    /// A pause in accepting when the process has run out of descriptors.
    package var acceptPause = Duration.milliseconds(100)

    // MARK: The answer cache

    /// Bytes of answers kept for equal questions. Zero: none, the default.
    package var cacheBytes = 0

    package init() {}
}
