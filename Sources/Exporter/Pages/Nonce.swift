/// By which a page's Content-Security-Policy allows what the page loads.
enum Nonce {
    /// 128 unpredictable bits, new for every page.
    static func next() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next(), radix: 36) + String(generator.next(), radix: 36)
    }
}
