/// How long a scrape may take.
enum ScrapeTimeout {
    static let header = "X-Prometheus-Scrape-Timeout-Seconds"
    /// Where a scraper does not say how long it waits.
    static let ordinary = Duration.seconds(10)

    /// What the scraper said less the offset; nonsense counts as not said.
    static func duration(said: String?, offset: Duration) -> Duration {
        guard let seconds = said.flatMap(Double.init), seconds > 0, seconds <= 3600 else { return ordinary }
        let timeout = Duration.seconds(seconds)
        // A scraper in a greater hurry than the offset still gets half of its time.
        return max(timeout - offset, timeout / 2)
    }
}
