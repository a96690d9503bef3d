import android.content.Context
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.util.Base64
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import java.security.KeyStore
import java.security.MessageDigest
import java.security.SecureRandom
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.json.JSONArray
import org.json.JSONObject

/** The server refuses, and [code] says why. */
class Refusal(val status: Int, val code: String, val retryAfter: Int) : Exception("$status $code") {
    /** What the user can do. */
    val advice get() = when (code) {
        "no_live_connection" -> "Sign in on your computer and leave the page open, then try again."
        "invalid_ticket", "ticket_expired" -> "Scan the code that the computer shows now, or check what you typed."
        "already_redeemed", "declined", "superseded", "session_ended", "attempt_expired" -> "Start again on this phone."
        "too_many_requests" -> "Wait $retryAfter seconds."
        "invalid_request" -> "Check the phone number, or the code that you typed."
        else -> "Try again later."
    }
}

/** Signs this phone in at [origin], such as https://login.example.com. Every call blocks: not on the main thread. */
class QrLogin(context: Context, private val origin: String) {
    private val vault = Vault(context)

    /** A code appears on the computer. Returns the check code that both screens show. */
    fun identify(phoneNumber: String?): String {
        val installId = vault["installId"] ?: random().also { vault["installId"] = it }
        val identifiers = JSONArray().put(JSONObject().put("kind", "app").put("value", installId))
        if (phoneNumber != null) identifiers.put(JSONObject().put("kind", "phone").put("value", phoneNumber))
        val verifier = random()
        val answer = post("/api/login/identify", JSONObject()
            .put("identifiers", identifiers)
            .put("codeChallenge", base64url(MessageDigest.getInstance("SHA-256").digest(verifier.toByteArray())))
            .put("codeChallengeMethod", "S256")
            .put("device", JSONObject().put("name", Build.MODEL).put("platform", "Android ${Build.VERSION.RELEASE}")))
        vault["attempt"] = JSONObject()
            .put("attemptId", answer.getString("attemptId"))
            .put("verifier", verifier)
            .put("identifiers", identifiers)
            .put("endsAt", System.currentTimeMillis() + answer.getInt("expiresIn") * 1000L)
            .toString()
        return answer.getString("checkCode")
    }

    /** How many seconds are left: the computer may have given more, or ended it. Ask every 5 s while somebody looks. */
    fun secondsLeft(): Int {
        val attempt = openAttempt()
        val id = attempt.getString("attemptId")
        val answer = post("/api/login/$id/status", JSONObject().put("codeVerifier", attempt.getString("verifier")))
        vault["attempt"] = attempt.put("endsAt", System.currentTimeMillis() + answer.getInt("expiresIn") * 1000L).toString()
        return answer.getInt("expiresIn")
    }

    /** The ticket in a code that was scanned, or in the link that opened the app; null where it is none of this site's. */
    fun ticketIn(text: String): String? =
        text.removePrefix("$origin/q#").takeIf { it != text && Regex("[A-Za-z0-9_-]{22}").matches(it) }

    /** Signs in, and keeps the token. Returns the user's name. A camera sees one code many times: call this once for each ticket. */
    fun redeem(ticket: String) = redeem(openAttempt(), JSONObject().put("ticket", ticket))

    /** The same with the code that the computer shows on request, as a user without a camera has typed it. */
    fun redeemTyped(code: String): String {
        val attempt = openAttempt()
        return redeem(attempt, JSONObject().put("attemptId", attempt.getString("attemptId")).put("typedCode", code))
    }

    private fun redeem(attempt: JSONObject, code: JSONObject): String {
        try {
            val answer = post("/api/login/redeem", code
                .put("codeVerifier", attempt.getString("verifier"))
                .put("identifiers", attempt.getJSONArray("identifiers")))
            vault["token"] = answer.getString("accessToken")
            vault["attempt"] = null
            return answer.getJSONObject("account").getString("displayName")
        } catch (e: Refusal) {
            if (e.status == 410 && e.code != "ticket_expired") vault["attempt"] = null
            throw e
        }
    }

