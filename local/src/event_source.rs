//! Plays Lambda's event source mapping on a DynamoDB stream: it reads the stream, invokes a function with batches
//! of records, and retries, bisects and discards as Lambda does. For a developer's machine and for tests.
//!
//! What it does when an invocation fails follows these pages:
//!
//! - A function that reports failed records is invoked again from the one with the lowest sequence number:
//!   <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
//! - Retries, bisecting, the age of records and the message to the failure queue:
//!   <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>
//! - Filters: <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html>
//!
//! It differs from Lambda in its intervals, which are short; it invokes the function once at a time, as Lambda does
//! for a stream of one shard; and the failure queue is a list of messages.

mod batch;
mod checkpoints;
mod failure;
mod filter;
mod options;
mod stream;
#[cfg(test)]
mod tests;

pub use filter::Filter;
pub use options::MappingOptions;

use crate::Error;
use batch::{Batch, Verdict};
use checkpoints::Checkpoints;
use serde_json::{Value, json};
use std::{collections::VecDeque, convert::Infallible, fmt::Display, mem, time::SystemTime};
use stream::{Shard, Stream};

/// What happens to the records of a stream, beside being handled.
#[derive(Debug)]
pub enum Notice<'a> {
    /// An invocation failed, or handled a part of its batch. The rest is retried.
    Failed(&'a str),
    /// Records were given up. This is the message to the failure queue.
    Discarded(&'a Value),
    /// DynamoDB does not answer, or the table has no stream. It is asked again.
    Unreadable(&'a Error),
}

/// An event source mapping between a table's stream and a function.
#[derive(Debug)]
pub struct EventSourceMapping<H> {
    stream: Stream,
    options: MappingOptions,
    handler: H,
    checkpoints: Checkpoints,
    /// The shards with the positions to read on from. Empty until the stream is open.
    shards: Vec<Shard>,
    /// The failure queue: messages that were not taken yet.
    discarded: Vec<Value>,
}

impl<H, E> EventSourceMapping<H>
where
    H: AsyncFnMut(Value) -> Result<Value, E>,
    E: Display,
{
    /// A mapping that continues after the checkpoint of the options, or starts at the oldest record.
    ///
    /// `handler` is the function. It gets the event, and returns its answer or why the invocation failed.
    ///
    /// # Errors
    /// If there is a checkpoint that cannot be read.
    pub fn new(dynamodb_url: &str, table: &str, options: MappingOptions, handler: H) -> Result<Self, Error> {
        let checkpoints = Checkpoints::load(options.checkpoint.as_deref())?;
        let stream = Stream::new(dynamodb_url, table);
        Ok(Self { stream, options, handler, checkpoints, shards: Vec::new(), discarded: Vec::new() })
    }

    /// Handles everything that the stream has, the records included that are written meanwhile. Returns the
    /// messages to the failure queue. Does not return while a record fails that neither the number of retries nor
    /// the age of records bounds.
    ///
    /// # Errors
    /// If the stream cannot be read. The mapping can be run again.
    pub async fn run_until_idle(&mut self) -> Result<Vec<Value>, Error> {
        while self.poll(&mut |_| ()).await? {}
        Ok(mem::take(&mut self.discarded))
    }

    /// Handles records as they come.
    pub async fn run(mut self, mut notify: impl FnMut(Notice<'_>)) -> Infallible {
        let mut was_readable = true;
        loop {
            match self.poll(&mut notify).await {
                Ok(true) => was_readable = true,
                Ok(false) => {
                    was_readable = true;
                    tokio::time::sleep(self.options.poll_interval).await;
                }
                Err(error) => {
                    if mem::replace(&mut was_readable, false) {
                        notify(Notice::Unreadable(&error));
                    }
                    tokio::time::sleep(self.options.max_retry_delay).await;
                }
            }
            // Whoever runs the mapping endlessly gets them as notices.
            self.discarded.clear();
        }
    }

    /// Handles the next batch of each shard. Returns false if there was none.
    async fn poll(&mut self, notify: &mut impl FnMut(Notice<'_>)) -> Result<bool, Error> {
        // They come back if the stream is still readable at the end. Otherwise, it is opened again: the table may
        // have been replaced.
        let mut shards = mem::take(&mut self.shards);
        if shards.is_empty() {
            shards = self.stream.open(&self.checkpoints).await?;
        }
        let mut is_busy = false;
        for shard in &mut shards {
            let page = self.stream.records(shard, self.options.batch_size).await?;
            is_busy |= !page.records.is_empty();
            self.handle(shard, page.records, notify).await?;
            shard.iterator = page.next;
        }
        self.shards = shards;
        Ok(is_busy)
    }

    /// Handles records of a shard in their order. Returns when all are handled or discarded.
    async fn handle(
        &mut self,
        shard: &Shard,
        records: Vec<Value>,
        notify: &mut impl FnMut(Notice<'_>),
    ) -> Result<(), Error> {
        let Some(last) = records.last().map(stream::sequence_number).map(str::to_owned) else {
            return Ok(());
        };
        let is_wanted =
            |record: &Value| shard.began_before(record) && Filter::any_matches(&self.options.filters, record);
        let batch = Batch::new(records.into_iter().filter(is_wanted).collect());
        // The parts that are still to be handled, the earliest first.
        let mut pending = VecDeque::from([batch]);
        let mut delay = self.options.retry_delay;
        while let Some(mut batch) = pending.pop_front() {
            if let Some((old, condition)) = batch.give_up(&self.options, SystemTime::now()) {
                let message = failure::message(&old, condition, shard, SystemTime::now())?;
                notify(Notice::Discarded(&message));
                self.discarded.push(message);
                self.save(shard, &old)?;
            }
            if batch.is_empty() {
                continue;
            }
            let event = json!({ "Records": batch.records });
            let answer = (self.handler)(event).await;
            batch.invocations += 1;
            let reports = self.options.report_batch_item_failures;
            let verdict = match answer {
                Ok(answer) => Verdict::of(&answer, &batch.records, reports),
                Err(error) => Verdict::Failed { reason: error.to_string(), is_error: true },
            };
            if let Verdict::Done = verdict {
                self.save(shard, &batch)?;
                delay = self.options.retry_delay;
                continue;
            }
            notify(Notice::Failed(verdict.reason()));
            let (handled, rest) = batch.after(verdict, self.options.bisect);
            self.save(shard, &handled)?;
            if !handled.is_empty() {
                delay = self.options.retry_delay;
            }
            for part in rest.into_iter().rev() {
                pending.push_front(part);
            }
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(self.options.max_retry_delay);
        }
        // The filters may have left out the last records.
        self.checkpoints.save(&shard.stream, &shard.id, &last)
    }

    /// Sets the checkpoint behind these records.
    fn save(&mut self, shard: &Shard, batch: &Batch) -> Result<(), Error> {
        match batch.last() {
            Some(last) => self.checkpoints.save(&shard.stream, &shard.id, stream::sequence_number(last)),
            None => Ok(()),
        }
    }
}
