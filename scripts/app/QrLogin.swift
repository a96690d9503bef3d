import CryptoKit
import Foundation
import Security
import UIKit

/// The server refuses, and `code` says why.
struct Refusal: Error {
    let status: Int
    let code: String
    let retryAfter: Int

    /// What the user can do.
    var advice: String {
        switch code {
        case "no_live_connection": return "Sign in on your computer and leave the page open, then try again."
        case "invalid_ticket", "ticket_expired": return "Scan the code that the computer shows now, or check what you typed."
        case "already_redeemed", "declined", "superseded", "session_ended", "attempt_expired": return "Start again on this phone."
        case "too_many_requests": return "Wait \(retryAfter) seconds."
        case "invalid_request": return "Check the phone number, or the code that you typed."
        default: return "Try again later."
        }
    }
}

/// Signs this phone in at `origin`, such as https://login.example.com.
struct QrLogin {
    let origin: String

    private static let session = URLSession(configuration: .ephemeral)

    /// A code appears on the computer. Returns the check code that both screens show.
    func identify(phoneNumber: String?) async throws -> String {
        var installId = try Vault.text("installId")
        if installId == nil {
            installId = random()
            try Vault.set("installId", Data(installId!.utf8))
        }
        var identifiers = [Identifier(kind: "app", value: installId!)]
        if let phoneNumber { identifiers.append(Identifier(kind: "phone", value: phoneNumber)) }
        let verifier = random()
        let device = await MainActor.run {
            Device(name: UIDevice.current.model, platform: "\(UIDevice.current.systemName) \(UIDevice.current.systemVersion)")
        }
        let answer: Identified = try await post("/api/login/identify", Identify(
            identifiers: identifiers,
            codeChallenge: base64url(Data(SHA256.hash(data: Data(verifier.utf8)))),
            codeChallengeMethod: "S256",
            device: device))
        try Vault.set("attempt", JSONEncoder().encode(Attempt(
            attemptId: answer.attemptId, verifier: verifier, identifiers: identifiers,
            endsAt: Date(timeIntervalSinceNow: answer.expiresIn))))
        return answer.checkCode
    }

    /// How many seconds are left: the computer may have given more, or ended it. Ask every 5 s while somebody looks.
    func secondsLeft() async throws -> Double {
        var attempt = try openAttempt()
        let answer: Status = try await post("/api/login/\(attempt.attemptId)/status", Prove(codeVerifier: attempt.verifier))
        attempt.endsAt = Date(timeIntervalSinceNow: answer.expiresIn)
        try Vault.set("attempt", JSONEncoder().encode(attempt))
        return answer.expiresIn
    }

    /// The ticket in a code that was scanned, or in the link that opened the app; nil where it is none of this site's.
    func ticket(in text: String) -> String? {
        let prefix = "\(origin)/q#"
        guard text.hasPrefix(prefix) else { return nil }
        let ticket = String(text.dropFirst(prefix.count))
        return ticket.range(of: "\\A[A-Za-z0-9_-]{22}\\z", options: .regularExpression) == nil ? nil : ticket
    }

    /// Signs in, and keeps the token. Returns the user's name. A camera sees one code many times: call this once for each ticket.
    func redeem(_ ticket: String) async throws -> String {
        let attempt = try openAttempt()
        return try await redeem(Redeem(
            ticket: ticket, attemptId: nil, typedCode: nil, codeVerifier: attempt.verifier, identifiers: attempt.identifiers))
    }

    /// The same with the code that the computer shows on request, as a user without a camera has typed it.
    func redeemTyped(_ code: String) async throws -> String {
        let attempt = try openAttempt()
        return try await redeem(Redeem(
            ticket: nil, attemptId: attempt.attemptId, typedCode: code, codeVerifier: attempt.verifier, identifiers: attempt.identifiers))
    }

    private func redeem(_ request: Redeem) async throws -> String {
        do {
            let answer: Redeemed = try await post("/api/login/redeem", request)
            try Vault.set("token", Data(answer.accessToken.utf8))
            try Vault.set("attempt", nil)
            return answer.account.displayName
        } catch let refusal as Refusal {
            if refusal.status == 410 && refusal.code != "ticket_expired" { try Vault.set("attempt", nil) }
            throw refusal
        }
    }

