//! Tokens of a user pool: JWTs in shape, signed by the world's own secret, so that only what was issued is taken.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::sandbox::call::Call;
use crate::sandbox::chance;

/// The token with these claims.
pub(super) fn make(call: &Call<'_>, claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "RS256", "kid": "sandbox", "typ": "JWT" }).to_string());
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signature = seal(call, &body);
    format!("{header}.{body}.{signature}")
}

/// The claims of a token that this world made; how old it is, is for its reader to say.
pub(super) fn read(call: &Call<'_>, token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, body, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || seal(call, body) != signature {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
}

fn seal(call: &Call<'_>, body: &str) -> String {
    let secret = chance::bits(call.world.seed, "cognito.tokens", "secret", 0);
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{secret:016x}.{body}").as_bytes()))
}

/// What is kept of a password.
pub(super) fn digest(user: &str, password: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{user}\n{password}").as_bytes()))
}
