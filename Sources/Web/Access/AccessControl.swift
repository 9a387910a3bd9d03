import Synchronization

/// What a `--web.config.file` puts in front of the handler: the rate limit, the headers and the password, in this order, as
/// in exporter-toolkit.
final class AccessControl: Sendable {
    private struct Limit {
        var rule: WebConfiguration.RateLimit
        var bucket: TokenBucket
    }

    private let file: WebConfigurationFile
    private let checks = PasswordChecks()
    private let limit = Mutex<Limit?>(nil)
    private let onRefusal: @Sendable (Int) -> Void
    private let handler: Handler

    /// - Parameters:
    ///   - onRefusal: called with the status of every response given without the handler: 401, 429, 500, 503.
    ///   - handler: answers the requests that are let in.
    init(_ file: WebConfigurationFile, onRefusal: @escaping @Sendable (Int) -> Void, handler: @escaping Handler) {
        self.file = file
        self.onRefusal = onRefusal
        self.handler = handler
    }

    func answer(_ request: Request) async -> Response {
        let current = await file.current()
        // It is not known which users are allowed, so refuse all requests.
        guard current.problem == nil else { return refuse(500) }
        let configuration = current.configuration
        guard isWithinLimit(configuration.rateLimit) else { return refuse(429) }
        var response = await response(to: request, users: configuration.users)
        for header in configuration.headers where response.headers[header.name] == nil {
            response.headers[header.name] = header.value
        }
        return response
    }

    private func response(to request: Request, users: [String: BcryptHash]) async -> Response {
        if users.isEmpty { return await handler(request) }
        guard let credentials = BasicCredentials(request.headers["Authorization"]) else { return unauthorized() }
        switch await checks.verdict(on: credentials, users: users) {
        case .right: return await handler(request)
        case .wrong: return unauthorized()
        case .busy:
            var response = refuse(503)
            response.headers["Retry-After"] = "1"
            return response
        }
    }

    private func unauthorized() -> Response {
        var response = refuse(401)
        response.headers["WWW-Authenticate"] = "Basic"
        return response
    }

    private func refuse(_ status: Int) -> Response {
        onRefusal(status)
        return .bare(status)
    }

    private func isWithinLimit(_ rule: WebConfiguration.RateLimit?) -> Bool {
        guard let rule else { return true }
        let now = ContinuousClock.now
        return limit.withLock { limit in
            // A changed rule starts with a full bucket.
            if limit?.rule != rule {
                limit = Limit(rule: rule, bucket: TokenBucket(interval: rule.interval, burst: rule.burst, now: now))
            }
            return limit?.bucket.take(now: now) ?? true
        }
    }
}
