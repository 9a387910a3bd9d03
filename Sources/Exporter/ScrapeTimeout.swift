/// How long a scrape may take.
enum ScrapeTimeout {
    static let header = "X-Prometheus-Scrape-Timeout-Seconds"
    /// Used if the scraper does not say how long it waits.
    static let ordinary = Duration.seconds(10)

    /// The scraper's timeout minus the offset; an invalid value is ignored.
    static func duration(said: String?, offset: Duration) -> Duration {
        guard let seconds = said.flatMap(Double.init), seconds > 0, seconds <= 3600 else { return ordinary }
        let timeout = Duration.seconds(seconds)
        // If the scraper's timeout is not much longer than the offset, use half of it.
        return max(timeout - offset, timeout / 2)
    }
}