    private func openAttempt() throws -> Attempt {
        guard let data = try Vault.data("attempt"), let attempt = try? JSONDecoder().decode(Attempt.self, from: data),
              attempt.endsAt > Date() else { throw Refusal(status: 410, code: "attempt_expired", retryAfter: 0) }
        return attempt
    }

    /// Whether the token that is kept still is a session.
    func isSignedIn() async throws -> Bool {
        guard let token = try Vault.text("token") else { return false }
        var request = URLRequest(url: URL(string: origin + "/api/session")!)
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        do {
            _ = try await send(request)
            return true
        } catch let refusal as Refusal where refusal.status == 401 {
            try Vault.set("token", nil)
            return false
        }
    }

    /// Three times: the answer may have been lost, and the same call within 60 s gets the same one.
    private func post<Body: Encodable, Answer: Decodable>(_ path: String, _ body: Body) async throws -> Answer {
        var request = URLRequest(url: URL(string: origin + path)!, timeoutInterval: 15)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONEncoder().encode(body)
        var left = 2
        while true {
            do {
                return try JSONDecoder().decode(Answer.self, from: try await send(request))
            } catch is URLError where left > 0 {
                try await Task.sleep(nanoseconds: 1_000_000_000)
            } catch let refusal as Refusal where left > 0 && refusal.status == 503 {
                try await Task.sleep(nanoseconds: UInt64(refusal.retryAfter) * 1_000_000_000)
            }
            left -= 1
        }
    }

    private func send(_ request: URLRequest) async throws -> Data {
        let (data, response) = try await Self.session.data(for: request)
        guard let http = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        if (200..<300).contains(http.statusCode) { return data }
        let problem = try? JSONDecoder().decode(Problem.self, from: data)
        let retryAfter = http.value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) }
        throw Refusal(status: http.statusCode, code: problem?.code ?? "", retryAfter: retryAfter ?? 5)
    }

    private func random() -> String { base64url(SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }) } // 32 bytes

    private func base64url(_ data: Data) -> String {
        data.base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}

private struct Identifier: Codable { let kind: String; let value: String }
private struct Attempt: Codable { let attemptId: String; let verifier: String; let identifiers: [Identifier]; var endsAt: Date }
private struct Device: Encodable { let name: String; let platform: String }
private struct Identify: Encodable {
    let identifiers: [Identifier]; let codeChallenge: String; let codeChallengeMethod: String; let device: Device
}
private struct Identified: Decodable { let attemptId: String; let checkCode: String; let expiresIn: Double }
private struct Prove: Encodable { let codeVerifier: String }
private struct Status: Decodable { let expiresIn: Double }
/// Either the ticket or the two after it; what is nil is not sent.
private struct Redeem: Encodable {
    let ticket: String?; let attemptId: String?; let typedCode: String?; let codeVerifier: String; let identifiers: [Identifier]
}
private struct Redeemed: Decodable { let accessToken: String; let account: Account }
private struct Account: Decodable { let displayName: String }
private struct Problem: Decodable { let code: String }

/// What the Keychain keeps on this device alone, and out of backups to others.
private enum Vault {
    static func text(_ name: String) throws -> String? { try data(name).map { String(decoding: $0, as: UTF8.self) } }

    static func data(_ name: String) throws -> Data? {
        var item = key(name)
        item[kSecReturnData] = true
        var found: CFTypeRef?
        let status = SecItemCopyMatching(item as CFDictionary, &found)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw fault(status) }
        return found as? Data
    }

    static func set(_ name: String, _ value: Data?) throws {
        SecItemDelete(key(name) as CFDictionary)
        guard let value else { return }
        var item = key(name)
        item[kSecValueData] = value
        item[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
        let status = SecItemAdd(item as CFDictionary, nil)
        guard status == errSecSuccess else { throw fault(status) }
    }

    private static func key(_ name: String) -> [CFString: Any] {
        [kSecClass: kSecClassGenericPassword, kSecAttrService: "qrlogin", kSecAttrAccount: name]
    }

    private static func fault(_ status: OSStatus) -> Error { NSError(domain: NSOSStatusErrorDomain, code: Int(status)) }
}
