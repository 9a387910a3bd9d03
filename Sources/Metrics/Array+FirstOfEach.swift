extension Array {
    /// The first element of each key, in order: a repeated series would invalidate the whole scrape, and a server may
    /// repeat a row.
    func firstOfEach<Key: Hashable>(_ key: (Element) -> Key) -> [Element] {
        if count < 2 { return self }
        var keys: Set<Key> = []
        return filter { keys.insert(key($0)).inserted }
    }
}
