import Foundation
import ReplicationTesting

/// A tab in Chromium.
struct BrowserPage: Sendable {
    let chromium: Chromium
    let session: String

    /// - Parameters:
    ///   - hasScript: whether scripts run in it.
    ///   - preload: a script that runs before those of the page.
    static func open(_ chromium: Chromium, hasScript: Bool = true, preload: String? = nil) async throws -> BrowserPage {
        let target = try await chromium.call("Target.createTarget", ["url": "about:blank"])
        let attached = try await chromium.call(
            "Target.attachToTarget", ["targetId": target["targetId"], "flatten": true])
        let page = BrowserPage(chromium: chromium, session: attached["sessionId"].text ?? "")
        for domain in ["Page", "Runtime", "Network", "Log", "Accessibility"] { try await page.call("\(domain).enable") }
        if !hasScript { try await page.call("Emulation.setScriptExecutionDisabled", ["value": true]) }
        if let preload {
            try await page.call("Page.addScriptToEvaluateOnNewDocument", ["source": .string(preload)])
        }
        return page
    }

    @discardableResult
    func call(_ method: String, _ parameters: JSONValue = [:]) async throws -> JSONValue {
        try await chromium.call(method, parameters, session: session)
    }

    /// Goes to an address, and waits until everything is loaded.
    func go(to address: String) async throws {
        let before = loads
        let answer = try await call("Page.navigate", ["url": .string(address)])
        if let text = answer["errorText"].text { throw Failure("\(address): \(text)") }
        try await wait(for: "\(address) is loaded") { loads > before }
    }

    private var loads: Int { chromium.events(session).count { $0.method == "Page.loadEventFired" } }

    /// The value of an expression, promises awaited.
    /// - Throws: `Failure` with what the script throws.
    @discardableResult
    func evaluate(_ expression: String) async throws -> JSONValue {
        let answer = try await call(
            "Runtime.evaluate",
            ["expression": .string(expression), "returnByValue": true, "awaitPromise": true, "userGesture": true])
        if case .object = answer["exceptionDetails"] {
            throw Failure("\(expression): \(answer["exceptionDetails"]["exception"]["description"].text ?? "throws")")
        }
        return answer["result"]["value"]
    }

    func text(_ selector: String) async throws -> String {
        try await evaluate("document.querySelector(\(quoted(selector)))?.innerText ?? ''").text ?? ""
    }

    func waitUntil(_ expression: String) async throws {
        try await wait(for: expression) { try await evaluate(expression).isTrue }
    }

    func setViewport(width: Int, height: Int, scale: Double = 1) async throws {
        try await call(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .number(Double(width)), "height": .number(Double(height)), "deviceScaleFactor": .number(scale),
                "mobile": true,
            ])
    }

    func setScheme(_ scheme: String) async throws {
        try await call(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": .string(scheme)]]])
    }

    func press(_ key: String) async throws {
        for type in ["keyDown", "keyUp"] {
            try await call(
                "Input.dispatchKeyEvent", ["type": .string(type), "key": .string(key), "code": .string(key)])
        }
    }

    /// A screenshot of the whole page, in a window that is tall enough.
    func screenshot(scale: Double = 1) async throws -> Data {
        let size = try await evaluate("[innerWidth, document.documentElement.scrollHeight]").elements
            .compactMap(\.number).map { Int($0) }
        try await setViewport(width: size[0], height: size[1], scale: scale)
        let answer = try await call("Page.captureScreenshot", ["format": "png"])
        guard let data = answer["data"].text.flatMap({ Data(base64Encoded: $0) }) else { throw Failure("no picture") }
        return data
    }

    /// If SCREENSHOTS names a folder, screenshots of what the tests view are kept there.
    func keep(_ name: String, scale: Double = 1) async throws {
        guard let folder = ProcessInfo.processInfo.environment["SCREENSHOTS"], !folder.isEmpty else { return }
        try await screenshot(scale: scale).write(to: URL(fileURLWithPath: folder).appendingPathComponent("\(name).png"))
    }

    /// The browser's complaints: errors of scripts, of the security policy, of requests.
    var complaints: [String] {
        chromium.events(session).compactMap { event in
            switch event.method {
            case "Runtime.exceptionThrown":
                event.parameters["exceptionDetails"]["exception"]["description"].text ?? "an exception"
            case "Runtime.consoleAPICalled": "console: \(event.parameters["args"])"
            case "Log.entryAdded": event.parameters["entry"]["text"].text
            default: nil
            }
        }
    }

    /// The addresses that were requested.
    var requests: [String] {
        chromium.events(session).filter { $0.method == "Network.requestWillBeSent" }
            .compactMap { $0.parameters["request"]["url"].text }
    }

    func quoted(_ text: String) -> String {
        String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
    }

    /// Waits with the page in the message, as only that says what went wrong.
    private func wait(for what: String, _ condition: () async throws -> Bool) async throws {
        try await eventually("\(what)\n\(try await text("body"))\n\(complaints)", every: .milliseconds(50), condition)
    }
}

/// Runs `body` with a tab in its own browser.
func withBrowserPage(
    hasScript: Bool = true, preload: String? = nil, _ body: (BrowserPage) async throws -> Void
) async throws {
    let chromium = try await Chromium.start()
    do {
        try await body(try await BrowserPage.open(chromium, hasScript: hasScript, preload: preload))
        await chromium.stop()
    } catch {
        await chromium.stop()
        throw error
    }
}
