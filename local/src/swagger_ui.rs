//! The files of Swagger UI, which shows an OpenAPI document and sends requests to its operations.
//!
//! A machine may have nothing but Rust, so all files must come in a crate. `utoipa-swagger-ui-vendored`
//! contains Swagger UI's own archive, follows its releases, and has no dependency and no build script.
//! The alternatives:
//!
//! - `utoipa-swagger-ui`, which that crate was made for, adds a generator of OpenAPI documents: 19 crates
//!   instead of 8, and about three times the compile time.
//! - `swagger-ui-redist` has had one release, of an older Swagger UI.
//! - `scalar_api_reference` is 4.9 MB and contains addresses of its vendor's proxy and services.
//! - `utoipa-scalar`, `-rapidoc` and `-redoc` load the viewer from a content delivery network.

use std::{
    borrow::Cow,
    io::{Cursor, Read as _},
};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::{ZipArchive, result::ZipError};

/// The content of a file in Swagger UI's `dist` directory. Unpacked on each request, so that nothing is
/// kept in memory.
pub(crate) fn file(name: &str) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    // The top directory is named after the version.
    let suffix = format!("/dist/{name}");
    let path = archive.file_names().flatten().find(|path| path.ends_with(&suffix)).map(Cow::into_owned);
    let mut content = Vec::new();
    archive.by_name(&path.ok_or(ZipError::FileNotFound)?)?.read_to_end(&mut content)?;
    Ok(content)
}
