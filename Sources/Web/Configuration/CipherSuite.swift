/// A cipher suite, by its name in Go and at the IANA.
package enum CipherSuite: String, Sendable, CaseIterable {
    case ecdheECDSAWithAES128GCM = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    case ecdheECDSAWithAES256GCM = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    case ecdheRSAWithAES128GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    case ecdheRSAWithAES256GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    case ecdheECDSAWithChaCha20 = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
    case ecdheRSAWithChaCha20 = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
    case ecdheECDSAWithAES128CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
    case ecdheECDSAWithAES256CBC = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
    case ecdheRSAWithAES128CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
    case ecdheRSAWithAES256CBC = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
    case rsaWithAES128CBC = "TLS_RSA_WITH_AES_128_CBC_SHA"
    case rsaWithAES256CBC = "TLS_RSA_WITH_AES_256_CBC_SHA"
    case rsaWithAES128GCM = "TLS_RSA_WITH_AES_128_GCM_SHA256"
    case rsaWithAES256GCM = "TLS_RSA_WITH_AES_256_GCM_SHA384"
    // Those of TLS 1.3 may be named but, as in Go, not selected.
    case aes128GCM = "TLS_AES_128_GCM_SHA256"
    case aes256GCM = "TLS_AES_256_GCM_SHA384"
    case chaCha20 = "TLS_CHACHA20_POLY1305_SHA256"

    /// The number that the IANA has registered.
    package var code: UInt16 {
        switch self {
        case .ecdheECDSAWithAES128GCM: 0xC02B
        case .ecdheECDSAWithAES256GCM: 0xC02C
        case .ecdheRSAWithAES128GCM: 0xC02F
        case .ecdheRSAWithAES256GCM: 0xC030
        case .ecdheECDSAWithChaCha20: 0xCCA9
        case .ecdheRSAWithChaCha20: 0xCCA8
        case .ecdheECDSAWithAES128CBC: 0xC009
        case .ecdheECDSAWithAES256CBC: 0xC00A
        case .ecdheRSAWithAES128CBC: 0xC013
        case .ecdheRSAWithAES256CBC: 0xC014
        case .rsaWithAES128CBC: 0x002F
        case .rsaWithAES256CBC: 0x0035
        case .rsaWithAES128GCM: 0x009C
        case .rsaWithAES256GCM: 0x009D
        case .aes128GCM: 0x1301
        case .aes256GCM: 0x1302
        case .chaCha20: 0x1303
        }
    }

    /// Whether it belongs to TLS 1.3, which has no others.
    package var isOfTLS13: Bool { code >> 8 == 0x13 }

    /// HTTP/2 requires one of these (RFC 9113, 9.2.2), so Go refuses a list without them unless HTTP/2 is off.
    var servesHTTP2: Bool { self == .ecdheRSAWithAES128GCM || self == .ecdheECDSAWithAES128GCM }
}

/// A group for the key exchange, by its name in Go.
package enum EllipticCurve: String, Sendable, CaseIterable {
    case p256 = "CurveP256"
    case p384 = "CurveP384"
    case p521 = "CurveP521"
    case x25519 = "X25519"
    case x25519MLKEM768 = "X25519MLKEM768"

    /// The number that the IANA has registered.
    package var code: UInt16 {
        switch self {
        case .p256: 0x0017
        case .p384: 0x0018
        case .p521: 0x0019
        case .x25519: 0x001D
        case .x25519MLKEM768: 0x11EC
        }
    }
}
