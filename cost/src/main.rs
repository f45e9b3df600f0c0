//! `cargo cost`: computes the tables of docs/cost.md, the API's cost and limits, from measured
//! figures and from the prices and assumptions in docs/cost/inputs.toml.

mod deployed;
mod document;
mod figures;
mod given;
mod growth;
mod inputs;
mod limits;
mod operations;
mod records;
mod reports;

use inputs::Inputs;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(argument) = env::args().nth(1) {
        return Err(format!(
            "cargo cost takes no arguments, but got {argument}: edit docs/cost/inputs.toml instead"
        )
        .into());
    }
    let file = root().join("docs/cost.md");
    let text = filled(&fs::read_to_string(&file)?)?;
    Ok(fs::write(file, text)?)
}

/// The document with its tables computed from the present inputs.
fn filled(document: &str) -> Result<String, Box<dyn Error>> {
    let inputs = Inputs::read(&root())?;
    let tables = [
        ("operations", operations::table(&inputs)),
        ("sizes", operations::sizes(&inputs)),
        ("requests", growth::requests(&inputs)?),
        ("rates", growth::rates(&inputs)),
        ("organizations", growth::organizations(&inputs)),
        ("lists", growth::lists(&inputs)),
        ("invitations", growth::invitations(&inputs)),
        ("privileged", growth::privileged(&inputs)),
        ("refusals", growth::refusals(&inputs)),
        ("reports", reports::table(&inputs)?),
        ("records", records::table(&inputs)?),
        ("purges", records::purges(&inputs)?),
        ("limits", limits::table(&inputs)),
    ];
    document::fill(document, &tables)
}

fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_up_to_date_with_its_inputs() {
        let document = fs::read_to_string(root().join("docs/cost.md")).unwrap();
        assert!(filled(&document).unwrap() == document, "docs/cost.md is not up to date: run `cargo cost`");
    }
}
