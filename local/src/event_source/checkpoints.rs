use crate::{Error, env_file};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The last record of each shard that was handled or discarded.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    positions: Positions,
    /// Where they are kept.
    file: Option<PathBuf>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Positions {
    /// The stream's ARN. Another stream starts anew.
    stream: String,
    /// Sequence numbers by shard.
    shards: BTreeMap<String, String>,
}

impl Checkpoints {
    /// Those of the file, or none if it does not exist yet.
    pub(super) fn load(file: Option<&Path>) -> Result<Self, Error> {
        let Some(file) = file else { return Ok(Self::default()) };
        let positions = match fs::read(file) {
            Ok(text) => serde_json::from_slice(&text).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Positions::default()),
            Err(error) => Err(error),
        };
        let positions = positions.map_err(Error::file("read", file))?;
        Ok(Self { positions, file: Some(file.to_owned()) })
    }

    /// The last record of this shard.
    pub(super) fn last(&self, stream: &str, shard: &str) -> Option<&str> {
        self.positions.shards.get(shard).filter(|_| self.positions.stream == stream).map(String::as_str)
    }

    pub(super) fn save(&mut self, stream: &str, shard: &str, sequence_number: &str) -> Result<(), Error> {
        if self.last(stream, shard) == Some(sequence_number) {
            return Ok(());
        }
        if self.positions.stream != stream {
            self.positions = Positions { stream: stream.to_owned(), shards: BTreeMap::new() };
        }
        self.positions.shards.insert(shard.to_owned(), sequence_number.to_owned());
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_string(&self.positions).map_err(io::Error::from);
        env_file::write(file, &text.map_err(Error::file("write", file))?)
    }
}
