/// A program being measured: a process that answers for a whole fleet.
protocol Contender: AnyObject {
    var name: String { get }
    var usage: ProcessUsage { get }
    /// Asks all nodes once, and returns when the whole response has arrived.
    func scrape() throws
    /// Like `scrape`, but throws unless all nodes answered everything.
    func scrapeAndCheck() throws
    func stop() async
}

/// What Prometheus 3 sends.
let prometheusHeaders = """
    Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
    text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1\r
    Accept-Encoding: gzip\r
    User-Agent: Prometheus/3.0.0\r
    X-Prometheus-Scrape-Timeout-Seconds: 10\r

    """
