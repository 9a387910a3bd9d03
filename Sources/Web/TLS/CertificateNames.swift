import Glibc
import NIOSSL

extension NIOSSLCertificate? {
    /// Whether one of the certificate's names is among these; nil allows any certificate.
    func isAllowed(_ names: [String]?) -> Bool {
        guard let names else { return true }
        return self?.alternativeNames.contains { names.contains($0) } ?? false
    }
}

extension NIOSSLCertificate {
    /// Every subject alternative name that is a DNS name, e-mail address, URI or IP address, as text.
    fileprivate var alternativeNames: [String] {
        _subjectAlternativeNames().compactMap { name in
            switch name.nameType {
            case .dnsName, .email, .uri: String(validating: name.contents, as: UTF8.self)
            case .ipAddress: ipAddressText(Array(name.contents))
            default: nil
            }
        }
    }
}

/// The text form of an address of 4 or 16 bytes.
private func ipAddressText(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
        return nil
    }
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
}
