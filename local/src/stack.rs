//! The local stack: starts its parts in order, and stops them in the reverse order.

use crate::{
    Error, Identity, Settings, TABLE_NAME,
    api::{self, Api},
    bus::{Bus, BusEvent},
    cargo_lambda,
    child_output::{self, ChildOutput},
    consumer::{Consumer, Output},
    credentials::Credentials,
    data_dir::{DATABASE, DataDir, EVENTS, STREAM_POSITION},
    dynamodb::{self, Dynamodb},
    env_file,
    forward::Upstream,
    front::Front,
    functions::{self, Watch},
    http_client,
    loopback::{hidden_address, listen, listen_hidden},
    supervisor::Supervisor,
    table, workspace_root,
};
use aws_sdk_dynamodb::Client;
use std::{
    fs::File,
    net::TcpListener,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// cargo-lambda reads the workspace's metadata before it listens, which takes seconds on a busy
/// machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How often the embedded DynamoDB deletes expired items. Each time, it reads the table.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The option that chooses the API's port.
const API_PORT: &str = "--port";

/// Settings of the local stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the API; 0 selects a free one.
    pub port: u16,
    /// Where the data is kept.
    pub database: Database,
    /// Directory of the signing key, the environment file and the database. One instance at a time can
    /// use it.
    pub data_dir: PathBuf,
    /// Instances per function. Further requests wait.
    pub concurrency: usize,
    /// Do not restart functions when their source changes.
    pub ignore_changes: bool,
    /// File for the output of cargo-lambda and the functions, truncated at the start. With `None`,
    /// [`Stack::start`] lets them inherit this process's output, and [`Stack::start_with_output`] passes
    /// their output to the callback only.
    pub log: Option<PathBuf>,
}

/// The DynamoDB of the local stack.
#[derive(Debug, Clone)]
pub enum Database {
    /// Embedded, in memory: its data is lost when it stops.
    InMemory {
        /// Its port; 0 selects a free one.
        port: u16,
    },
    /// Embedded, with a file in the data directory.
    File {
        /// Its port; 0 selects a free one.
        port: u16,
    },
    /// A DynamoDB that already runs.
    External {
        /// Its URL.
        endpoint: String,
    },
}

/// The running local stack. Dropping it stops it; [`Stack::stop`] also reports errors.
#[derive(Debug)]
pub struct Stack {
    /// URL of the API: `http://127.0.0.1:PORT`.
    pub api_url: String,
    /// URL of DynamoDB.
    pub dynamodb_url: String,
    /// Signs tokens that the functions accept.
    pub identity: Arc<Identity>,
    /// Where to look when the functions fail, for error messages.
    log: String,
    // Dropped in this order: the API, the consumer of the stream, the functions, their bus and their database, the
    // lock on the data directory.
    _front: Front,
    _consumer: Option<Consumer>,
    supervisor: Supervisor,
    _bus: Option<Bus>,
    _dynamodb: Option<(Front, Dynamodb)>,
    _data_dir: DataDir,
}

impl Stack {
    /// Starts the stack with the default settings, compiles the functions if needed, and returns once the API
    /// answers. Calls `progress` with a line for each step.
    ///
    /// # Errors
    /// If a step fails. Nothing is left running then.
    pub async fn start(options: Options, progress: impl Fn(&str)) -> Result<Self, Error> {
        let output = |log: Option<File>| log.map(ChildOutput::to_file).transpose();
        Self::start_with(options, &Settings::default(), progress, output, |_| ()).await
    }

