//! Swagger UI, which shows an OpenAPI document and tries its operations out: its files, as cargo
//! fetched them with the other dependencies.
//!
//! Why this one: a machine with nothing but Rust has to have it, so it must come as a crate, and
//! whole. `utoipa-swagger-ui-vendored` is Swagger UI's own archive, follows its releases, has no
//! dependency and no build script. Looked at besides:
//!
//! - `utoipa-swagger-ui`, which it is made for, brings a generator of OpenAPI documents: 19 more crates
//!   instead of 8, and about three times the compilation;
//! - `swagger-ui-redist` has had one release, of an older Swagger UI;
//! - `scalar_api_reference` is 4.9 MB, with addresses of its makers' proxy and services in it;
//! - `utoipa-scalar`, `-rapidoc` and `-redoc` leave the viewer on a content delivery network.

use std::{
    borrow::Cow,
    io::{Cursor, Read as _},
};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::{ZipArchive, result::ZipError};

/// The content of that file of Swagger UI's `dist`. It is unpacked when it is asked for: nothing is
/// kept for a page that nobody opens.
pub(crate) fn file(name: &str) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    // All is below a directory that is named after the version.
    let end = format!("/dist/{name}");
    let path = archive.file_names().flatten().find(|path| path.ends_with(&end)).map(Cow::into_owned);
    let mut content = Vec::new();
    archive.by_name(&path.ok_or(ZipError::FileNotFound)?)?.read_to_end(&mut content)?;
    Ok(content)
}
