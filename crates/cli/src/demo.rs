//! The demo page as a part of the binary.

use room_server::StaticFile;

/// Its files; none without the feature `demo`.
#[cfg(feature = "demo")]
pub(crate) const FILES: &[StaticFile] = include!(concat!(env!("OUT_DIR"), "/demo.rs"));

/// Its files; none without the feature `demo`.
#[cfg(not(feature = "demo"))]
pub(crate) const FILES: &[StaticFile] = &[];