    private fun openAttempt(): JSONObject {
        val attempt = vault["attempt"]?.let { JSONObject(it) }
        if (attempt == null || attempt.getLong("endsAt") < System.currentTimeMillis()) throw Refusal(410, "attempt_expired", 0)
        return attempt
    }

    /** Whether the token that is kept still is a session. */
    fun isSignedIn(): Boolean {
        val token = vault["token"] ?: return false
        try {
            call("GET", "/api/session", null, token)
            return true
        } catch (e: Refusal) {
            if (e.status != 401) throw e
            vault["token"] = null
            return false
        }
    }

    /** Three times: the answer may have been lost, and the same call within 60 s gets the same one. */
    private fun post(path: String, body: JSONObject): JSONObject {
        var left = 2
        while (true) {
            try {
                return call("POST", path, body, null)
            } catch (e: IOException) {
                if (left == 0) throw e
                Thread.sleep(1000)
            } catch (e: Refusal) {
                if (left == 0 || e.status != 503) throw e
                Thread.sleep(e.retryAfter * 1000L)
            }
            left--
        }
    }

    private fun call(method: String, path: String, body: JSONObject?, token: String?): JSONObject {
        val http = URL(origin + path).openConnection() as HttpURLConnection
        try {
            http.requestMethod = method
            http.connectTimeout = 5_000
            http.readTimeout = 10_000
            if (token != null) http.setRequestProperty("Authorization", "Bearer $token")
            if (body != null) {
                http.doOutput = true
                http.setRequestProperty("Content-Type", "application/json")
                http.outputStream.use { it.write(body.toString().toByteArray()) }
            }
            val status = http.responseCode
            val stream = if (status < 400) http.inputStream else http.errorStream
            val text = stream?.bufferedReader()?.use { it.readText() } ?: ""
            if (status in 200..299) return JSONObject(text)
            val code = runCatching { JSONObject(text).getString("code") }.getOrDefault("")
            throw Refusal(status, code, http.getHeaderFieldInt("Retry-After", 5))
        } finally {
            http.disconnect()
        }
    }

    private fun random() = base64url(ByteArray(32).also { SecureRandom().nextBytes(it) })

    private fun base64url(bytes: ByteArray) = Base64.encodeToString(bytes, Base64.URL_SAFE or Base64.NO_PADDING or Base64.NO_WRAP)
}

/** Preferences that only this device can read: their key does not leave the Android Keystore. Keep the file out of backups. */
private class Vault(context: Context) {
    private val preferences = context.getSharedPreferences("qrlogin", Context.MODE_PRIVATE)

    operator fun get(name: String): String? {
        val box = Base64.decode(preferences.getString(name, null) ?: return null, Base64.NO_WRAP)
        val cipher = Cipher.getInstance("AES/GCM/NoPadding")
        cipher.init(Cipher.DECRYPT_MODE, key(), GCMParameterSpec(128, box, 0, 12))
        return String(cipher.doFinal(box, 12, box.size - 12))
    }

    operator fun set(name: String, value: String?) {
        val box = value?.let {
            val cipher = Cipher.getInstance("AES/GCM/NoPadding")
            cipher.init(Cipher.ENCRYPT_MODE, key())
            Base64.encodeToString(cipher.iv + cipher.doFinal(it.toByteArray()), Base64.NO_WRAP)
        }
        preferences.edit().putString(name, box).commit() // null removes it
    }

    private fun key(): SecretKey {
        val keys = KeyStore.getInstance("AndroidKeyStore")
        keys.load(null)
        val known = keys.getKey("qrlogin", null)
        if (known != null) return known as SecretKey
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, "AndroidKeyStore")
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        generator.init(KeyGenParameterSpec.Builder("qrlogin", purposes)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .build())
        return generator.generateKey()
    }
}
