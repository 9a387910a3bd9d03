internal import Documents

extension WebReader {
    /// Nil for an empty section or, after reporting, for an invalid one.
    func tls(_ fields: Fields, http2: Bool) -> TLSServerOptions? {
        guard !fields.isEmpty else { return nil }
        let certificate = pem(fields, file: WebSchema.certificateFile, inline: WebSchema.certificate)
        let key = pem(fields, file: WebSchema.keyFile, inline: WebSchema.key)
        for (given, file, inline) in [
            (certificate, WebSchema.certificateFile, WebSchema.certificate), (key, WebSchema.keyFile, WebSchema.key),
        ] where given == nil && !fields.has(file) && !fields.has(inline) {
            report.problem(fields.at, "'tls_server_config' needs one of '\(file.name)' and '\(inline.name)'")
        }
        // Nil if invalid, so that its consequences are not reported as well.
        let authentication = fields.soundValue(WebSchema.clientAuthentication)
        let authority = pem(fields, file: WebSchema.clientAuthorityFile, inline: WebSchema.clientAuthority)
        if let authority, authentication == .notAsked {
            report.problem(
                authority.origin.at,
                "'\(authority.name)' without a 'client_auth_type' that requests certificates; "
                    + "set client_auth_type: RequireAndVerifyClientCert")
        }
        let names = allowedNames(fields, authentication)
        let (minimum, maximum) = versions(fields)
        let suites = cipherSuites(fields, minimum: minimum, maximum: maximum, http2: http2)
        let curves: [EllipticCurve] = choices(fields, WebSchema.curves)
        guard let certificate, let key else { return nil }
        return TLSServerOptions(
            certificate: certificate, key: key, clientAuthentication: authentication ?? .notAsked,
            clientAuthority: authority,
            allowedNames: names, minimumVersion: minimum, maximumVersion: maximum, cipherSuites: suites, curves: curves)
    }

    private func pem(_ fields: Fields, file: Key<String>, inline: Key<String>) -> PEM? {
        if fields.has(file), fields.has(inline) {
            report.problem(fields.position(of: inline), "'\(inline.name)' and '\(file.name)'; keep one of them")
            return nil
        }
        if let path = fields.given(file) {
            let origin = Origin(file: report.file, at: fields.position(of: file))
            return PEM(source: .file(path: resolved(path)), name: file.name, origin: origin)
        }
        return fields.given(inline).map { text in
            let origin = Origin(file: report.file, at: fields.position(of: inline))
            return PEM(source: .inline(Secret(text)), name: inline.name, origin: origin)
        }
    }

    /// Relative paths are relative to the file's directory.
    private func resolved(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = report.file.lastIndex(of: "/") else { return path }
        return String(report.file[...slash]) + path
    }

    private func allowedNames(
        _ fields: Fields, _ authentication: TLSServerOptions.ClientAuthentication?
    ) -> [String]? {
        guard let items = fields.list(WebSchema.allowedNames) else { return nil }
        // A client that need not present a certificate would have no name to compare with the list.
        if let authentication, authentication != .requireAny, authentication != .requireAndVerify {
            report.problem(
                fields.position(of: WebSchema.allowedNames),
                "'client_allowed_sans' needs client_auth_type: RequireAndVerifyClientCert (or RequireAnyClientCert)")
        }
        return items.compactMap { item in
            if case .text(let name, _) = item.content, !name.isEmpty { return name }
            report.problem(item.at, "'client_allowed_sans' must list names, not \(item.kind)")
            return nil
        }
    }

    private func versions(
        _ fields: Fields
    ) -> (minimum: TLSServerOptions.Version, maximum: TLSServerOptions.Version) {
        let minimum = fields.value(WebSchema.minimumVersion) ?? .tls12
        let maximum = fields.value(WebSchema.maximumVersion) ?? .tls13
        if minimum > maximum {
            let newer = fields.has(WebSchema.maximumVersion) ? WebSchema.maximumVersion : WebSchema.minimumVersion
            report.problem(
                fields.position(of: newer),
                "no version is left: 'min_version' is \(minimum.rawValue), 'max_version' \(maximum.rawValue)")
        }
        return (minimum, maximum)
    }

    private func cipherSuites(
        _ fields: Fields, minimum: TLSServerOptions.Version, maximum: TLSServerOptions.Version, http2: Bool
    ) -> [CipherSuite] {
        let suites: [CipherSuite] = choices(fields, WebSchema.cipherSuites)
        guard !suites.isEmpty else { return [] }
        let at = fields.position(of: WebSchema.cipherSuites)
        if maximum < .tls13, suites.allSatisfy(\.isOfTLS13) {
            report.problem(at, "'cipher_suites' has no suite for versions up to \(maximum.rawValue)")
        } else if http2, minimum < .tls13, !suites.contains(where: \.servesHTTP2) {
            // Has no effect here, but a file must not be accepted here that other exporters refuse.
            report.problem(
                at,
                "'cipher_suites' has no suite that HTTP/2 requires; add \(CipherSuite.ecdheRSAWithAES128GCM.rawValue) or "
                    + "\(CipherSuite.ecdheECDSAWithAES128GCM.rawValue), or set http2: false in http_server_config")
        }
        return suites
    }

    /// The items of a list, each of which must be a case of `Choice`.
    private func choices<Choice: RawRepresentable & CaseIterable>(
        _ fields: Fields, _ key: Key<YAMLValue>
    ) -> [Choice] where Choice.RawValue == String {
        (fields.list(key) ?? []).compactMap { item in
            guard case .text(let text, _) = item.content else {
                report.problem(item.at, "'\(key.name)' must list names, not \(item.kind)")
                return nil
            }
            if let choice = Choice(rawValue: text) { return choice }
            report.problem(
                item.at, "'\(key.name)' does not support \(shown(text))",
                suggestion: suggestion(for: text, among: Choice.allCases.map(\.rawValue)))
            return nil
        }
    }
}