    /// Like [`Stack::start`], with these settings; also calls `on_output` with each line that cargo-lambda or a
    /// function prints, with each event, and with each failure to handle the records of the stream.
    ///
    /// # Errors
    /// Like [`Stack::start`].
    pub async fn start_with_output(
        options: Options,
        settings: &Settings,
        progress: impl Fn(&str),
        on_output: impl Fn(Output<'_>) + Send + Clone + 'static,
    ) -> Result<Self, Error> {
        let on_line = on_output.clone();
        let on_line = move |line: &str| on_line(Output::Line(line));
        let output = |log| ChildOutput::tee(log, on_line).map(Some);
        Self::start_with(options, settings, progress, output, on_output).await
    }

    /// `output` gets the log file, if there is one, and returns where to send the output of cargo-lambda.
    async fn start_with(
        options: Options,
        settings: &Settings,
        progress: impl Fn(&str),
        output: impl FnOnce(Option<File>) -> Result<Option<ChildOutput>, Error>,
        on_output: impl Fn(Output<'_>) + Send + Clone + 'static,
    ) -> Result<Self, Error> {
        let root = workspace_root();
        let data_dir = DataDir::lock(&options.data_dir)?;
        // Fail on a busy port before the build, which can take minutes.
        let listener = match options.database {
            Database::InMemory { port } | Database::File { port } => Some(listen(port, "--dynamodb-port")?),
            Database::External { .. } => None,
        };
        listen(options.port, API_PORT)?;
        let api = Api::read()?;
        let identity = Arc::new(Identity::load_or_create(data_dir.path())?);

        let dynamodb = RunningDynamodb::start(&options.database, listener, &data_dir, &progress).await?;
        progress(&format!("Creating the table {TABLE_NAME} of template.yaml, unless it exists"));
        table::create(&dynamodb.client, TABLE_NAME).await?;
        let on_event = on_output.clone();
        let on_event = move |event: &BusEvent| on_event(Output::Event(event));
        let bus = match dynamodb.embedded {
            Some(_) => Some(Bus::start(&data_dir.join(EVENTS), on_event)?),
            None => {
                progress("No events: they come from the stream of the embedded DynamoDB only");
                None
            }
        };
        let env_file = data_dir.join("env");
        let bus_url = bus.as_ref().map(Bus::url);
        let RunningDynamodb { region, credentials, .. } = &dynamodb;
        let text = env_file::render(&dynamodb.url, bus_url, region, *credentials, &identity, settings);
        env_file::write(&env_file, &text)?;

        let cargo_lambda = cargo_lambda::find_or_install(&root.join("target/local-tools"), &progress).await?;
        progress("Building the functions; the first time this takes minutes");
        let local = functions::build(&root).await?;

        progress("Starting cargo lambda watch");
        let emulator = hidden_address()?;
        let watch = Watch {
            cargo_lambda: &cargo_lambda,
            address: emulator,
            env_file: &env_file,
            placeholder_credentials: dynamodb.credentials == Credentials::Placeholder,
            concurrency: options.concurrency,
            ignore_changes: options.ignore_changes,
        };
        let output = output(options.log.as_deref().map(child_output::create_log).transpose()?)?;
        let log = options.log.map_or("its output above".to_owned(), |log| log.display().to_string());
        let mut supervisor = watch.start(&local, &root, output)?;
        let emulator = format!("http://{emulator}");
        wait_until_ready(&emulator, &mut supervisor, &log).await?;
        let position =
            matches!(options.database, Database::File { .. }).then(|| data_dir.join(STREAM_POSITION));
        let consumer = bus.is_some().then(|| Consumer::start(&emulator, &dynamodb.url, position, on_output));
        let router = api::router(api, Upstream::new(&emulator));
        let front = Front::start(listen(options.port, API_PORT)?, router)?;
        Ok(Self {
            api_url: front.url(),
            dynamodb_url: dynamodb.url,
            identity,
            log,
            _front: front,
            _consumer: consumer.transpose()?,
            supervisor,
            _bus: bus,
            _dynamodb: dynamodb.embedded,
            _data_dir: data_dir,
        })
    }

    /// Resolves when cargo-lambda exits by itself, with the reason. The rest of the stack runs until it is
    /// stopped or dropped.
    pub async fn stopped(&mut self) -> Error {
        Error::Stopped(self.supervisor.ended().await, self.log.clone())
    }

    /// Stops the stack and returns once all its processes have ended.
    ///
    /// # Errors
    /// If a process does not end in time.
    pub async fn stop(mut self) -> Result<(), Error> {
        // Stopping blocks, and the runtime may have no other thread.
        let stopped = tokio::task::spawn_blocking(move || {
            let result = self.supervisor.stop();
            drop(self);
            result
        });
        stopped.await.unwrap_or_else(|panic| Err(Error::program("cargo-lambda")(panic.into())))
    }
}

/// Waits until the emulator answers with any status.
async fn wait_until_ready(emulator: &str, supervisor: &mut Supervisor, log: &str) -> Result<(), Error> {
    let client = http_client();
    // The invocation route accepts only POST. It answers GET with 405 and, unlike for an unknown path, logs no
    // error.
    let url = format!("{emulator}/2015-03-31/functions/local/invocations");
    let deadline = Instant::now() + START_TIMEOUT;
    while client.get(&url).send().await.is_err() {
        if Instant::now() > deadline {
            return Err(Error::Silent(emulator.to_owned(), START_TIMEOUT.as_secs()));
        }
        let pause = tokio::time::sleep(Duration::from_millis(50));
        tokio::select! {
            () = pause => {}
            status = supervisor.ended() => return Err(Error::Stopped(status, log.to_owned())),
        }
    }
    Ok(())
}

/// A running DynamoDB and how to connect to it.
struct RunningDynamodb {
    embedded: Option<(Front, Dynamodb)>,
    url: String,
    client: Client,
    region: String,
    credentials: Credentials,
}

impl RunningDynamodb {
    async fn start(
        database: &Database,
        listener: Option<TcpListener>,
        data_dir: &DataDir,
        progress: &impl Fn(&str),
    ) -> Result<Self, Error> {
        let file = matches!(database, Database::File { .. }).then(|| data_dir.join(DATABASE));
        match (database, listener) {
            (Database::External { endpoint }, _) => {
                let credentials = Credentials::for_external_dynamodb();
                let (client, region) = dynamodb::external_client(endpoint, credentials).await;
                Ok(Self { embedded: None, url: endpoint.clone(), client, region, credentials })
            }
            (_, listener) => {
                progress("Starting the embedded DynamoDB");
                let listener = listener.map_or_else(|| listen(0, "--dynamodb-port"), Ok)?;
                let dynamodb = Dynamodb::serve(listen_hidden()?, file.as_deref(), Some(SWEEP_INTERVAL))?;
                let front = Front::to(listener, Upstream::new(&dynamodb.url()))?;
                Ok(Self {
                    url: front.url(),
                    client: dynamodb.client(),
                    embedded: Some((front, dynamodb)),
                    region: dynamodb::REGION.to_owned(),
                    credentials: Credentials::Placeholder,
                })
            }
        }
    }
}
