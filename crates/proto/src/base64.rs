//! Base64 of RFC 4648 with padding, and no other.

#[cfg(any(test, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod small;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) use self::small::{decode, encode};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) use self::vectors::{decode, encode};

/// With what the processor has for it, where the crate knows that.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod vectors {
    use std::sync::LazyLock;

    use base64::{
        Engine as _,
        engine::{Simd, general_purpose::PAD},
    };

    static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

    /// Appends bytes as text.
    pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
        // The place is as large as the text.
        let written = ENGINE.encode_slice(bytes, out.get_mut(start..).unwrap_or_default());
        debug_assert_eq!(written, Ok(out.len() - start));
    }

    /// Reads text; `None` if it is not what [`encode`] writes.
    pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
        ENGINE.decode(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::small::{decode, encode};

    proptest! {
        #[test]
        fn bytes_are_written_as_the_crate_does(bytes: Vec<u8>) {
            let expected = STANDARD.encode(&bytes);
            for encode in [encode, super::encode] {
                let mut text = b"before ".to_vec();
                encode(&bytes, &mut text);
                prop_assert_eq!(String::from_utf8(text), Ok(format!("before {expected}")));
            }
            prop_assert_eq!(decode(&expected), Some(bytes.clone()));
            prop_assert_eq!(super::decode(&expected), Some(bytes));
        }

        #[test]
        fn what_is_base64_is_what_the_crate_says(text in "[AQgwZ+/=9_č]{0,13}") {
            prop_assert_eq!(decode(&text), STANDARD.decode(&text).ok());
            prop_assert_eq!(super::decode(&text), STANDARD.decode(&text).ok());
        }
    }
}
