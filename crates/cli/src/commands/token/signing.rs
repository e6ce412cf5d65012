//! What a token is signed with.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use room_server::ApiKey;
use serde_json::{Value, json};

use crate::secrets;

/// A secret, and what the token says about it.
pub(super) struct SigningKey {
    secret: String,
    /// The ids of an API key and its project.
    ids: Option<(String, String)>,
}

impl SigningKey {
    /// The first API key in that file, or else the secret in that one or in the environment.
    pub(super) fn find(api_keys: Option<&Path>, secret: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(file) = api_keys {
            return Self::of_api_key(&secrets::first_api_key(file)?)
                .with_context(|| format!("in {}", file.display()));
        }
        let secret = secrets::secret_text(secret)?.ok_or_else(|| {
            anyhow!(
                "there is no secret to sign with: set {} or give --secret-file",
                secrets::SECRET_VARIABLE
            )
        })?;
        Ok(Self { secret, ids: None })
    }

    fn of_api_key(text: &str) -> anyhow::Result<Self> {
        let key = ApiKey::parse(text)?;
        // The ids hold no dash, the secret may.
        let secret = text.splitn(4, '-').nth(3).context("the key was read")?;
        let ids = Some((key.id.to_string(), key.project.to_string()));
        Ok(Self { secret: secret.to_owned(), ids })
    }

    /// Signs the claims, and adds whose key it is.
    pub(super) fn sign(&self, mut claims: Value) -> anyhow::Result<String> {
        if let Some((id, project)) = &self.ids {
            claims["kid"] = json!(id);
            claims["sub"] = json!(project);
        }
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        encode(&Header::new(Algorithm::HS256), &claims, &key).context("the token is not signed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_an_api_key_may_have_dashes() {
        let text = "ma-....ABEiQzSFVmd4iZqr_w-ABEiM0RVZneImaq7zN3u_w-s3cret-with-dashes";

        let key = SigningKey::of_api_key(text).expect("a key of the SDKs");

        assert_eq!(key.secret, "s3cret-with-dashes");
    }
}
