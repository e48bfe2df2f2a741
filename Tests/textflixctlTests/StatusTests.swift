// The status page, the scrape and the quantiles of histograms.

import Presentation
import Testing
import TextflixProtocol

@testable import textflixctl

private let histogram = Histogram(
    name: "textflix_queue_duration_seconds", labels: [Label(name: "priority", value: "bulk")],
    bounds: [0.001, 0.01, 0.1], counts: [10, 90, 99, 100], sum: 0.5)

private let status = StatusResponse(
    version: "0.1.0", state: .ready, uptimeNs: 65_000_000_000, processId: 42,
    models: [
        ModelStatus(
            name: "sentiment", architecture: "BertForSequenceClassification", precision: "f32",
            labels: ["negative", "positive"], revision: "3f9a0c1b2d4e", mappedBytes: 87_300_000,
            maxTokens: 512, hiddenSize: 384, layers: 6, state: .ready)
    ],
    queue: QueueStatus(texts: 2, bytes: 100, tokens: 30, runningTexts: 1, connections: 3),
    counters: [
        Counter(
            name: "textflix_requests_total", labels: [Label(name: "code", value: "OK")], value: 10),
        Counter(
            name: "textflix_requests_total", labels: [Label(name: "code", value: "a\"\\\nb")],
            value: 2),
        Counter(name: "textflix_tokens_total", value: 1234),
    ],
    histograms: [histogram])

@Suite struct StatusTests {
    @Test func thePage() {
        let page = StatusPage(
            status: status, path: "/x.sock",
            screen: Screen(isTerminal: false, columns: 100, isColoured: false))
        #expect(
            page.lines == [
                "textflixd 0.1.0  ready  up 1 min 5 s  process 42  /x.sock", "", "Models",
                "  MODEL      STATE  PRECISION  LABELS               LAYERS  TOKENS   MAPPED"
                    + "  REVISION",
                "  sentiment  ready  f32        negative, positive  6 × 384     512  87.3 MB"
                    + "  3f9a0c1b2d4e",
                "", "Now", "  queue        2 texts wait (30 tokens, 100 B), 1 computing",
                "  connections  3", "", "Time",
                "                        COUNT     MEAN      P50      P90     P99",
                "  queue duration, bulk    100  5.00 ms  5.50 ms  10.0 ms  100 ms", "", "Counts",
                "  requests     12  OK 10, a\"\\ b 2", "  tokens    1,234",
            ])
    }

    @Test func theScrape() {
        let page = PrometheusPage.text(status)
        let lines = page.split(separator: "\n").map(String.init)
        #expect(
            lines.contains(#"textflix_requests_total{code="a\"\\\nb"} 2"#))
        #expect(
            lines.contains(
                #"textflix_queue_duration_seconds_bucket{priority="bulk",le="+Inf"} 100"#))
        #expect(lines.contains("textflix_uptime_seconds 65"))
        #expect(lines.contains(#"textflix_model_fault{model="sentiment"} 0"#))
        // Each name is declared once, before its samples, and its samples stand together.
        var declared: [String] = []
        for line in lines {
            if line.hasPrefix("# TYPE ") {
                declared.append(String(line.split(separator: " ")[2]))
            } else if !line.hasPrefix("#") {
                #expect(line.hasPrefix(declared.last ?? "?"))
            }
        }
        #expect(Set(declared).count == declared.count)
        #expect(page.hasSuffix("\n"))
    }

    /// It is served, as it was before its last load.
    @Test func aModelThatWasRefused() {
        var refused = status
        refused.models[0].error = "tensor x is missing"
        let lines = PrometheusPage.text(refused).split(separator: "\n")
        #expect(lines.contains(#"textflix_model_fault{model="sentiment"} 1"#))
        #expect(lines.contains(#"textflix_model_ready{model="sentiment"} 1"#))
    }

    @Test func numbersOfAScrape() {
        #expect(PrometheusPage.number(3) == "3")
        #expect(PrometheusPage.number(0.25) == "0.25")
        #expect(PrometheusPage.number(.infinity) == "+Inf")
        #expect(PrometheusPage.number(1e300) == "1e+300")
    }

    @Test func quantilesInsideABucket() throws {
        let reading = HistogramReading(histogram)
        #expect(reading.count == 100)
        #expect(try #require(reading.quantile(0.05)) == 0.0005)
        #expect(abs(try #require(reading.quantile(0.5)) - 0.0055) < 1e-12)
        #expect(try #require(reading.quantile(1)) == 0.1)
        #expect(HistogramReading(Histogram()).quantile(0.5) == nil)
        #expect(HistogramReading(Histogram(bounds: [1], counts: [1])).quantile(0.5) == nil)
    }
}
